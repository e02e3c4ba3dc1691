// Corruptions that fall on the lens or stand in the air: random fields.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "assay/imaging/corruption/kernels.h"

namespace assay::imaging {

namespace {

cv::Mat in_three_channels(const cv::Mat& grey) {
  cv::Mat three;
  cv::merge(std::vector<cv::Mat>{grey, grey, grey}, three);
  return three;
}

int power_of_two_above(int size) {
  int side = 1;
  while (side < size) side *= 2;
  return side;
}

}  // namespace

cv::Mat to_levels(const cv::Mat& x) {
  cv::Mat levels(x.size(), CV_8UC(x.channels()));
  const std::size_t n = x.total() * static_cast<std::size_t>(x.channels());
  const cv::Mat whole = x.isContinuous() ? x : x.clone();
  const auto* in = whole.ptr<float>();
  auto* out = levels.ptr<std::uint8_t>();
  for (std::size_t i = 0; i < n; ++i)
    // A value that came from a level must go back to it.
    out[i] = static_cast<std::uint8_t>(std::clamp(in[i], 0.0f, 1.0f) * 255.0f + 1e-4f);
  return levels;
}

cv::Mat normal_field(int rows, int cols, double mean, double deviation, Stream& stream) {
  cv::Mat field(rows, cols, CV_32F);
  stream.fill_normal({field.ptr<float>(), field.total()});
  return field * deviation + mean;
}

cv::Mat plasma(int side, double decay, Stream& stream) {
  std::vector<double> map(static_cast<std::size_t>(side) * static_cast<std::size_t>(side), 0);
  const auto at = [&](int i, int j) -> double& {
    return map[static_cast<std::size_t>((i + side) % side) * static_cast<std::size_t>(side) +
               static_cast<std::size_t>((j + side) % side)];
  };
  double wobble = 100;
  const auto wobbled = [&](double sum) {
    return sum / 4 + wobble * wobble * (2 * stream.uniform() - 1);
  };
  for (int step = side; step >= 2; step /= 2, wobble /= decay) {
    const int half = step / 2;
    for (int i = half; i < side; i += step)
      for (int j = half; j < side; j += step)
        at(i, j) = wobbled(at(i - half, j - half) + at(i + half, j - half) +
                           at(i - half, j + half) + at(i + half, j + half));
    for (int i = 0; i < side; i += half)
      for (int j = (i / half) % 2 == 0 ? half : 0; j < side; j += step)
        at(i, j) = wobbled(at(i - half, j) + at(i + half, j) + at(i, j - half) + at(i, j + half));
  }
  const auto [low, high] = std::minmax_element(map.begin(), map.end());
  const double least = *low, range = std::max(1e-12, *high - *low);
  cv::Mat field(side, side, CV_32F);
  for (std::size_t k = 0; k < map.size(); ++k)
    field.ptr<float>()[k] = static_cast<float>((map[k] - least) / range);
  return field;
}

cv::Mat with_snow(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  cv::Mat layer = centre_enlarged(normal_field(x.rows, x.cols, p[0], p[1], stream), p[2]);
  layer.setTo(0, layer < p[3]);
  cv::Mat back;
  to_levels(layer).convertTo(back, CV_32F, 1.0 / 255);
  layer = drawn_along(back, p[4], p[5], -135 + 90 * stream.uniform());
  cv::Mat grey, turned, out;
  cv::cvtColor(x, grey, cv::COLOR_RGB2GRAY);
  cv::max(x, in_three_channels(grey * 1.5 + 0.5), out);
  cv::rotate(layer, turned, cv::ROTATE_180);
  return p[6] * x + (1 - p[6]) * out + in_three_channels(layer + turned);
}

// Feathers of ice: ridges of several scales of a height map, densest towards one corner, bluish white.
cv::Mat with_frost(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  const int side = power_of_two_above(std::max(x.rows, x.cols));
  const cv::Mat rough = plasma(side, 1.35, stream), broad = plasma(side, 2.2, stream);
  const int top = static_cast<int>(stream.below(static_cast<std::uint64_t>(side - x.rows + 1))),
            left = static_cast<int>(stream.below(static_cast<std::uint64_t>(side - x.cols + 1)));
  cv::Mat out(x.size(), x.type());
  for (int i = 0; i < x.rows; ++i)
    for (int j = 0; j < x.cols; ++j) {
      const float r = rough.at<float>(top + i, left + j), b = broad.at<float>(top + i, left + j);
      const float ridge = 1 - std::min(1.0f, std::abs(std::fmod(6 * r, 1.0f) - 0.5f) * 2.4f);
      const float ice = std::clamp(0.25f + 0.55f * b + 0.45f * ridge * b, 0.0f, 1.0f);
      const cv::Vec3f color(0.82f * ice, 0.90f * ice, 1.0f * ice);
      out.at<cv::Vec3f>(i, j) =
          x.at<cv::Vec3f>(i, j) * static_cast<float>(p[0]) + color * static_cast<float>(p[1]);
    }
  return out;
}

cv::Mat with_fog(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  double high = 0;
  cv::minMaxLoc(x.reshape(1), nullptr, &high);
  const cv::Mat map =
      plasma(std::max(256, power_of_two_above(std::max(x.rows, x.cols))), p[1], stream);
  const cv::Mat part = map(cv::Rect(0, 0, x.cols, x.rows));
  return (x + p[0] * in_three_channels(part)) * (high / (high + p[0]));
}

cv::Mat with_spatter(const cv::Mat& x, std::span<const double> p, Stream& stream) {
  cv::Mat liquid =
      smoothed(normal_field(x.rows, x.cols, p[0], p[1], stream), p[2], 4, Beyond::kRepeated);
  liquid.setTo(0, liquid < p[3]);
  if (p[5] == 0) {
    const cv::Mat drops = to_levels(liquid);
    cv::Mat edges, distance, levels, relief, weight;
    cv::Canny(drops, edges, 50, 150);
    cv::distanceTransform(255 - edges, distance, cv::DIST_L2, 5);
    cv::threshold(distance, distance, 20, 20, cv::THRESH_TRUNC);
    cv::blur(distance, distance, {3, 3});
    distance.convertTo(levels, CV_8U, 1, -0.5 + 1e-4);  // truncated
    cv::equalizeHist(levels, levels);
    const cv::Matx33f emboss(-2, -1, 0, -1, 1, 1, 0, 1, 2);
    cv::filter2D(levels, relief, CV_8U, emboss);
    cv::blur(relief, relief, {3, 3});
    relief.convertTo(weight, CV_32F);
    cv::Mat as_floats;
    drops.convertTo(as_floats, CV_32F);
    weight = weight.mul(as_floats);
    double most = 0;
    cv::minMaxLoc(weight, nullptr, &most);
    if (most > 0) weight *= p[4] / most;
    cv::Mat out;
    cv::merge(std::vector<cv::Mat>{weight * (175 / 255.0), weight * (238 / 255.0),
                                   weight * (238 / 255.0)},
              out);
    return x + out;
  }
  cv::Mat mud;
  cv::Mat(liquid > p[3]).convertTo(mud, CV_32F, 1.0 / 255);
  mud = smoothed(mud, p[4], 4, Beyond::kRepeated);
  mud.setTo(0, mud < 0.8);
  cv::Mat color, keep = in_three_channels(1 - mud);
  cv::merge(std::vector<cv::Mat>{mud * (63 / 255.0), mud * (42 / 255.0), mud * (20 / 255.0)},
            color);
  return x.mul(keep) + color;
}

}  // namespace assay::imaging
