#include "assay/imaging/camera/camera_view.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// A camera as there are many: gains of daylight, and the matrix of a common sensor; rows sum to 1.
Sensor typical_sensor() {
  Sensor sensor;
  sensor.white = 1;
  sensor.as_shot = {2.0, 1, 1.6};
  sensor.to_srgb = {1.62, -0.47, -0.15, -0.22, 1.51, -0.29, 0.03, -0.48, 1.45};
  return sensor;
}

// Nothing is cut but by the curve: what the inverse makes is in range, and a drift's derivative does not end there.
CameraChain typical_chain() {
  return {{{"black_level", "normalise", {}},
           {"white_balance", "as_shot", {}},
           {"demosaic", "malvar", {}},
           {"colour_matrix", "file", {}},
           {"clip", "", {0, 1}},
           {"tone", "srgb", {}}},
          ""};
}

// Each of n rows by itself: libtorch's powers and products of an element depend, in the last bit, on where in a tensor it lies.
template <class Make>
at::Tensor row_by_row(std::int64_t n, Make make) {
  if (n == 1) return make(0);
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < n; ++i) rows.push_back(make(i));
  return at::cat(rows);
}
// One of them, or the only one.
at::Tensor row_of(const at::Tensor& x, std::int64_t i) {
  return x.narrow(0, x.size(0) == 1 ? 0 : i, 1);
}

// What the sensor would have recorded of one picture.
at::Tensor unprocessed(const at::Tensor& pixels, const Sensor& sensor) {
  const at::Tensor rgb = pixels.expand({-1, 3, -1, -1});
  const at::Tensor linear = linear_light(rgb);
  const at::Tensor inverse = at::linalg_inv(
      at::tensor(std::vector<double>(sensor.to_srgb.begin(), sensor.to_srgb.end()), at::kDouble)
          .view({3, 3}));
  const at::Tensor gains =
      at::tensor({sensor.as_shot[0], sensor.as_shot[1], sensor.as_shot[2]}, at::kDouble);
  const at::Tensor back = (inverse / gains.view({3, 1})).to(linear.scalar_type());
  return mosaic_of(at::matmul(back, linear.flatten(2)).view(linear.sizes()), sensor.cfa);
}

}  // namespace

at::Tensor turned_upright(const at::Tensor& picture, int flip) {
  if (flip == 3) return picture.rot90(2, {2, 3});
  if (flip == 5) return picture.rot90(1, {2, 3});
  if (flip == 6) return picture.rot90(-1, {2, 3});
  return picture;
}

Placement placement_of_box(const Box& box, Size size) {
  const auto whole = [](int side, double begin, double end) {
    return std::max(1, static_cast<int>(std::lround(side / (end - begin))));
  };
  Placement p;
  p.tensor = size;
  p.resized = {whole(size.height, box.top, box.bottom), whole(size.width, box.left, box.right)};
  const auto side = [](int& window, int& length, int& at, double begin, int resized, int wanted) {
    const int first = static_cast<int>(std::lround(begin * resized));
    window = std::clamp(first, 0, resized - 1);
    at = std::max(0, -first);
    length = std::max(1, std::min(wanted - at, resized - window));
  };
  side(p.window.top, p.window.height, p.top, box.top, p.resized.height, size.height);
  side(p.window.left, p.window.width, p.left, box.left, p.resized.width, size.width);
  return p;
}

at::Tensor framed(const at::Tensor& picture, const Framing& framing) {
  const Placement& p = framing.placement;
  at::Tensor x = turned_upright(picture, framing.flip);
  if (x.size(2) != p.resized.height || x.size(3) != p.resized.width)
    x = at::_upsample_bilinear2d_aa(x.contiguous(), {p.resized.height, p.resized.width}, false);
  x = x.slice(2, p.window.top, p.window.top + p.window.height)
          .slice(3, p.window.left, p.window.left + p.window.width);
  if (x.size(2) == p.tensor.height && x.size(3) == p.tensor.width) return x;
  return at::constant_pad_nd(
      x, {p.left, p.tensor.width - p.left - x.size(3), p.top, p.tensor.height - p.top - x.size(2)});
}

CameraView::CameraView(CameraChain chain, const Sensor& sensor, at::Tensor counts,
                       const Framing* framing, std::uint64_t draw)
    : chain_(std::move(chain)), sensor_(sensor), counts_(std::move(counts)) {
  if (framing) {
    is_framed_ = true;
    framing_ = *framing;
  }
  as_it_was_ = shown(developed_by(chain_, draw));
}

at::Tensor CameraView::developed_by(const CameraChain& chain, std::uint64_t draw) const {
  return row_by_row(counts_.size(0), [&](std::int64_t i) {
    return chain(row_of(counts_, i), sensor_, {&draw, 1});
  });
}

at::Tensor CameraView::shown(const at::Tensor& development) const {
  const at::Tensor x = development.clamp(0, 1);
  return is_framed_ ? framed(x, framing_) : x;
}

at::Tensor CameraView::difference(const at::Tensor& pixels, const at::Tensor& development) const {
  at::Tensor before = as_it_was_, after = shown(development);
  if (before.size(2) != pixels.size(2) || before.size(3) != pixels.size(3))
    throw BugError("a camera's view has another size than the model's pixels");
  if (pixels.size(1) == 1) {
    before = luma(before);
    after = luma(after);
  }
  return (pixels + (after - before).to(pixels.scalar_type())).clamp(0, 1);
}

at::Tensor CameraView::changed(const at::Tensor& pixels, std::span<const Factor* const> factors,
                               const at::Tensor& theta, std::uint64_t seed,
                               std::span<const std::uint64_t> draws) const {
  return difference(pixels, row_by_row(theta.size(0), [&](std::int64_t i) {
                      return drifted(chain_, row_of(counts_, i), sensor_, factors,
                                     theta.narrow(0, i, 1), seed,
                                     draws.subspan(static_cast<std::size_t>(i), 1));
                    }));
}

at::Tensor CameraView::by(const CameraChain& other, const at::Tensor& pixels,
                          std::uint64_t draw) const {
  return difference(pixels, developed_by(other, draw));
}

CameraView unprocessed_view(const at::Tensor& pixels) {
  // Rows that are one picture repeated are made once.
  const at::Tensor own = pixels.stride(0) == 0 ? pixels.narrow(0, 0, 1) : pixels;
  const Sensor sensor = typical_sensor();
  return {typical_chain(), sensor, row_by_row(own.size(0), [&](std::int64_t i) {
            return unprocessed(row_of(own, i), sensor);
          })};
}

}  // namespace assay::imaging
