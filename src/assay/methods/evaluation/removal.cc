#include "assay/methods/evaluation/removal.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/inpaint.h"

namespace assay::methods {

PixelMask removed(const Ranking& ranking, Order order, double share) {
  const auto count =
      static_cast<std::size_t>(std::clamp(std::llround(share * static_cast<double>(ranking.size())),
                                          0LL, static_cast<long long>(ranking.size())));
  PixelMask mask(ranking.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = order == Order::kMostRelevantFirst ? i : ranking.size() - 1 - i;
    mask[static_cast<std::size_t>(ranking[place])] = 1;
  }
  return mask;
}

at::Tensor replaced(const at::Tensor& picture, const PixelMask& removed, const at::Tensor& by) {
  at::Tensor mask = at::empty({1, 1, picture.size(2), picture.size(3)}, at::kByte);
  if (mask.numel() != static_cast<std::int64_t>(removed.size()))
    throw BugError("a mask of one byte a pixel was promised");
  std::copy(removed.begin(), removed.end(), mask.data_ptr<std::uint8_t>());
  return at::where(mask.to(at::kBool), by.to(picture.scalar_type()), picture);
}

at::Tensor imputed(const at::Tensor& picture, const PixelMask& removed) {
  at::Tensor planes = picture.to(at::kFloat).clone(at::MemoryFormat::Contiguous);
  imaging::inpaint(std::span(planes.data_ptr<float>(), static_cast<std::size_t>(planes.numel())),
                   static_cast<int>(planes.size(1)), static_cast<int>(planes.size(2)),
                   static_cast<int>(planes.size(3)), removed);
  return planes;
}

double area(std::span<const double> curve) {
  if (curve.size() < 2) throw BugError("a curve of at least two points was promised");
  double sum = (curve.front() + curve.back()) / 2;
  for (std::size_t i = 1; i + 1 < curve.size(); ++i) sum += curve[i];
  return sum / static_cast<double>(curve.size() - 1);
}

double mean_gap(std::span<const double> least_first, std::span<const double> most_first) {
  if (least_first.empty() || least_first.size() != most_first.size())
    throw BugError("two curves over the same points were promised");
  double sum = 0;
  for (std::size_t i = 0; i < least_first.size(); ++i) sum += least_first[i] - most_first[i];
  return sum / static_cast<double>(least_first.size());
}

}  // namespace assay::methods
