#include "assay/methods/attribution/baseline.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/input_description.h"

namespace assay::methods {

namespace {

// The pixel value at this share of its range as the model takes it, [1,C,1,1].
at::Tensor normalised(const network::Classifier& classifier, std::int64_t channels, double share) {
  if (classifier.input_size().uint8) return at::full({1, channels, 1, 1}, 255 * share);
  const InputDescription& input = classifier.input();
  const double pixel = share * input.range;
  at::Tensor color = at::zeros({1, channels, 1, 1});
  float* c = color.data_ptr<float>();
  for (std::int64_t i = 0; i < channels; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double mean = at < input.mean.size() ? input.mean[at] : 0;
    const double std = at < input.std.size() ? input.std[at] : 1;
    c[i] = static_cast<float>((pixel - mean) / std);
  }
  return color;
}

at::Tensor blurred(const at::Tensor& pictures, double sigma) {
  const auto radius = static_cast<std::int64_t>(std::ceil(3 * sigma));
  const at::Tensor x = at::arange(-radius, radius + 1, at::kDouble);
  const at::Tensor bell = at::exp(-(x * x) / (2 * sigma * sigma));
  const at::Tensor weights = (bell / bell.sum()).to(at::kFloat);
  const std::int64_t n = pictures.size(0) * pictures.size(1);
  at::Tensor flat = pictures.reshape({n, 1, pictures.size(2), pictures.size(3)});
  // Edges repeated, so that a flat picture stays what it is.
  flat = at::replication_pad2d(flat, {radius, radius, radius, radius});
  flat = at::conv2d(flat, weights.reshape({1, 1, 1, -1}));
  flat = at::conv2d(flat, weights.reshape({1, 1, -1, 1}));
  return flat.reshape(pictures.sizes());
}

}  // namespace

at::Tensor baseline_of(const Question& question, const at::Tensor& pictures,
                       std::string_view name) {
  const at::Tensor x = pictures.to(at::kFloat);
  const auto flat = [&](const at::Tensor& color) { return color.expand(x.sizes()).clone(); };
  const auto pixel = [&](double share) {
    return flat(normalised(question.classifier, x.size(1), share));
  };
  if (name == "zero") return at::zeros_like(x);
  if (name == "gray") return pixel(0.5);
  if (name == "black") return pixel(0);
  if (name == "white") return pixel(1);
  if (name == "mean") return flat(x.mean({2, 3}, /*keepdim=*/true));
  if (name == "data_mean") {
    if (!question.data_mean.defined())
      throw InputError("data_mean", "no data set is known here, of which it would be the mean");
    return flat(question.data_mean.to(at::kFloat).reshape({1, -1, 1, 1}));
  }
  if (name == "blur") return blurred(x, 0.1 * static_cast<double>(std::max(x.size(2), x.size(3))));
  throw BugError("no baseline " + std::string(name));
}

}  // namespace assay::methods
