// ImageNet-C-bar: fields that are added to the picture or cut holes into it.
//
// The strength s runs from 0 to 10; what follows from it and from the picture's side n is the published table's.
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "assay/imaging/corruption/kernels.h"

namespace assay::imaging {

namespace {

constexpr double kTurn = 2 * std::numbers::pi;

double side_of(const cv::Mat& x) { return std::max(x.rows, x.cols); }
double between(Stream& stream, double low, double high) {
  return low + (high - low) * stream.uniform();
}

// out(i, j) = change(x(i, j), i, j)
template <class Change>
cv::Mat at_each_pixel(const cv::Mat& x, Change change) {
  cv::Mat out(x.size(), x.type());
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) out.at<cv::Vec3f>(i, j) = change(x.at<cv::Vec3f>(i, j), i, j);
  return out;
}

cv::Vec3f plus(const cv::Vec3f& v, double add) {
  const auto a = static_cast<float>(add);
  return {v[0] + a, v[1] + a, v[2] + a};
}

// Normal noise whose amplitude is weight(f) at f cycles over the side, mean 0, variance 1.
template <class Weight>
cv::Mat coloured_noise(cv::Size size, Stream& stream, Weight weight) {
  cv::Mat white(size, CV_32F), spectrum;
  stream.fill_normal({white.ptr<float>(), white.total()});
  cv::dft(white, spectrum, cv::DFT_COMPLEX_OUTPUT);
  for (int i = 0; i < size.height; ++i)
    for (int j = 0; j < size.width; ++j) {
      const double u = std::min(i, size.height - i), v = std::min(j, size.width - j);
      spectrum.at<cv::Vec2f>(i, j) *= static_cast<float>(weight(std::hypot(u, v)));
    }
  spectrum.at<cv::Vec2f>(0, 0) = {0, 0};
  cv::Mat field;
  cv::idft(spectrum, field, cv::DFT_REAL_OUTPUT | cv::DFT_SCALE);
  cv::Scalar mean, deviation;
  cv::meanStdDev(field, mean, deviation);
  return field / std::max(1e-12, deviation[0]);
}

}  // namespace

cv::Mat with_single_frequency(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const double amplitude = p[0] / 10 * 196 / 255, large = between(stream, 0, std::numbers::pi),
               small = between(stream, -large, large), phase = between(stream, 0, kTurn);
  const bool swapped = stream.below(2) == 1;
  const double fx = swapped ? small : large, fy = swapped ? large : small;
  return at_each_pixel(x, [&](const cv::Vec3f& v, int i, int j) {
    return plus(v, amplitude * std::sin(fx * j + fy * i + phase));
  });
}

cv::Mat with_sine_rings(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const double n = side_of(x), amplitude = p[0] / 10 * 128 / 255, cx = between(stream, 0, x.cols),
               cy = between(stream, 0, x.rows), frequency = between(stream, 0, 10),
               wobble = between(stream, 0, n / 10),
               width = std::max(1e-3, between(stream, 0, n / 10));
  return at_each_pixel(x, [&](const cv::Vec3f& v, int i, int j) {
    const double angle = std::atan2(i - cy, j - cx),
                 r = std::hypot(i - cy, j - cx) + wobble * std::sin(frequency * angle);
    return plus(v, amplitude * (r / width - std::floor(r / width) - 0.5));
  });
}

cv::Mat with_brownish_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  std::vector<cv::Mat> channels;
  for (int c = 0; c < 3; ++c)
    channels.push_back(coloured_noise(x.size(), stream, [](double f) { return 1 / (f * f + 1); }));
  cv::Mat noise;
  cv::merge(channels, noise);
  return x + (p[0] / 10 * 64 / 255) * noise;
}

cv::Mat with_blue_noise_holes(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const cv::Mat noise = coloured_noise(x.size(), stream, [](double f) { return std::sqrt(f); });
  cv::Mat out = x.clone();
  out.setTo(cv::Scalar::all(0), noise < p[0] / 10 * 3 - 2.5);
  return out;
}

// Squares of a board that is turned about the centre; a share of them is grey, each by itself.
cv::Mat with_checkerboard_cutout(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const double n = side_of(x), square = between(stream, 0.1, 0.25) * n,
               angle = between(stream, 0, kTurn), c = std::cos(angle), s = std::sin(angle);
  const int reach = static_cast<int>(std::ceil(n / square)) + 2, count = 2 * reach + 1;
  std::vector<bool> cut;
  for (int k = 0; k < count * count; ++k) cut.push_back(stream.uniform() < p[0] / 10);
  return at_each_pixel(x, [&](const cv::Vec3f& v, int i, int j) {
    const double dx = j - x.cols / 2.0, dy = i - x.rows / 2.0;
    const int a = static_cast<int>(std::floor((c * dx + s * dy) / square)) + reach,
              b = static_cast<int>(std::floor((c * dy - s * dx) / square)) + reach;
    return cut[static_cast<std::size_t>(a * count + b)] ? cv::Vec3f::all(128 / 255.0f) : v;
  });
}

}  // namespace assay::imaging
