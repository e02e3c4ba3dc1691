#include "assay/methods/visualisation/views.h"

#include <cmath>
#include <numbers>

namespace assay::methods {

namespace {

constexpr std::int64_t kBilinear = 0, kReflection = 2;  // libtorch's numbers of its own rules

// [V,2,3] in affine_grid_generator's units: a picture reaches from -1 to 1 along both sides.
at::Tensor affine(const std::vector<View>& views, double height, double width,
                  at::ScalarType precision) {
  at::Tensor maps = at::empty({static_cast<std::int64_t>(views.size()), 2, 3}, at::kDouble);
  auto* m = maps.data_ptr<double>();
  for (const View& view : views) {
    const double angle = view.turn_deg * std::numbers::pi / 180;
    const double c = view.scale * std::cos(angle), s = view.scale * std::sin(angle);
    const double of_view[] = {c, -s * height / width, 2 * view.shift_x, s * width / height,
                              c, 2 * view.shift_y};
    for (const double item : of_view) *m++ = item;
  }
  return maps.to(precision);
}

}  // namespace

std::vector<View> drawn_views(const ViewRange& range, Stream stream) {
  std::vector<View> views(1);
  if (range.still()) return views;
  const auto within = [&stream](double most) { return most * (2 * stream.uniform() - 1); };
  for (int i = 1; i < range.count; ++i) {
    View view;
    view.shift_x = within(range.jitter);
    view.shift_y = within(range.jitter);
    view.scale = 1 + within(range.scale);
    view.turn_deg = within(range.turn_deg);
    views.push_back(view);
  }
  return views;
}

at::Tensor seen(const at::Tensor& pixels, const std::vector<View>& views) {
  if (views.size() == 1) return pixels;
  const std::int64_t height = pixels.size(2), width = pixels.size(3);
  const std::vector<View> moved(views.begin() + 1, views.end());
  const auto count = static_cast<std::int64_t>(moved.size());
  const at::Tensor maps =
      affine(moved, static_cast<double>(height), static_cast<double>(width), pixels.scalar_type());
  const at::Tensor grid =
      at::affine_grid_generator(maps, {count, pixels.size(1), height, width}, false);
  const at::Tensor copies = pixels.expand({count, pixels.size(1), height, width});
  return at::cat({pixels, at::grid_sampler(copies, grid, kBilinear, kReflection, false)});
}

}  // namespace assay::methods
