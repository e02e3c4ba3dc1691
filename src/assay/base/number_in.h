// A text that is a number and nothing else.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace assay {

// "8", "0.03", "1e-4"; none for blanks, anything behind the number, and what is not finite.
inline std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace assay
