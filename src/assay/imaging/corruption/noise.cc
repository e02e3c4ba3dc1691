// Corruptions of each value by itself.
#include <algorithm>
#include <cmath>
#include <vector>

#include "assay/imaging/corruption/kernels.h"

namespace assay::imaging {

namespace {

template <class Change>
cv::Mat each_value(const cv::Mat& x, Change change) {
  cv::Mat out = x.clone();
  auto* v = out.ptr<float>();
  const std::size_t n = out.total() * static_cast<std::size_t>(out.channels());
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(change(static_cast<double>(v[i])));
  return out;
}

cv::Mat drawn_like(const cv::Mat& x, Stream& stream) {
  cv::Mat out(x.size(), x.type());
  stream.fill_normal({out.ptr<float>(), out.total() * static_cast<std::size_t>(out.channels())});
  return out;
}

// Distribution functions of Poisson counts, up to where all but 1e-9 lies below.
std::vector<double> poisson_cdf(double mean) {
  std::vector<double> cdf;
  double term = std::exp(-mean), sum = term;
  cdf.push_back(sum);
  for (int k = 1; sum < 1 - 1e-9 && k < 1000; ++k) {
    term *= mean / k;
    cdf.push_back(sum += term);
  }
  return cdf;
}

}  // namespace

cv::Mat with_gaussian_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  return x + p[0] * drawn_like(x, stream);
}

cv::Mat with_speckle_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  return x + p[0] * x.mul(drawn_like(x, stream));
}

// An 8-bit picture has 256 levels, so as many distributions.
cv::Mat with_shot_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  std::vector<std::vector<double>> of_level(256);
  return each_value(x, [&](double v) {
    auto& cdf = of_level[static_cast<std::size_t>(std::clamp(std::lround(v * 255), 0L, 255L))];
    if (cdf.empty()) cdf = poisson_cdf(v * p[0]);
    const auto at = std::lower_bound(cdf.begin(), cdf.end() - 1, stream.uniform());
    return static_cast<double>(at - cdf.begin()) / p[0];
  });
}

cv::Mat with_impulse_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  return each_value(x, [&](double v) {
    const double u = stream.uniform();
    return u < p[0] / 2 ? 0.0 : u < p[0] ? 1.0 : v;
  });
}

}  // namespace assay::imaging
