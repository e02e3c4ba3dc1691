#include "assay/methods/evaluation/controls.h"

#include <algorithm>

namespace assay::methods {

namespace {

constexpr double kSpread = 0.25;  // of a side

at::Tensor bell(std::int64_t side) {
  const at::Tensor x = (at::arange(side, at::kDouble) + 0.5) / static_cast<double>(side) - 0.5;
  return at::exp(-(x * x) / (2 * kSpread * kSpread));
}

}  // namespace

at::Tensor random_map(std::int64_t height, std::int64_t width, Stream stream) {
  at::Tensor map = at::empty({height, width}, at::kFloat);
  float* value = map.data_ptr<float>();
  for (std::int64_t i = 0; i < map.numel(); ++i) value[i] = static_cast<float>(stream.uniform());
  return map;
}

at::Tensor centre_map(std::int64_t height, std::int64_t width) {
  return at::outer(bell(height), bell(width)).to(at::kFloat);
}

at::Tensor edge_map(const at::Tensor& picture) {
  const at::Tensor brightness =
      at::replication_pad2d(picture.to(at::kFloat).mean(0).unsqueeze(0).unsqueeze(0), {1, 1, 1, 1});
  at::Tensor across = at::zeros({1, 1, 3, 3}, at::kFloat);
  const float sobel[9] = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
  std::copy(sobel, sobel + 9, across.data_ptr<float>());
  const at::Tensor gx = at::conv2d(brightness, across);
  const at::Tensor gy = at::conv2d(brightness, across.transpose(2, 3).contiguous());
  return at::sqrt(gx * gx + gy * gy).squeeze(0).squeeze(0);
}

}  // namespace assay::methods
