#include "assay/methods/evaluation/infidelity.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"

namespace assay::methods {

namespace {

constexpr double kSmallestShare = 0.1, kLargestShare = 0.5;  // of the shorter side

}  // namespace

Meaning meaning_of(std::string_view method) {
  const bool slope = method == "gradient" || method == "smooth_grad" || method == "guided_backprop";
  return slope ? Meaning::kSlope : Meaning::kShare;
}

PixelMask random_square(std::int64_t height, std::int64_t width, Stream& stream) {
  const std::int64_t shorter = std::min(height, width);
  const double share = kSmallestShare * std::pow(kLargestShare / kSmallestShare, stream.uniform());
  const std::int64_t side =
      std::clamp<std::int64_t>(std::llround(share * static_cast<double>(shorter)), 1, shorter);
  const auto top =
      static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(height - side) + 1));
  const auto left =
      static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(width - side) + 1));
  PixelMask mask(static_cast<std::size_t>(height * width), 0);
  for (std::int64_t y = top; y < top + side; ++y) {
    const auto row = mask.begin() + (y * width + left);
    std::fill(row, row + side, std::uint8_t{1});
  }
  return mask;
}

double foretold_by_shares(const at::Tensor& map, const PixelMask& covered) {
  const at::Tensor values = map.to(at::kFloat).contiguous();
  if (values.numel() != static_cast<std::int64_t>(covered.size()))
    throw BugError("a mask of one byte a pixel was promised");
  const float* value = values.data_ptr<float>();
  double sum = 0;
  for (std::size_t i = 0; i < covered.size(); ++i)
    if (covered[i]) sum += value[i];
  return sum;
}

double foretold_by_slopes(const at::Tensor& slopes, const at::Tensor& change,
                          const PixelMask& covered) {
  return foretold_by_shares((slopes * change).sum(0), covered);
}

double infidelity(std::span<const double> foretold, std::span<const double> seen) {
  if (seen.empty() || foretold.size() != seen.size())
    throw BugError("one foretold drop for each seen was promised");
  double sum = 0;
  for (std::size_t i = 0; i < seen.size(); ++i)
    sum += (foretold[i] - seen[i]) * (foretold[i] - seen[i]);
  return sum / static_cast<double>(seen.size());
}

std::optional<double> scaled_infidelity(std::span<const double> foretold,
                                        std::span<const double> seen) {
  if (foretold.size() != seen.size())
    throw BugError("one foretold drop for each seen was promised");
  double both = 0, own = 0, happened = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    both += foretold[i] * seen[i];
    own += foretold[i] * foretold[i];
    happened += seen[i] * seen[i];
  }
  if (!(happened > 0)) return {};
  if (!(both > 0) || !(own > 0)) return 1.0;
  return std::max(0.0, 1 - both / own * (both / happened));
}

}  // namespace assay::methods
