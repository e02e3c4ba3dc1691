#include "assay/methods/evaluation/region_share.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "assay/base/error.h"

namespace assay::methods {

std::optional<RegionShare> region_share(const at::Tensor& map, const PixelMask& region) {
  if (map.dim() != 2 || map.numel() != static_cast<std::int64_t>(region.size()))
    throw BugError("a region of one byte a pixel of the map was promised");
  const auto inside = std::count_if(region.begin(), region.end(), [](auto r) { return r != 0; });
  if (inside == 0 || inside == static_cast<std::ptrdiff_t>(region.size())) return {};
  const std::int64_t height = map.size(0), width = map.size(1);
  const at::Tensor energy = at::clamp_min(map.to(at::kDouble), 0).contiguous();
  const double all = energy.sum().item<double>();
  if (!(all > 0) || !std::isfinite(all)) return {};
  at::Tensor marked = at::empty({height, width}, at::kDouble);
  std::transform(region.begin(), region.end(), marked.data_ptr<double>(),
                 [](std::uint8_t r) { return r ? 1.0 : 0.0; });

  RegionShare result;
  result.share = (energy * marked).sum().item<double>() / all;
  constexpr std::int64_t kSteps = 8;
  std::set<std::pair<std::int64_t, std::int64_t>> shifts;  // pictures below 8 px have fewer
  for (std::int64_t i = 0; i < kSteps; ++i)
    for (std::int64_t j = 0; j < kSteps; ++j)
      shifts.insert({i * height / kSteps, j * width / kSteps});
  shifts.erase({0, 0});
  for (const auto& [down, right] : shifts)
    result.shifted.push_back(static_cast<float>(
        (energy * at::roll(marked, {down, right}, {0, 1})).sum().item<double>() / all));
  return result;
}

}  // namespace assay::methods
