#include "assay/imaging/panels.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/contact_sheet.h"
#include "assay/imaging/display.h"
#include "assay/imaging/overlay.h"
#include "assay/imaging/scene/shifted_picture.h"

namespace assay::imaging {

namespace {

constexpr int kPanelSide = 224;  // px

// RGB of 8 bits, neither very large nor very small.
Picture panel_canvas(const Picture& picture) {
  Picture p = to_8_bit(shrunk(picture, kPanelSide));
  const int longer = std::max(p.height, p.width);
  p = enlarged(p, (kPanelSide + longer - 1) / longer);
  if (p.channels == 3) return p;
  Picture rgb{p.height, p.width, 3, 8, {}};
  rgb.bytes.reserve(3 * p.bytes.size());
  for (const std::uint8_t v : p.bytes) rgb.bytes.insert(rgb.bytes.end(), 3, v);
  return rgb;
}

std::uint8_t* pixel(Picture& p, int y, int x) {
  return p.bytes.data() + 3 * (static_cast<std::ptrdiff_t>(y) * p.width + x);
}

// Calls f(y, x) for the pixels of the region.
template <class F>
void for_each_inside(const Picture& p, const Region& region, F f) {
  const auto cells =
      static_cast<std::size_t>(region.height) * static_cast<std::size_t>(region.width);
  if (region.height < 1 || region.width < 1 || region.inside.size() != cells ||
      !(region.box[2] > region.box[0]) || !(region.box[3] > region.box[1]))
    throw BugError("panel: cells, size and box do not fit each other");
  const auto cell = [](int at, int pixels, double begin, double end, int count) {
    return static_cast<int>(std::floor(((at + 0.5) / pixels - begin) / (end - begin) * count));
  };
  for (int y = 0; y < p.height; ++y) {
    const int i = cell(y, p.height, region.box[1], region.box[3], region.height);
    if (i < 0 || i >= region.height) continue;
    for (int x = 0; x < p.width; ++x) {
      const int j = cell(x, p.width, region.box[0], region.box[2], region.width);
      if (j < 0 || j >= region.width) continue;
      if (region.inside[static_cast<std::size_t>(i) * static_cast<std::size_t>(region.width) +
                        static_cast<std::size_t>(j)])
        f(y, x);
    }
  }
}

void shade(Picture& p, const Region& region) {
  constexpr double kColor[3] = {230, 97, 1};  // ColorBrewer's PuOr, seen on grey and on colours
  for_each_inside(p, region, [&](int y, int x) {
    const double opaque = (x + y) % 8 < 2 ? 0.85 : 0.35;
    std::uint8_t* v = pixel(p, y, x);
    for (int k = 0; k < 3; ++k)
      v[k] = static_cast<std::uint8_t>(std::lround(v[k] * (1 - opaque) + kColor[k] * opaque));
  });
}

void replace(Picture& p, const Region& region, const Picture& donor) {
  Picture other = to_8_bit(donor);
  for_each_inside(p, region, [&](int y, int x) {
    const auto from = [](int at, int pixels, int theirs) {
      return std::min(theirs - 1, static_cast<int>((at + 0.5) / pixels * theirs));
    };
    const auto at = static_cast<std::size_t>(other.channels) *
                    (static_cast<std::size_t>(from(y, p.height, other.height)) *
                         static_cast<std::size_t>(other.width) +
                     static_cast<std::size_t>(from(x, p.width, other.width)));
    std::uint8_t* v = pixel(p, y, x);
    for (int k = 0; k < 3; ++k)
      v[k] = other.bytes[at + (other.channels == 3 ? static_cast<std::size_t>(k) : 0)];
  });
}

Picture drawn_picture(const Drawing& drawing) {
  Picture p{drawing.height, drawing.width, drawing.channels, 8, {}};
  const std::size_t area =
      static_cast<std::size_t>(drawing.height) * static_cast<std::size_t>(drawing.width);
  const auto channels = static_cast<std::size_t>(drawing.channels);
  if (drawing.values.size() != area * channels)
    throw BugError("panel: a drawing has another size than it says");
  for (std::size_t i = 0; i < area; ++i)
    for (std::size_t c = 0; c < channels; ++c)
      p.bytes.push_back(static_cast<std::uint8_t>(
          std::lround(255 * std::clamp(drawing.values[c * area + i], 0.0F, 1.0F))));
  return p;
}

// Grey where both are equal.
Picture difference(const Picture& p, const Picture& from, double gain) {
  if (p.height != from.height || p.width != from.width)
    throw BugError("panel: a difference wants two pictures of one size");
  Picture out = p;
  for (std::size_t i = 0; i < out.bytes.size(); ++i)
    out.bytes[i] = static_cast<std::uint8_t>(
        std::lround(std::clamp(127.5 + gain * (p.bytes[i] - from.bytes[i]), 0.0, 255.0)));
  return out;
}

}  // namespace

std::string panels_png(const Picture& picture, const std::vector<Panel>& panels,
                       const std::function<Picture(std::int64_t)>& picture_of_row,
                       const std::function<Picture(const Shift&)>& shifted) {
  const Picture canvas = panel_canvas(picture);
  std::vector<Tile> tiles;
  for (const Panel& panel : panels) {
    Picture drawn = panel.row ? panel_canvas(picture_of_row(*panel.row)) : canvas;
    if (panel.shift)
      drawn =
          panel_canvas(shifted ? shifted(*panel.shift) : shifted_picture(picture, *panel.shift));
    if (panel.drawing) drawn = panel_canvas(drawn_picture(*panel.drawing));
    if (panel.difference > 0 && !tiles.empty())
      drawn = difference(drawn, tiles.front().picture, panel.difference);
    if (panel.overlay) drawn = overlaid(drawn, *panel.overlay);
    if (panel.region) shade(drawn, *panel.region);
    if (panel.replacement)
      replace(drawn, panel.replacement->region,
              shrunk(picture_of_row(panel.replacement->donor), kPanelSide));
    tiles.push_back({std::move(drawn), panel.title});
  }
  return contact_sheet_png(tiles, static_cast<int>(tiles.size()));
}

}  // namespace assay::imaging
