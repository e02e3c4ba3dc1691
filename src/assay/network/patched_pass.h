// The logits of changed copies of one picture: in part where that wins, else each as a whole.
//
// The incremental executor is made on first use, and proven by one micro-batch of the first copies:
// where its logits are not those of whole passes within 1e-4 of the largest, it is not used again.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "assay/network/batch.h"
#include "assay/network/head.h"
#include "assay/network/incremental_executor.h"
#include "assay/network/picture_input.h"

namespace assay::network {

class PatchedPass {
 public:
  using Forward = std::function<at::Tensor(const at::Tensor& pictures)>;
  using Pixels = std::function<at::Tensor(std::size_t)>;
  // `forward` gives the logits of whole pictures. `one_size`: whether all pictures have one size
  // and parameters are finite, as the inference executor demands too.
  PatchedPass(const Batching& batching, PictureInput input, const Head& head, bool one_size,
              Forward forward);

  // As Classifier::patched_logits. BugError for patches outside the picture.
  at::Tensor logits(const at::Tensor& picture, PatchSize size, const std::vector<Place>& places,
                    const Pixels& pixels) const;

 private:
  std::shared_ptr<const IncrementalExecutor> incremental(const at::Tensor& picture) const;
  at::Tensor in_part(const IncrementalExecutor& executor, const at::Tensor& picture, PatchSize size,
                     const std::vector<Place>& places, const Pixels& pixels) const;
  // Of the first `count` copies.
  at::Tensor as_wholes(const at::Tensor& picture, PatchSize size, const std::vector<Place>& places,
                       const Pixels& pixels, std::size_t count) const;

  const Batching batching_;
  const PictureInput input_;
  const Head head_;
  const bool one_size_;
  const Forward forward_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::shared_ptr<const IncrementalExecutor> incremental_;
  mutable bool tried_ = false, proven_ = false;
};

}  // namespace assay::network
