#include "assay/methods/evaluation/localisation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "assay/base/error.h"

namespace assay::methods {

namespace {

// How many pixels are on the object; 0 where the mask leaves nothing to be found.
std::size_t object_pixels(const at::Tensor& map, std::span<const std::uint8_t> mask) {
  if (map.dim() != 2 || map.numel() != static_cast<std::int64_t>(mask.size()))
    throw BugError("a mask of one byte a pixel of the map was promised");
  const auto count = static_cast<std::size_t>(
      std::count_if(mask.begin(), mask.end(), [](std::uint8_t m) { return m != 0; }));
  return count == mask.size() ? 0 : count;
}

std::vector<double> values_of(const at::Tensor& map) {
  const at::Tensor values = map.to(at::kDouble).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

}  // namespace

std::optional<double> pointing_game(const at::Tensor& map, std::span<const std::uint8_t> mask,
                                    double tolerance_px) {
  if (object_pixels(map, mask) == 0) return {};
  const std::vector<double> value = values_of(map);
  const auto [low, high] = std::minmax_element(value.begin(), value.end());
  if (!(*high > *low)) return {};
  const auto width = map.size(1), height = map.size(0);
  const auto reach = static_cast<std::int64_t>(std::floor(tolerance_px));
  const auto near_object = [&](std::int64_t y, std::int64_t x) {
    for (std::int64_t v = std::max<std::int64_t>(0, y - reach);
         v <= std::min(height - 1, y + reach); ++v)
      for (std::int64_t u = std::max<std::int64_t>(0, x - reach);
           u <= std::min(width - 1, x + reach); ++u) {
        const auto away = static_cast<double>((v - y) * (v - y) + (u - x) * (u - x));
        if (away <= tolerance_px * tolerance_px && mask[static_cast<std::size_t>(v * width + u)])
          return true;
      }
    return false;
  };
  double hits = 0, highest = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] < *high) continue;
    highest += 1;
    hits += near_object(static_cast<std::int64_t>(i) / width, static_cast<std::int64_t>(i) % width);
  }
  return hits / highest;
}

std::optional<double> energy_pointing(const at::Tensor& map, std::span<const std::uint8_t> mask) {
  if (object_pixels(map, mask) == 0) return {};
  const std::vector<double> value = values_of(map);
  double all = 0, inside = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const double energy = std::max(value[i], 0.0);
    all += energy;
    if (mask[i]) inside += energy;
  }
  if (!(all > 0)) return {};
  return inside / all;
}

std::optional<double> relevance_rank_accuracy(const at::Tensor& map,
                                              std::span<const std::uint8_t> mask) {
  const std::size_t count = object_pixels(map, mask);
  if (count == 0) return {};
  const std::vector<double> value = values_of(map);
  std::vector<double> sorted = value;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  if (!(sorted.front() > sorted.back())) return {};
  const double last = sorted[count - 1];  // of the K highest
  double above = 0, above_inside = 0, equal = 0, equal_inside = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool inside = mask[i] != 0;
    if (value[i] > last) {
      above += 1;
      above_inside += inside;
    } else if (value[i] == last) {
      equal += 1;
      equal_inside += inside;
    }
  }
  const auto wanted = static_cast<double>(count);
  return (above_inside + (wanted - above) * equal_inside / equal) / wanted;
}

}  // namespace assay::methods
