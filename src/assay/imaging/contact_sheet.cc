#include "assay/imaging/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <opencv2/imgproc.hpp>

#include "assay/base/error.h"
#include "assay/imaging/display.h"
#include "assay/imaging/encode.h"

namespace assay::imaging {

namespace {

constexpr int kShortest = 112, kLongest = 224, kManyTiles = 64, kGap = 6, kCaption = 16;  // px
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontScale = 0.4;  // of Hershey's 22 px

Picture fitted(const Picture& picture, int longest) {
  Picture p = to_8_bit(shrunk(picture, longest));
  const int longer = std::max(p.height, p.width);
  return enlarged(p, (kShortest + longer - 1) / longer);
}

int width_of(const std::string& text) {
  int below = 0;
  return cv::getTextSize(text, kFont, kFontScale, 1, &below).width;
}

std::string fitted(const std::string& caption, int width) {
  std::string text;
  for (const char c : caption)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) text += c >= ' ' && c <= '~' ? c : '?';
  if (width_of(text) <= width) return text;
  while (!text.empty() && width_of(text + "..") > width) text.pop_back();
  return text + "..";
}

}  // namespace

std::string contact_sheet_png(const std::vector<Tile>& tiles, int columns) {
  if (tiles.empty()) throw BugError("a contact sheet of nothing");
  const int count = static_cast<int>(tiles.size());
  std::vector<Picture> pictures;
  int width = 0, height = 0;
  for (const Tile& tile : tiles) {
    pictures.push_back(fitted(tile.picture, count > kManyTiles ? kShortest : kLongest));
    width = std::max(width, pictures.back().width);
    height = std::max(height, pictures.back().height);
  }
  if (columns < 1) columns = static_cast<int>(std::ceil(std::sqrt(count)));
  const int rows = (count + columns - 1) / columns;
  const int step_x = width + kGap, step_y = height + kCaption + kGap;
  Picture sheet{rows * step_y + kGap, columns * step_x + kGap, 3, 8, {}};
  sheet.bytes.assign(
      static_cast<std::size_t>(sheet.height) * static_cast<std::size_t>(sheet.width) * 3, 255);
  cv::Mat canvas(sheet.height, sheet.width, CV_8UC3, sheet.bytes.data());  // red first
  for (int i = 0; i < count; ++i) {
    Picture& p = pictures[static_cast<std::size_t>(i)];
    const int left = kGap + i % columns * step_x, top = kGap + i / columns * step_y;
    cv::Mat part = canvas(cv::Rect(left, top, p.width, p.height));
    const cv::Mat pixels(p.height, p.width, CV_MAKETYPE(CV_8U, p.channels), p.bytes.data());
    if (p.channels == 1)
      cv::cvtColor(pixels, part, cv::COLOR_GRAY2RGB);
    else
      pixels.copyTo(part);
    cv::putText(canvas, fitted(tiles[static_cast<std::size_t>(i)].caption, width),
                {left, top + height + kCaption - 4}, kFont, kFontScale, {0, 0, 0}, 1, cv::LINE_AA);
  }
  return encode_png(sheet);
}

}  // namespace assay::imaging
