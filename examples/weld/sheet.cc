#include "sheet.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "render.h"

namespace weld {

namespace {

using assay::imaging::Picture;
using Settings = std::map<std::size_t, double>;

class Sheet {
 public:
  Sheet(int rows, int columns, int side)
      : side_(side), sheet_{rows * side, columns * side, 3, 8, {}} {
    sheet_.bytes.resize(static_cast<std::size_t>(sheet_.height) *
                        static_cast<std::size_t>(sheet_.width) * 3);
  }
  void put(const Picture& tile, int row, int column) {
    const std::size_t line = 3 * static_cast<std::size_t>(side_);
    for (int y = 0; y < side_; ++y)
      std::copy_n(&tile.bytes[static_cast<std::size_t>(y) * line], line,
                  &sheet_.bytes[(static_cast<std::size_t>(row * side_ + y) *
                                     static_cast<std::size_t>(sheet_.width) +
                                 static_cast<std::size_t>(column * side_)) *
                                3]);
  }
  Picture take() { return std::move(sheet_); }

 private:
  int side_;
  Picture sheet_;
};

// The picture darkened, with the masks in green and red.
Picture masked(const Drawn& drawn) {
  Picture tile = drawn.picture;
  for (std::size_t i = 0; i < drawn.mask.bytes.size(); ++i) {
    std::uint8_t* rgb = &tile.bytes[3 * i];
    for (int c = 0; c < 3; ++c) rgb[c] /= 2;
    if (drawn.mask.bytes[i] > 0) rgb[1] = static_cast<std::uint8_t>(rgb[1] + 45);
    if (drawn.defect.bytes[i] > 0) rgb[0] = 235;
  }
  return tile;
}

}  // namespace

Picture contact_sheet(std::uint64_t seed, int side) {
  Sheet sheet(5, kClasses, side);
  const auto show = [&](int row, int column, const Plan& plan, std::int64_t index) {
    sheet.put(draw(make_frame(plan, index), side).picture, row, column);
  };
  const Settings day{{cause("camera"), 0}, {cause("shift"), 0}, {cause("arc_glow"), 0}};
  const Settings night{{cause("camera"), 1}, {cause("shift"), 1}, {cause("arc_glow"), 0}};
  const Settings arc{{cause("camera"), 0}, {cause("arc_glow"), 0.6}};
  for (int c = 0; c < kClasses; ++c) {
    const Drawn first = draw(make_frame({seed, 0, day}, c), side);
    sheet.put(first.picture, 0, c);
    show(1, c, {seed, 0, night}, 24 + c);
    show(2, c, {seed, 0, arc}, 48 + c);
    sheet.put(masked(first), 3, c);
  }
  show(4, 0, {seed, kPlate, day}, 0);
  show(4, 1, {seed, kPlate, day}, 4);
  Settings sticker = day;
  sticker[cause("sticker_size")] = 2;
  show(4, 2, {seed, kSticker, sticker}, 2);
  std::int64_t repeated = 24;
  const Plan duplicates{seed, kDuplicates, day};
  while (make_frame(duplicates, repeated).duplicate_of < 0) ++repeated;
  show(4, 3, duplicates, make_frame(duplicates, repeated).duplicate_of);
  show(4, 4, duplicates, repeated);
  Settings line4 = day;
  line4[cause("line")] = 4;
  show(4, 5, {seed, kHardLine, line4}, 1);
  return sheet.take();
}

}  // namespace weld
