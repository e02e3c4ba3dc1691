// The highest pixels of a ranking covered or alone seen, and the number of them at which something
// happens to the answer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

// One picture, parts of it covered.
class CoveredPicture {
 public:
  // Of a question about one picture; `ranking` [H,W] finite, the highest first and equal ones in
  // reading order. `cover` is a baseline's name (baseline.h) or "inpaint".
  CoveredPicture(const Question& question, const at::Tensor& ranking, const std::string& cover);

  std::int64_t pixels() const { return place_.numel(); }
  at::Tensor highest(std::int64_t k) const;  // [H,W] bool
  // [1,…] as the model takes it, with what is not visible covered.
  at::Tensor seen(const at::Tensor& visible) const;

 private:
  at::Tensor filled_in(const at::Tensor& visible) const;

  const network::Classifier& classifier_;
  at::ScalarType type_;
  at::Tensor picture_, cover_;  // [1,C,H,W]
  bool inpaint_;
  at::Tensor place_;  // [H,W] of each pixel in the ranking, 0 the highest
};

// A k above `low` and at most `high` that `is` what it is at `high`, but is not at k − 1, given that
// it is not at `low`. Asked about eight sizes at once, which a micro-batch answers.
std::int64_t first_crossing(
    std::int64_t low, std::int64_t high,
    const std::function<std::vector<bool>(const std::vector<std::int64_t>&)>& is);

}  // namespace assay::methods
