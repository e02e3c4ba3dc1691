// ImageNet-C-bar: textures that lie over the picture or bend it.
//
// The strength s runs from 0 to 10; what follows from it and from the picture's side n is the published table's. The textures
// themselves are generated here from their descriptions, so that they match in kind, not in their pixels.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "assay/imaging/corruption/kernels.h"

namespace assay::imaging {

namespace {

constexpr double kRound = 2 * std::numbers::pi;

double longer_side(const cv::Mat& x) { return std::max(x.rows, x.cols); }
double drawn_between(Stream& stream, double low, double high) {
  return low + (high - low) * stream.uniform();
}

cv::Vec3f mixed(const cv::Vec3f& a, const cv::Vec3f& b, double share) {
  return a * static_cast<float>(1 - share) + b * static_cast<float>(share);
}

// A star of rays of uneven length: 1 at its centre, falling with the square of the distance over a ray's length.
class Star {
 public:
  Star(double cx, double cy, double radius, double amount, Stream& stream)
      : cx_(cx), cy_(cy), exponent_((100 - amount) / 50) {
    const std::size_t rays = 50 + stream.below(150);
    for (std::size_t k = 0; k < rays; ++k)
      lengths_.push_back(radius * (1 + 0.25 * stream.normal()));
  }

  double light(double x, double y) const {
    const double dx = x - cx_, dy = y - cy_, d2 = dx * dx + dy * dy;
    double at =
        (std::atan2(dy, dx) + std::numbers::pi) / kRound * static_cast<double>(lengths_.size());
    const double share = at - std::floor(at);
    const std::size_t k = static_cast<std::size_t>(at) % lengths_.size(),
                      next = (k + 1) % lengths_.size();
    const double length = lengths_[k] + share * (lengths_[next] - lengths_[k]);
    const double across = share - 0.5;
    return std::clamp(std::pow(length * length / (d2 + 1e-4), exponent_) * (1 - across * across),
                      0.0, 1.0);
  }

 private:
  double cx_, cy_, exponent_;
  std::vector<double> lengths_;
};

// Gradient noise on a lattice that repeats after 256 cells: between −1 and 1, 0 at the lattice.
class GradientNoise {
 public:
  explicit GradientNoise(Stream& stream) {
    for (int k = 0; k < 256; ++k) {
      const double angle = kRound * stream.uniform();
      gradients_[k] = {std::cos(angle), std::sin(angle)};
      order_[k] = k;
    }
    for (std::size_t k = 256; k > 1; --k) std::swap(order_[k - 1], order_[stream.below(k)]);
  }

  double operator()(double x, double y) const {
    const double fx = std::floor(x), fy = std::floor(y), u = x - fx, v = y - fy;
    const auto corner = [&](int i, int j) {
      const auto a = static_cast<std::size_t>((static_cast<int>(fx) + i) & 255),
                 b = static_cast<std::size_t>((static_cast<int>(fy) + j) & 255);
      const cv::Vec2d& g = gradients_[static_cast<std::size_t>(
          order_[(static_cast<std::size_t>(order_[a]) + b) & 255])];
      return g[0] * (u - i) + g[1] * (v - j);
    };
    const auto smooth = [](double t) { return t * t * (3 - 2 * t); };
    const double su = smooth(u), sv = smooth(v);
    const double top = corner(0, 0) + su * (corner(1, 0) - corner(0, 0)),
                 bottom = corner(0, 1) + su * (corner(1, 1) - corner(0, 1));
    return 1.5 * (top + sv * (bottom - top));
  }

 private:
  cv::Vec2d gradients_[256];
  int order_[256];
};

// The floor of a pool: light that waves have focused, as a height in [0, 1].
cv::Mat caustic_height(cv::Size size, double cell, double time, Stream& stream) {
  cv::Mat height(size, CV_32F);
  const double ox = kRound * stream.uniform(), oy = kRound * stream.uniform();
  for (int i = 0; i < size.height; ++i)
    for (int j = 0; j < size.width; ++j) {
      const double px = kRound * j / cell + ox, py = kRound * i / cell + oy;
      double x = px, y = py, sum = 0;
      for (int k = 1; k <= 4; ++k) {
        const double t = time * (1 - 3.5 / k), before = x;
        x = px + std::cos(t - x) + std::sin(t + y);
        y = py + std::sin(t - y) + std::cos(t + before);
        sum += 1 / (0.2 + std::hypot(std::sin(x + t), std::cos(y + t)));
      }
      height.at<float>(i, j) = static_cast<float>(std::min(1.0, sum / 16));
    }
  return height;
}

}  // namespace

cv::Mat with_sparkles(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  constexpr int kStars = 5;
  cv::Mat out = x.clone();
  for (int k = 0; k < kStars; ++k) {
    const double cx = drawn_between(stream, 0, x.cols), cy = drawn_between(stream, 0, x.rows);
    const Star star(cx, cy, p[0] / 10 * 0.1 * longer_side(x), 50, stream);
    for (int i = 0; i < x.rows; ++i)
      for (int j = 0; j < x.cols; ++j)
        out.at<cv::Vec3f>(i, j) =
            mixed(out.at<cv::Vec3f>(i, j), cv::Vec3f::all(1), star.light(j, i));
  }
  return out;
}

cv::Mat with_inverse_sparkles(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const double cx = drawn_between(stream, 0.25, 0.75) * x.cols,
               cy = drawn_between(stream, 0.25, 0.75) * x.rows;
  const Star star(cx, cy, 0.25 * longer_side(x), 100 - p[0] / 10 * 65, stream);
  cv::Mat out = x.clone();
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j)
      out.at<cv::Vec3f>(i, j) = mixed(cv::Vec3f::all(1), x.at<cv::Vec3f>(i, j), star.light(j, i));
  return out;
}

cv::Mat with_perlin_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const double alpha = p[0] / 10 * 0.5, cell = 32 * longer_side(x) / 224;
  const GradientNoise noise(stream);
  const double ox = 256 * stream.uniform(), oy = 256 * stream.uniform();
  cv::Mat out = x.clone();
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) {
      double turbulence = 0;
      for (double f = 1; f <= 16; f *= 2)
        turbulence += std::abs(noise(ox + j / cell * f, oy + i / cell * f)) / f;
      out.at<cv::Vec3f>(i, j) =
          mixed(x.at<cv::Vec3f>(i, j),
                cv::Vec3f::all(static_cast<float>(std::clamp(turbulence, 0.0, 1.0))), alpha);
    }
  return out;
}

// Colours from sines of coordinates that earlier sines have moved.
cv::Mat with_plasma_noise(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const double share = p[0] / 10 * 64 / 255, time = drawn_between(stream, 0, 3 * kRound),
               sharpness = drawn_between(stream, 0.5, 1),
               scale = drawn_between(stream, 0.075, 0.2) * longer_side(x);
  const auto iterations = static_cast<int>(4 + stream.below(3));
  double phase[3];
  for (double& v : phase) v = kRound * stream.uniform();
  cv::Mat out = x.clone();
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) {
      double u = j / scale, v = i / scale;
      for (int k = 1; k <= iterations; ++k) {
        const double before = u;
        u += std::sin(v * sharpness * k + time + 0.3 * k) / k;
        v += std::cos(before * sharpness * k + time + 0.3 * k) / k;
      }
      cv::Vec3f color;
      for (int c = 0; c < 3; ++c)
        color[c] = static_cast<float>(0.5 + 0.5 * std::sin(u + v + phase[c]));
      out.at<cv::Vec3f>(i, j) = mixed(x.at<cv::Vec3f>(i, j), color, share);
    }
  return out;
}

cv::Mat with_caustic_refraction(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  constexpr double kEta = 4, kSoftening = 1;
  const double n = longer_side(x), lens = p[0] / 10 * 0.5 * n, light = p[0] / 10 * 2;
  const double time = drawn_between(stream, 0.5, 2), cell = drawn_between(stream, 0.75, 1.25) * n;
  const cv::Mat height =
      smoothed(caustic_height(x.size(), cell, time, stream), kSoftening, 4, Beyond::kRepeated);
  cv::Mat map(x.size(), CV_32FC2), shade(x.size(), CV_32F), bent;
  const auto at = [&](int i, int j) {
    return static_cast<double>(
        height.at<float>(std::clamp(i, 0, x.rows - 1), std::clamp(j, 0, x.cols - 1)));
  };
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) {
      // The slope over one pixel, by which a ray is bent in proportion to eta − 1, and over a sixteenth of the side,
      // by which it is lit.
      const double sx = (at(i, j + 1) - at(i, j - 1)) / 2, sy = (at(i + 1, j) - at(i - 1, j)) / 2;
      const double bend = lens * (kEta - 1);
      map.at<cv::Vec2f>(i, j) = {static_cast<float>(j + bend * sx),
                                 static_cast<float>(i + bend * sy)};
      shade.at<float>(i, j) = static_cast<float>(1 + light * (sx + sy) * n / 16);
    }
  cv::remap(x, bent, map, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) bent.at<cv::Vec3f>(i, j) *= shade.at<float>(i, j);
  return bent;
}

}  // namespace assay::imaging
