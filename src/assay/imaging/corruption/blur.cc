// Corruptions that spread what a point shows over its neighbours.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "assay/imaging/corruption/kernels.h"

namespace assay::imaging {

namespace {

std::vector<float> gaussian_taps(double sigma, int radius) {
  std::vector<float> taps;
  double sum = 0;
  for (int k = -radius; k <= radius; ++k) sum += std::exp(-0.5 * k * k / (sigma * sigma));
  for (int k = -radius; k <= radius; ++k)
    taps.push_back(static_cast<float>(std::exp(-0.5 * k * k / (sigma * sigma)) / sum));
  return taps;
}

// A mirrored border makes convolution a product of cosine series, whatever the kernel's width.
cv::Mat smoothed_by_cosines(const cv::Mat& x, const std::vector<float>& taps) {
  const int radius = static_cast<int>(taps.size()) / 2;
  const auto response = [&](int size) {
    // The cosines repeat after 2 · size: what lies so far apart counts as one.
    std::vector<double> folded(static_cast<std::size_t>(2 * size)),
        h(static_cast<std::size_t>(size));
    for (int j = -radius; j <= radius; ++j)
      folded[static_cast<std::size_t>(((j % (2 * size)) + 2 * size) % (2 * size))] +=
          static_cast<double>(taps[static_cast<std::size_t>(j + radius)]);
    for (int k = 0; k < size; ++k)
      for (int j = 0; j < 2 * size; ++j)
        if (folded[static_cast<std::size_t>(j)] != 0)
          h[static_cast<std::size_t>(k)] +=
              folded[static_cast<std::size_t>(j)] * std::cos(std::numbers::pi * k * j / size);
    return h;
  };
  const auto of_rows = response(x.rows), of_cols = response(x.cols);
  cv::Mat series;
  cv::dct(x, series);
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j)
      series.at<float>(i, j) *= static_cast<float>(of_rows[static_cast<std::size_t>(i)] *
                                                   of_cols[static_cast<std::size_t>(j)]);
  cv::Mat out;
  cv::idct(series, out);
  return out;
}

}  // namespace

cv::Mat smoothed(const cv::Mat& x, double sigma, double truncate, Beyond beyond) {
  const auto taps = gaussian_taps(sigma, static_cast<int>(truncate * sigma + 0.5));
  if (beyond == Beyond::kMirrored && taps.size() > 65 && x.channels() == 1 && x.rows % 2 == 0 &&
      x.cols % 2 == 0)
    return smoothed_by_cosines(x, taps);
  cv::Mat out;
  cv::sepFilter2D(x, out, -1, taps, taps, {-1, -1}, 0,
                  beyond == Beyond::kRepeated ? cv::BORDER_REPLICATE : cv::BORDER_REFLECT);
  return out;
}

cv::Mat drawn_along(const cv::Mat& x, double radius, double sigma, double degrees) {
  const int width = 2 * static_cast<int>(radius) + 1;
  const double angle = degrees * std::numbers::pi / 180;
  cv::Mat out = cv::Mat::zeros(x.size(), x.type());
  double sum = 0;
  for (int i = 0; i < width; ++i) sum += std::exp(-0.5 * i * i / (sigma * sigma));
  cv::Mat moved;
  for (int i = 0; i < width; ++i) {
    // Where ImageMagick looks: along the line's normal, rounded half down.
    const int dx = static_cast<int>(std::ceil(i * std::cos(angle) - 0.5)),
              dy = static_cast<int>(std::ceil(i * std::sin(angle) - 0.5));
    const int left = std::max(0, -dx), right = std::max(0, dx), top = std::max(0, -dy),
              bottom = std::max(0, dy);
    cv::copyMakeBorder(x, moved, top, bottom, left, right, cv::BORDER_REPLICATE);
    out += std::exp(-0.5 * i * i / (sigma * sigma)) / sum *
           moved(cv::Rect(std::max(0, dx), std::max(0, dy), x.cols, x.rows));
  }
  return out;
}

cv::Mat centre_enlarged(const cv::Mat& x, double factor) {
  const auto cropped = [&](int size) { return static_cast<int>(std::ceil(size / factor)); };
  const int ch = cropped(x.rows), cw = cropped(x.cols), top = (x.rows - ch) / 2,
            left = (x.cols - cw) / 2;
  const int mh = static_cast<int>(std::lround(ch * factor)),
            mw = static_cast<int>(std::lround(cw * factor));
  const int skip_y = (mh - x.rows) / 2, skip_x = (mw - x.cols) / 2;
  // Between two pixels each, so along the rows first and then between rows. (cv::remap rounds places to 1/32 px.)
  struct Place {
    int from, to;
    float share;
  };
  const auto places = [](int count, int skip, int first, int crop, int enlarged, int size) {
    std::vector<Place> all;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<float>(
          first + (enlarged > 1 ? static_cast<double>(i + skip) * (crop - 1) / (enlarged - 1) : 0));
      const int from = std::min(static_cast<int>(at), size - 1);
      all.push_back({from, std::min(from + 1, size - 1), at - static_cast<float>(from)});
    }
    return all;
  };
  const auto of_rows = places(x.rows, skip_y, top, ch, mh, x.rows),
             of_cols = places(x.cols, skip_x, left, cw, mw, x.cols);
  const int channels = x.channels();
  cv::Mat wide(x.size(), x.type()), out(x.size(), x.type());
  for (int i = of_rows.front().from; i <= of_rows.back().to; ++i) {
    const float* in = x.ptr<float>(i);
    float* to = wide.ptr<float>(i);
    for (const Place& p : of_cols)
      for (int c = 0; c < channels; ++c)
        *to++ = in[p.from * channels + c] * (1 - p.share) + in[p.to * channels + c] * p.share;
  }
  for (int i = 0; i < x.rows; ++i) {
    const Place& p = of_rows[static_cast<std::size_t>(i)];
    const float *above = wide.ptr<float>(p.from), *below = wide.ptr<float>(p.to);
    float* to = out.ptr<float>(i);
    for (int k = 0; k < x.cols * channels; ++k)
      to[k] = above[k] * (1 - p.share) + below[k] * p.share;
  }
  return out;
}

cv::Mat with_defocus_blur(const cv::Mat& x, std::span<const double> p, Stream&) {
  const double radius = p[0];
  const int reach = radius <= 8 ? 8 : static_cast<int>(radius), taps = radius <= 8 ? 3 : 5;
  cv::Mat disc(2 * reach + 1, 2 * reach + 1, CV_32F), kernel, out;
  for (int i = -reach; i <= reach; ++i)
    for (int j = -reach; j <= reach; ++j)
      disc.at<float>(i + reach, j + reach) = i * i + j * j <= radius * radius;
  disc /= cv::sum(disc)[0];
  cv::GaussianBlur(disc, kernel, {taps, taps}, p[1]);
  // What lies beyond the smoothed disc is 0: a smaller kernel gives the same sums.
  const int used = std::min(reach, static_cast<int>(std::ceil(radius)) + taps / 2);
  const cv::Rect middle(reach - used, reach - used, 2 * used + 1, 2 * used + 1);
  cv::filter2D(x, out, -1, kernel(middle));
  return out;
}

cv::Mat with_glass_blur(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  constexpr double kTruncate = 4;
  const int delta = static_cast<int>(p[1]);
  cv::Mat levels = to_levels(smoothed(x, p[0], kTruncate, Beyond::kRepeated));
  const auto offset = [&] {
    return static_cast<int>(stream.below(static_cast<std::uint64_t>(2 * delta))) - delta;
  };
  for (int sweep = 0; sweep < static_cast<int>(p[2]); ++sweep)
    for (int i = x.rows - delta; i > delta; --i)
      for (int j = x.cols - delta; j > delta; --j) {
        const int dx = offset(), dy = offset();
        levels.at<cv::Vec3b>(i, j) = levels.at<cv::Vec3b>(i + dy, j + dx);
      }
  cv::Mat back;
  levels.convertTo(back, CV_32F, 1.0 / 255);
  return smoothed(back, p[0], kTruncate, Beyond::kRepeated);
}

cv::Mat with_motion_blur(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  return drawn_along(x, p[0], p[1], -45 + 90 * stream.uniform());
}

cv::Mat with_zoom_blur(const cv::Mat& x, std::span<const double> p, Stream&) {
  cv::Mat sum = x.clone();
  // As numpy.arange counts: 1, 1.01 … 1.11 at severity 1, for (1.11 - 1) / 0.01 rounds to more than 11.
  const int count = static_cast<int>(std::ceil((p[1] - p[0]) / p[2]));
  for (int k = 0; k < count; ++k) sum += centre_enlarged(x, p[0] + k * p[2]);
  return sum / (count + 1);
}

cv::Mat with_gaussian_blur(const cv::Mat& x, std::span<const double> p, Stream&) {
  return smoothed(x, p[0], 4, Beyond::kRepeated);
}

}  // namespace assay::imaging
