#include "label.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace weld {

namespace {

// Digits of 3×5 cells, a row an octal digit, its bits from left to right.
constexpr unsigned kDigits[10] = {075557, 026227, 071747, 071717, 055711,
                                  074717, 074757, 071222, 075757, 075717};
constexpr int kRows = 5, kColumns = 3;

bool inked(int digit, int row, int column) {
  return kDigits[digit] >> (3 * (kRows - 1 - row) + (kColumns - 1 - column)) & 1;
}

// Rectangles are fractions of the picture's side: what sticks to the frame is there at any size.
struct Box {
  double left, top, right, bottom;
};

class Painter {
 public:
  Painter(Radiance radiance, const Frame& frame)
      : r_(std::move(radiance)), light_(black_body(frame[cause("light_temperature")])) {}

  // Covers the box with matt paint of this reflectance.
  void fill(const Box& box, const Rgb& reflectance) {
    const auto edge = [this](double part) {
      return std::clamp(static_cast<int>(std::lround(part * r_.size)), 0, r_.size);
    };
    for (int y = edge(box.top); y < edge(box.bottom); ++y)
      for (std::size_t c = 0; c < 3; ++c) {
        float* row = &r_.rgb[c][static_cast<std::size_t>(y) * static_cast<std::size_t>(r_.size)];
        std::fill(row + edge(box.left), row + edge(box.right),
                  static_cast<float>(reflectance[c] * light_[c]));
      }
  }
  void number(const Box& box, int value) {
    const std::string digits = std::to_string(value);
    const double cell = (box.bottom - box.top) / (kRows + 2);
    for (std::size_t d = 0; d < digits.size(); ++d)
      for (int row = 0; row < kRows; ++row)
        for (int column = 0; column < kColumns; ++column) {
          if (!inked(digits[d] - '0', row, column)) continue;
          const double left =
              box.left + cell * (1 + column + static_cast<double>(d) * (kColumns + 1));
          const double top = box.top + cell * (1 + row);
          fill({left, top, left + cell, top + cell}, {0.05, 0.05, 0.06});
        }
  }
  Radiance take() { return std::move(r_); }

 private:
  Radiance r_;
  Rgb light_;
};

}  // namespace

Radiance labelled(Radiance radiance, const Frame& frame) {
  Painter painter(std::move(radiance), frame);
  if (const int number = frame.whole(cause("plate_number")); number > 0) {
    const Box plate{0.03, 0.035, 0.03 + 0.0185 * 13, 0.035 + 0.0185 * 7};
    painter.fill(plate, {0.62, 0.63, 0.6});
    painter.number(plate, number);
  }
  if (const double side = frame[cause("sticker_size")]; side > 0) {
    const double part = side / frame[cause("field_of_view")];
    painter.fill({0.93 - part, 0.93 - part, 0.93, 0.93}, {0.8, 0.62, 0.05});
  }
  return painter.take();
}

}  // namespace weld
