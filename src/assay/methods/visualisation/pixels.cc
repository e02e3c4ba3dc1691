#include "assay/methods/visualisation/pixels.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"

namespace assay::methods {

namespace {

// lucid/optvis/param/color.py (Apache-2.0): rows red, green, blue.
constexpr double kColorRoot[3][3] = {{0.26, 0.09, 0.02}, {0.27, 0.00, -0.05}, {0.27, -0.09, 0.03}};
constexpr double kDarkest = 0.01;

at::Tensor color_matrix(at::ScalarType precision) {
  at::Tensor matrix = at::empty({3, 3}, at::kDouble);
  std::copy(&kColorRoot[0][0], &kColorRoot[0][0] + 9, matrix.data_ptr<double>());
  const at::Tensor lengths = (matrix * matrix).sum(0).sqrt();
  return (matrix / lengths.max()).to(precision);
}

// What the description's mean or deviation says, [1,C,1,1].
at::Tensor constants(const std::vector<double>& values, std::int64_t channels, double usual) {
  at::Tensor tensor = at::full({1, channels, 1, 1}, usual, at::kFloat);
  for (std::size_t c = 0; c < values.size(); ++c)
    tensor.data_ptr<float>()[c] = static_cast<float>(values[c]);
  return tensor;
}

}  // namespace

at::Tensor correlated(const at::Tensor& field) {
  if (field.size(1) != 3) return field;
  return at::matmul(color_matrix(field.scalar_type()), field.flatten(2)).reshape(field.sizes());
}

at::Tensor logit_of(const at::Tensor& pixels) {
  return at::logit(pixels.clamp(kDarkest, 1 - kDarkest));
}

at::Tensor model_input(const network::Classifier& classifier, const at::Tensor& pixels) {
  const InputDescription& d = classifier.input();
  at::Tensor input = d.channels == Channels::kBgr ? pixels.flip(1) : pixels;
  if (classifier.input_size().uint8) {
    input = input * 255;
  } else {
    input = (input * d.range - constants(d.mean, pixels.size(1), 0)) /
            constants(d.std, pixels.size(1), 1);
  }
  return as_input(classifier, input);
}

at::Tensor pixels_of_values(const InputDescription& d, const at::Tensor& values) {
  const at::Tensor pixels =
      (values * constants(d.std, values.size(1), 1) + constants(d.mean, values.size(1), 0)) /
      d.range;
  return d.channels == Channels::kBgr ? pixels.flip(1) : pixels;
}

at::Tensor pixels_of_input(const network::Classifier& classifier, const at::Tensor& input) {
  const InputDescription& d = classifier.input();
  const at::Tensor values = channels_first(classifier, input).to(at::kFloat);
  if (!classifier.input_size().uint8) return pixels_of_values(d, values);
  return d.channels == Channels::kBgr ? (values / 255).flip(1) : values / 255;
}

}  // namespace assay::methods
