#include "assay/stats/number_text.h"

#include <charconv>
#include <cmath>

namespace assay::stats {

std::string number_text(double value, int digits) {
  if (std::isnan(value)) return "not a number";
  char text[48];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits);
  return error == std::errc{} ? std::string(text, end) : "?";
}

std::string percent_text(double share, int digits) {
  return number_text(100 * share, digits) + " %";
}

std::string number_text_beside(double value, double other) {
  int digits = 4;
  while (digits < 17 && value != other && number_text(value, digits) == number_text(other, digits))
    ++digits;
  return number_text(value, digits);
}

}  // namespace assay::stats
