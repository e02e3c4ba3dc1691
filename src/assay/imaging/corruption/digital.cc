// Corruptions that software makes: colours, warps, fewer pixels, JPEG.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "assay/imaging/corruption/kernels.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/encode.h"

namespace assay::imaging {

namespace {

template <class Change>
cv::Mat each_pixel(const cv::Mat& x, Change change) {
  cv::Mat out(x.size(), x.type());
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) out.at<cv::Vec3f>(i, j) = change(x.at<cv::Vec3f>(i, j));
  return out;
}

float largest(const cv::Vec3f& v) { return std::max({v[0], v[1], v[2]}); }
float smallest(const cv::Vec3f& v) { return std::min({v[0], v[1], v[2]}); }

// Pillow's box filter along rows of 8-bit values: each output is the rounded mean of what it covers.
cv::Mat boxed_rows(const cv::Mat& x, int width) {
  const double scale = static_cast<double>(x.cols) / width, support = 0.5 * std::max(1.0, scale);
  cv::Mat out(x.rows, width, CV_8UC3);
  for (int j = 0; j < width; ++j) {
    const double centre = (j + 0.5) * scale;
    const int from = std::max(0, static_cast<int>(centre - support + 0.5)),
              to = std::min(x.cols, static_cast<int>(centre + support + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int k = from; k < to; ++k) {
      const double t = (k - centre + 0.5) / std::max(1.0, scale);
      weights.push_back(t > -0.5 && t <= 0.5 ? 1 : 0);
      sum += weights.back();
    }
    for (int i = 0; i < x.rows; ++i) {
      double total[3] = {0, 0, 0};
      for (int k = from; k < to; ++k)
        for (int c = 0; c < 3; ++c)
          total[c] += weights[static_cast<std::size_t>(k - from)] * x.at<cv::Vec3b>(i, k)[c];
      for (int c = 0; c < 3; ++c)
        out.at<cv::Vec3b>(i, j)[c] = static_cast<std::uint8_t>(total[c] / sum + 0.5);
    }
  }
  return out;
}

cv::Mat boxed(const cv::Mat& x, cv::Size size) {
  const cv::Mat rows = boxed_rows(x, size.width);
  cv::Mat turned, out;
  cv::transpose(rows, turned);
  cv::transpose(boxed_rows(turned, size.height), out);
  return out;
}

cv::Mat as_shares(const cv::Mat& levels) {
  cv::Mat out;
  levels.convertTo(out, CV_32F, 1.0 / 255);
  return out;
}

}  // namespace

// The value of HSV is the largest of the three, and all three are in proportion to it.
cv::Mat with_brightness(const cv::Mat& x, std::span<const double> p, Stream&) {
  const auto add = static_cast<float>(p[0]);
  return each_pixel(x, [&](const cv::Vec3f& v) {
    const float value = largest(v), wanted = std::min(1.0f, value + add);
    return value > 0 ? v * (wanted / value) : cv::Vec3f::all(wanted);
  });
}

// The saturation of HSV is 1 - smallest / largest; grey has the hue of red.
cv::Mat with_saturation(const cv::Mat& x, std::span<const double> p, Stream&) {
  return each_pixel(x, [&](const cv::Vec3f& v) {
    const float value = largest(v), range = value - smallest(v);
    const float saturation = value > 0 ? range / value : 0;
    const float wanted =
        std::clamp(saturation * static_cast<float>(p[0]) + static_cast<float>(p[1]), 0.0f, 1.0f);
    if (range <= 0) return cv::Vec3f(value, value * (1 - wanted), value * (1 - wanted));
    return cv::Vec3f::all(value) - (cv::Vec3f::all(value) - v) * (wanted / saturation);
  });
}

cv::Mat with_contrast(const cv::Mat& x, std::span<const double> p, Stream&) {
  const cv::Scalar mean = cv::mean(x);
  return (x - mean) * p[0] + mean;
}

cv::Mat with_elastic_transform(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const auto moved = [&] { return static_cast<float>(p[2] * (2 * stream.uniform() - 1)); };
  const float side = static_cast<float>(std::min(x.rows, x.cols) / 3);
  const float cy = static_cast<float>(x.rows / 2), cx = static_cast<float>(x.cols / 2);
  // As the reference has it, with rows for x.
  const cv::Point2f from[] = {
      {cy + side, cx + side}, {cy + side, cx - side}, {cy - side, cx - side}};
  cv::Point2f to[3];
  for (int k = 0; k < 3; ++k) to[k] = {from[k].x + moved(), from[k].y + moved()};
  cv::Mat warped;
  cv::warpAffine(x, warped, cv::getAffineTransform(from, to), x.size(), cv::INTER_LINEAR,
                 cv::BORDER_REFLECT_101);
  const auto displacement = [&] {
    cv::Mat field(x.rows, x.cols, CV_32F);
    for (int i = 0; i < x.rows; ++i)
      for (int j = 0; j < x.cols; ++j)
        field.at<float>(i, j) = static_cast<float>(2 * stream.uniform() - 1);
    return cv::Mat(smoothed(field, p[1], 3, Beyond::kMirrored) * p[0]);
  };
  cv::Mat at_x = displacement(), at_y = displacement(), out;
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) {
      at_x.at<float>(i, j) += static_cast<float>(j);
      at_y.at<float>(i, j) += static_cast<float>(i);
    }
  cv::remap(warped, out, at_x, at_y, cv::INTER_LINEAR, cv::BORDER_REFLECT);
  return out;
}

cv::Mat with_pixelation(const cv::Mat& x, std::span<const double> p, Stream&) {
  const auto side = [&](int size) { return std::max(1, static_cast<int>(size * p[0])); };
  return as_shares(boxed(boxed(to_levels(x), {side(x.cols), side(x.rows)}), x.size()));
}

cv::Mat with_jpeg_compression(const cv::Mat& x, std::span<const double> p, Stream&) {
  const cv::Mat levels = to_levels(x);
  Picture picture{x.rows, x.cols, 3, 8, {}};
  picture.bytes.assign(levels.ptr<std::uint8_t>(), levels.ptr<std::uint8_t>() + 3 * levels.total());
  const Picture back = decode(encode_jpeg(picture, static_cast<int>(p[0])), "a JPEG picture");
  return as_shares(
      cv::Mat(back.height, back.width, CV_8UC3, const_cast<std::uint8_t*>(back.bytes.data())));
}

}  // namespace assay::imaging
