#include "assay/methods/attribution/baseline.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/input_description.h"

namespace assay::methods {

namespace {

// A pixel value (0 or the range's end) after normalisation, [1,C,1,1].
at::Tensor normalised(const InputDescription& input, std::int64_t channels, double pixel) {
  at::Tensor color = at::full({1, channels, 1, 1}, pixel);
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

at::Tensor baseline_of(const network::Classifier& classifier, const at::Tensor& pictures,
                       std::string_view name) {
  const at::Tensor x = pictures.to(at::kFloat);
  const InputDescription& input = classifier.input();
  if (name == "zero") return at::zeros_like(x);
  if (name == "black") return normalised(input, x.size(1), 0).expand(x.sizes()).clone();
  if (name == "white") return normalised(input, x.size(1), input.range).expand(x.sizes()).clone();
  if (name == "mean") return x.mean({2, 3}, /*keepdim=*/true).expand(x.sizes()).clone();
  if (name == "blur") return blurred(x, 0.1 * static_cast<double>(std::max(x.size(2), x.size(3))));
  throw BugError("no baseline " + std::string(name));
}

}  // namespace assay::methods
