// One picture that the faithfulness check judges, while it is measured.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "assay/checks/focus/faithfulness.h"
#include "assay/methods/evaluation/removal.h"
#include "assay/network/torch.h"

namespace assay::checks {

struct FaithfulnessCase {
  Faithfulness::Record* record = nullptr;  // filled in on the way
  // [1,C,H,W] float32, channels first, in the numbers that the model takes.
  at::Tensor picture, baseline;
  std::int64_t target = 0, other = 0;     // the explained class and one that is not
  double logit = 0;                       // of the target, of the clean pass
  at::Tensor channels;                    // [C,H,W] of methods that give them, else undefined
  bool slopes = false;                    // what the channels are, else shares
  methods::PixelMask object;              // [H,W], by the data's mask; empty: none
  std::array<at::Tensor, kRankers> maps;  // [H,W]
  std::array<std::shared_ptr<const methods::Ranking>, kRankers> rankings;

  std::int64_t height() const { return picture.size(2); }
  std::int64_t width() const { return picture.size(3); }
  bool ok() const { return record->status == Faithfulness::Status::kOk; }
};

// Explains every case, and fills in each one's maps and rankings and what of its record follows from
// maps alone. A map that is not finite gives the record that status and nothing else.
void explain(const Subject& subject, const Faithfulness::Params& params,
             std::vector<FaithfulnessCase>& cases);

}  // namespace assay::checks
