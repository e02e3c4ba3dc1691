#include "assay/imaging/mask.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "assay/base/error.h"

namespace assay::imaging {

namespace {

constexpr std::string_view kBox = "box:", kPolygon = "polygon:", kRuns = "rle:";

struct Point {
  double x = 0, y = 0;
};
// Corners in their order, the last joined to the first.
using Polygon = std::vector<Point>;

std::vector<double> numbers_of(std::string_view text, const std::string& name, double most = 1e6) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* end = at + text.size();
  while (true) {
    while (at != end && (*at == ' ' || *at == ',')) ++at;
    if (at == end) return numbers;
    double number = 0;
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc() || !std::isfinite(number) || std::abs(number) > most)
      throw InputError(name, "the mask \"" + std::string(text) +
                                 "\" wants numbers separated by blanks, of px up to a "
                                 "million");
    numbers.push_back(number);
    at = rest;
  }
}

Polygon polygon_of(std::string_view shape, const std::string& name) {
  if (shape.starts_with(kBox)) {
    const auto n = numbers_of(shape.substr(kBox.size()), name);
    if (n.size() != 4 || !(n[0] <= n[2]) || !(n[1] <= n[3]))
      throw InputError(name, "the mask \"" + std::string(shape) +
                                 "\" wants box:LEFT TOP RIGHT BOTTOM, with LEFT up to RIGHT and "
                                 "TOP up to BOTTOM");
    return {{n[0], n[1]}, {n[2], n[1]}, {n[2], n[3]}, {n[0], n[3]}};
  }
  if (!shape.starts_with(kPolygon))
    throw InputError(name, "the mask \"" + std::string(shape) +
                               "\" is no shape: wanted box:LEFT TOP RIGHT BOTTOM, polygon:X Y X Y "
                               "X Y … or rle:HEIGHT WIDTH N N …, joined by ';'");
  const auto n = numbers_of(shape.substr(kPolygon.size()), name);
  if (n.size() < 6 || n.size() % 2 != 0)
    throw InputError(name, "the mask \"" + std::string(shape.substr(0, 80)) +
                               "\" wants at least three corners, two numbers each");
  Polygon polygon;
  for (std::size_t i = 0; i < n.size(); i += 2) polygon.push_back({n[i], n[i + 1]});
  return polygon;
}

// Run lengths down the columns, of unmarked pixels and marked ones in turn.
struct Runs {
  int height = 0, width = 0;
  std::vector<std::size_t> lengths;
};

Runs runs_of(std::string_view shape, const std::string& name) {
  const auto n = numbers_of(shape.substr(kRuns.size()), name, 1e12);
  double sum = 0;
  bool whole = n.size() >= 2 && n[0] <= 1e6 && n[1] <= 1e6;
  for (std::size_t i = 0; i < n.size(); ++i) {
    whole = whole && n[i] >= 0 && n[i] == std::floor(n[i]);
    if (i >= 2) sum += n[i];
  }
  if (!whole || sum != n[0] * n[1])
    throw InputError(name, "the mask \"" + std::string(shape.substr(0, 80)) +
                               "\" wants rle:HEIGHT WIDTH and run lengths whose sum is HEIGHT × "
                               "WIDTH");
  Runs runs{static_cast<int>(n[0]), static_cast<int>(n[1]), {}};
  for (std::size_t i = 2; i < n.size(); ++i) runs.lengths.push_back(static_cast<std::size_t>(n[i]));
  return runs;
}

struct Shapes {
  std::vector<Polygon> polygons;
  std::vector<Runs> runs;
};

Shapes shapes_of(std::string_view shapes, const std::string& name) {
  Shapes all;
  while (!shapes.empty()) {
    const std::size_t end = std::min(shapes.find(';'), shapes.size());
    std::string_view shape = shapes.substr(0, end);
    shapes.remove_prefix(std::min(end + 1, shapes.size()));
    while (shape.starts_with(' ')) shape.remove_prefix(1);
    while (shape.ends_with(' ')) shape.remove_suffix(1);
    if (shape.starts_with(kRuns))
      all.runs.push_back(runs_of(shape, name));
    else if (!shape.empty())
      all.polygons.push_back(polygon_of(shape, name));
  }
  return all;
}

// Row by row: between the 1st and 2nd crossing of the row's middle line, the 3rd and 4th, ….
void mark(const Polygon& polygon, Mask& mask) {
  std::vector<double> crossings;
  for (int row = 0; row < mask.height; ++row) {
    const double y = row + 0.5;
    crossings.clear();
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const Point& a = polygon[i];
      const Point& b = polygon[(i + 1) % polygon.size()];
      if ((a.y <= y) == (b.y <= y)) continue;
      crossings.push_back(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const auto column = [&](double x) {  // the first whose middle is not left of x
        return static_cast<int>(std::clamp(std::ceil(x - 0.5), 0.0, double(mask.width)));
      };
      const auto first = mask.marked.begin() + std::ptrdiff_t{row} * mask.width;
      std::fill(first + column(crossings[i]), first + column(crossings[i + 1]), 1);
    }
  }
}

void mark(const Runs& runs, Mask& mask) {
  const auto height = static_cast<std::size_t>(mask.height);
  const auto width = static_cast<std::size_t>(mask.width);
  std::size_t at = 0;
  bool marked = false;
  for (const std::size_t length : runs.lengths) {
    if (marked)
      for (std::size_t p = at; p < at + length; ++p)
        mask.marked[p % height * width + p / height] = 1;
    at += length;
    marked = !marked;
  }
}

}  // namespace

bool is_shapes(std::string_view source) {
  return source.starts_with(kBox) || source.starts_with(kPolygon) || source.starts_with(kRuns);
}

Mask shapes_mask(std::string_view shapes, int height, int width, const std::string& name) {
  Mask mask{height, width,
            std::vector<std::uint8_t>(
                static_cast<std::size_t>(height) * static_cast<std::size_t>(width), 0)};
  const Shapes all = shapes_of(shapes, name);
  for (const Polygon& polygon : all.polygons) mark(polygon, mask);
  for (const Runs& runs : all.runs) {
    if (runs.height != height || runs.width != width)
      throw InputError(name, "the mask has " + std::to_string(runs.width) + " × " +
                                 std::to_string(runs.height) + " px, its picture " +
                                 std::to_string(width) + " × " + std::to_string(height));
    mark(runs, mask);
  }
  return mask;
}

void check_shapes(std::string_view shapes, const std::string& name) { shapes_of(shapes, name); }

Mask mask_of(const Picture& picture) {
  Mask mask{picture.height, picture.width, {}};
  const auto channels = static_cast<std::size_t>(picture.channels);
  const std::size_t pixels =
      static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width);
  mask.marked.resize(pixels);
  const bool wide = picture.bits == 16;
  const auto reaches_half = [&](std::size_t sample) {
    if (!wide) return picture.bytes[sample] >= 128;
    std::uint16_t value = 0;
    std::memcpy(&value, picture.bytes.data() + 2 * sample, sizeof value);
    return value >= 32768;
  };
  for (std::size_t p = 0; p < pixels; ++p)
    for (std::size_t c = 0; c < channels; ++c)
      if (reaches_half(p * channels + c)) mask.marked[p] = 1;
  return mask;
}

}  // namespace assay::imaging
