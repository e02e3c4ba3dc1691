#include "assay/network/patched_pass.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"

namespace assay::network {

namespace {

constexpr double kTolerance = 1e-4;  // of the largest logit

}  // namespace

PatchedPass::PatchedPass(const Batching& batching, PictureInput input, const Head& head,
                         bool one_size, Forward forward)
    : batching_(batching),
      input_(std::move(input)),
      head_(head),
      one_size_(one_size),
      forward_(std::move(forward)) {}

std::shared_ptr<const IncrementalExecutor> PatchedPass::incremental(
    const at::Tensor& picture) const {
  const std::lock_guard lock(mutex_);
  if (tried_ || !one_size_) return incremental_;
  tried_ = true;
  const bool fixed = batching_.rows == 1 || (input_.batch > 1 && input_.batch == batching_.rows);
  Shape shape = picture.sizes().vec();
  shape[0] = fixed ? batching_.rows : 1;
  const Given example{input_.value, as_taken(input_, picture.expand(shape).contiguous())};
  incremental_ = std::make_shared<const IncrementalExecutor>(
      batching_.graph, batching_.executor, example, head_.value,
      fixed ? IncrementalExecutor::Rows::kFixed : IncrementalExecutor::Rows::kFree);
  return incremental_;
}

at::Tensor PatchedPass::in_part(const IncrementalExecutor& executor, const at::Tensor& picture,
                                PatchSize size, const std::vector<Place>& places,
                                const Pixels& pixels) const {
  const at::Tensor values =
      executor.run(as_taken(input_, picture), size, places,
                   [&](std::size_t i) { return as_taken(input_, pixels(i).contiguous()); });
  return logits_of(head_, values, static_cast<std::int64_t>(places.size()));
}

at::Tensor PatchedPass::as_wholes(const at::Tensor& picture, PatchSize size,
                                  const std::vector<Place>& places, const Pixels& pixels,
                                  std::size_t count) const {
  const auto rows = static_cast<std::size_t>(batching_.rows);
  std::vector<at::Tensor> logits;
  for (std::size_t first = 0; first < count; first += rows) {
    std::vector<at::Tensor> copies;
    for (std::size_t i = first; i < std::min(count, first + rows); ++i) {
      copies.push_back(picture.clone());
      at::Tensor planes = copies.back();
      if (input_.layout == Layout::kNhwc) planes = planes.permute({0, 3, 1, 2});
      planes.narrow(2, places[i].top, size.height)
          .narrow(3, places[i].left, size.width)
          .copy_(pixels(i));
    }
    logits.push_back(forward_(at::cat(copies)));
  }
  return at::cat(logits);
}

at::Tensor PatchedPass::logits(const at::Tensor& picture, PatchSize size,
                               const std::vector<Place>& places, const Pixels& pixels) const {
  const at::NoGradGuard no_grad;
  const bool last = input_.layout == Layout::kNhwc;
  const std::int64_t height = picture.size(last ? 1 : 2), width = picture.size(last ? 2 : 3);
  for (const Place& at : places)
    if (picture.size(0) != 1 || size.height < 1 || size.width < 1 || at.top < 0 || at.left < 0 ||
        at.top + size.height > height || at.left + size.width > width)
      throw BugError("a patch does not lie in the picture");
  if (places.empty()) throw BugError("no patches");
  const auto executor = incremental(picture);
  if (!executor || executor->cost_share(size, places) > IncrementalExecutor::kWorthIt)
    return as_wholes(picture, size, places, pixels, places.size());
  at::Tensor logits = in_part(*executor, picture, size, places, pixels);
  const std::lock_guard lock(mutex_);
  if (proven_) return logits;
  const std::size_t tried = std::min(places.size(), static_cast<std::size_t>(batching_.rows));
  const at::Tensor wanted = as_wholes(picture, size, places, pixels, tried);
  const at::Tensor got = logits.narrow(0, 0, static_cast<std::int64_t>(tried));
  const double scale = at::max(at::abs(wanted)).item<double>();
  // A picture whose logits are not finite proves nothing.
  if (!std::isfinite(scale)) return as_wholes(picture, size, places, pixels, places.size());
  proven_ = got.sizes() == wanted.sizes() && at::allclose(got, wanted, 0, kTolerance * scale);
  if (proven_) return logits;
  incremental_ = nullptr;
  return as_wholes(picture, size, places, pixels, places.size());
}

}  // namespace assay::network
