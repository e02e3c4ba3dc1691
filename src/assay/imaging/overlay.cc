#include "assay/imaging/overlay.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <opencv2/core/mat.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "assay/base/error.h"
#include "assay/imaging/display.h"

namespace assay::imaging {
namespace {

constexpr int kShortestLongSide = 224, kLongestSide = 1024;  // px
constexpr double kMostOpaque = 0.8;

using ColorMap = std::array<cv::Vec3b, 256>;  // B, G, R

// matplotlib's inferno (van der Walt and Smith, 2015; CC0), as OpenCV carries it.
const ColorMap& inferno() {
  static const ColorMap map = [] {
    cv::Mat ramp(1, 256, CV_8U), colors;
    for (int i = 0; i < 256; ++i) ramp.at<std::uint8_t>(i) = static_cast<std::uint8_t>(i);
    cv::applyColorMap(ramp, colors, cv::COLORMAP_INFERNO);
    ColorMap m;
    for (int i = 0; i < 256; ++i) m[static_cast<std::size_t>(i)] = colors.at<cv::Vec3b>(i);
    return m;
  }();
  return map;
}

// Where the pixels of one side fall on the map's cells, between two of them.
struct Lookup {
  bool inside = false;  // of the map's box
  int low = 0, high = 0;
  float part = 0;  // of `high`
};

std::vector<Lookup> lookups(int pixels, int cells, double begin, double end) {
  std::vector<Lookup> all(static_cast<std::size_t>(pixels));
  for (int i = 0; i < pixels; ++i) {
    const double u = ((i + 0.5) / pixels - begin) / (end - begin);
    const double cell = std::clamp(u * cells - 0.5, 0.0, cells - 1.0);
    Lookup& l = all[static_cast<std::size_t>(i)];
    l.inside = u >= 0 && u < 1;
    l.low = static_cast<int>(cell);
    l.high = std::min(l.low + 1, cells - 1);
    l.part = static_cast<float>(cell - l.low);
  }
  return all;
}

// How a value looks: t is −1 to 1 of the scale, and below 0 only for diverging overlays.
cv::Vec3b color_of(double t, bool diverging) {
  if (!diverging) return inferno()[static_cast<std::size_t>(std::lround(t * 255))];
  return t < 0 ? cv::Vec3b(172, 102, 33) : cv::Vec3b(43, 24, 178);
}

float drawable(float v, bool diverging) { return std::isfinite(v) && (diverging || v > 0) ? v : 0; }

// The value that the scale ends at; 0 where there is nothing to draw.
double scale_end(const Overlay& overlay) {
  double max = overlay.scale_max;
  if (!(max > 0))
    for (const float v : overlay.values)
      max = std::max(max, std::abs(double{drawable(v, overlay.diverging)}));
  return std::isfinite(max) && max > 0 ? max : 0;
}

// Calls `f(y, x, t)` for every pixel of a canvas within the map's box, t being the map's value there
// over `max`, at most ±1.
template <class F>
void for_each_share(int height, int width, const Overlay& overlay, double max, F f) {
  const auto columns = lookups(width, overlay.width, overlay.box[0], overlay.box[2]);
  const auto rows = lookups(height, overlay.height, overlay.box[1], overlay.box[3]);
  for (int y = 0; y < height; ++y) {
    const Lookup& r = rows[static_cast<std::size_t>(y)];
    if (!r.inside) continue;
    const float* low = overlay.values.data() + std::ptrdiff_t{r.low} * overlay.width;
    const float* high = overlay.values.data() + std::ptrdiff_t{r.high} * overlay.width;
    for (int x = 0; x < width; ++x) {
      const Lookup& c = columns[static_cast<std::size_t>(x)];
      if (!c.inside) continue;
      const auto between = [&](const float* cells) {
        return drawable(cells[c.low], overlay.diverging) * (1 - c.part) +
               drawable(cells[c.high], overlay.diverging) * c.part;
      };
      const double value = between(low) * (1 - r.part) + between(high) * r.part;
      f(y, x, std::clamp(value / max, -1.0, 1.0));
    }
  }
}

void blend_map(cv::Mat& canvas, int height, int width, const Overlay& overlay, double max) {
  for_each_share(height, width, overlay, max, [&](int y, int x, double t) {
    const double alpha = kMostOpaque * std::abs(t);
    const cv::Vec3b color = color_of(t, overlay.diverging);
    cv::Vec3b& pixel = canvas.at<cv::Vec3b>(y, x);
    for (int k = 0; k < 3; ++k)
      pixel[k] = cv::saturate_cast<std::uint8_t>(pixel[k] * (1 - alpha) + color[k] * alpha);
  });
}

void frame_box(cv::Mat& canvas, int height, int width, const Overlay& overlay) {
  const auto place = [](double fraction, int pixels) {
    return std::clamp(static_cast<int>(std::lround(fraction * pixels)), 0, pixels);
  };
  const int left = place(overlay.box[0], width), right = place(overlay.box[2], width);
  const int top = place(overlay.box[1], height), bottom = place(overlay.box[3], height);
  if ((left == 0 && top == 0 && right == width && bottom == height) || right - left < 4 ||
      bottom - top < 4)
    return;
  // White within black: one of them shows on any picture.
  cv::rectangle(canvas, {left, top}, {right - 1, bottom - 1}, {0, 0, 0}, 1);
  cv::rectangle(canvas, {left + 1, top + 1}, {right - 2, bottom - 2}, {255, 255, 255}, 1);
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", v);
  return text;
}

// The pixels of 8 bits in OpenCV's channel order.
cv::Mat bgr_of(const Picture& picture) {
  const cv::Mat pixels(picture.height, picture.width, CV_MAKETYPE(CV_8U, picture.channels),
                       const_cast<std::uint8_t*>(picture.bytes.data()));  // only read
  cv::Mat bgr;
  cv::cvtColor(pixels, bgr, picture.channels == 1 ? cv::COLOR_GRAY2BGR : cv::COLOR_RGB2BGR);
  return bgr;
}

void check(const Overlay& overlay) {
  if (overlay.height < 1 || overlay.width < 1 ||
      overlay.values.size() !=
          static_cast<std::size_t>(overlay.height) * static_cast<std::size_t>(overlay.width) ||
      !(overlay.box[2] > overlay.box[0]) || !(overlay.box[3] > overlay.box[1]))
    throw BugError("overlay: values, size and box do not fit each other");
}

Picture picture_of(const cv::Mat& canvas) {
  Picture drawn{canvas.rows, canvas.cols, 3, 8, {}};
  drawn.bytes.resize(canvas.total() * 3);
  cv::Mat rgb(canvas.size(), CV_8UC3, drawn.bytes.data());
  cv::cvtColor(canvas, rgb, cv::COLOR_BGR2RGB);
  return drawn;
}

// At the size that it is drawn in.
Picture canvas_of(const Picture& picture) {
  Picture p = to_8_bit(shrunk(picture, kLongestSide));
  const int longer = std::max(p.height, p.width);
  return enlarged(p, (kShortestLongSide + longer - 1) / longer);
}

}  // namespace

Picture overlaid(const Picture& picture, const Overlay& overlay) {
  check(overlay);
  const Picture p = canvas_of(picture);
  cv::Mat canvas = bgr_of(p);
  if (const double max = scale_end(overlay); max > 0)
    blend_map(canvas, p.height, p.width, overlay, max);
  frame_box(canvas, p.height, p.width, overlay);
  return picture_of(canvas);
}

std::string overlay_png(const Picture& picture, const Overlay& overlay) {
  check(overlay);
  const Picture p = canvas_of(picture);
  const double max = scale_end(overlay);
  constexpr int kGap = 8, kBarWidth = 14, kFont = cv::FONT_HERSHEY_SIMPLEX, kTextHeight = 10;
  constexpr double kFontScale = 0.45;  // of Hershey's 22 px
  const std::string low = overlay.diverging && max > 0 ? number(-max) : "0", high = number(max);
  int below = 0;
  const int text_width = std::max(cv::getTextSize(low, kFont, kFontScale, 1, &below).width,
                                  cv::getTextSize(high, kFont, kFontScale, 1, &below).width);
  const int bar_left = p.width + kGap, text_left = bar_left + kBarWidth + kGap / 2;
  // Room for two numbers beside the bar even where the picture is flat.
  const int height = std::max(p.height, 3 * kTextHeight);
  cv::Mat canvas(height, text_left + text_width + kGap, CV_8UC3, cv::Scalar(255, 255, 255));
  bgr_of(p).copyTo(canvas(cv::Rect(0, 0, p.width, p.height)));
  if (max > 0) blend_map(canvas, p.height, p.width, overlay, max);
  frame_box(canvas, p.height, p.width, overlay);

  for (int y = 0; y < height; ++y) {
    const double up = static_cast<double>(height - 1 - y) / std::max(1, height - 1);
    const double t = overlay.diverging ? 2 * up - 1 : up;
    cv::Vec3b color = color_of(t, overlay.diverging);
    // As opaque as the map is, on white.
    if (overlay.diverging)
      for (int k = 0; k < 3; ++k)
        color[k] = cv::saturate_cast<std::uint8_t>(255 + (color[k] - 255) * std::abs(t));
    for (int x = 0; x < kBarWidth; ++x) canvas.at<cv::Vec3b>(y, bar_left + x) = color;
  }
  const auto print = [&](const std::string& text, int baseline) {
    cv::putText(canvas, text, {text_left, baseline}, kFont, kFontScale, {0, 0, 0}, 1, cv::LINE_AA);
  };
  print(low, height - 1);
  if (max > 0) print(high, kTextHeight);
  return encode_png(picture_of(canvas));
}

std::string brightness_png(const Picture& picture, const Overlay& overlay) {
  check(overlay);
  const Picture p = canvas_of(picture);
  const cv::Mat lit = bgr_of(p);
  cv::Mat canvas(p.height, p.width, CV_8UC3, cv::Scalar(0, 0, 0));
  Overlay supports = overlay;
  supports.diverging = false;  // what is below 0 is as dark as 0
  if (const double max = scale_end(supports); max > 0)
    for_each_share(p.height, p.width, supports, max, [&](int y, int x, double t) {
      for (int k = 0; k < 3; ++k)
        canvas.at<cv::Vec3b>(y, x)[k] =
            cv::saturate_cast<std::uint8_t>(t * lit.at<cv::Vec3b>(y, x)[k]);
    });
  return encode_png(picture_of(canvas));
}

std::string thumbnail_png(const Picture& picture, int longest_side_px) {
  return encode_png(to_8_bit(shrunk(picture, std::max(1, longest_side_px))));
}

}  // namespace assay::imaging
