#include "assay/report/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace assay::report {
namespace {

constexpr int kMostDecimals = 10;

// A negative number of decimals: no fixed form serves, use significant().
int decimals_for(const Finding& finding, const std::vector<double>& keep_apart) {
  if (!finding.interval) return -1;
  const Interval& in = *finding.interval;
  const double width = in.high - in.low;
  if (!std::isfinite(width) || width <= 0) return -1;
  int decimals = std::max(0, 1 - static_cast<int>(std::floor(std::log10(width))));
  const auto moved = [&](double shown, double apart) {
    double rounded = 0;
    const std::string text = fixed(shown, decimals);
    std::from_chars(text.data(), text.data() + text.size(), rounded);
    const auto side = [](double a, double b) { return (a > b) - (a < b); };
    return side(rounded, apart) != side(shown, apart);
  };
  const auto any_moved = [&] {
    for (const double apart : keep_apart)
      if (moved(finding.value, apart) || moved(in.low, apart) || moved(in.high, apart)) return true;
    return false;
  };
  while (decimals < kMostDecimals && any_moved()) ++decimals;
  return decimals < kMostDecimals ? decimals : -1;
}

std::string with_separators(std::string digits) {
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string to_chars_text(double value, std::chars_format format, int precision) {
  char buffer[400];  // the longest double in fixed notation has 309 digits before the point
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format, precision);
  return std::string(buffer, end.ptr);
}

}  // namespace

std::string shortest(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return shortest(value);
  std::string text = to_chars_text(value, std::chars_format::fixed, decimals);
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string significant(double value) {
  if (!std::isfinite(value)) return shortest(value);
  const double size = std::abs(value);
  if (size == std::floor(size) && size < 1e15) return grouped(static_cast<std::int64_t>(value));
  if (size < 1e-3 || size >= 1e15) return to_chars_text(value, std::chars_format::scientific, 2);
  const int decimals = std::max(0, 3 - static_cast<int>(std::floor(std::log10(size))));
  std::string text = fixed(value, decimals);
  return decimals == 0 ? with_separators(std::move(text)) : text;
}

std::string grouped(std::int64_t value) { return with_separators(std::to_string(value)); }

std::string percent(double fraction) {
  return to_chars_text(fraction * 100, std::chars_format::general, 6) + "\xC2\xA0%";
}

NumberText number_text(const Finding& finding, const std::vector<double>& keep_apart) {
  const int decimals = decimals_for(finding, keep_apart);
  const auto text = [&](double v) { return decimals < 0 ? significant(v) : fixed(v, decimals); };
  NumberText shown{text(finding.value), {}, {}};
  if (finding.interval) {
    shown.low = text(finding.interval->low);
    shown.high = text(finding.interval->high);
  }
  return shown;
}

std::string beside(double value, const Finding& finding, const std::vector<double>& keep_apart) {
  Finding with_value = finding;
  with_value.value = value;
  return number_text(with_value, keep_apart).value;
}

bool is_number(const Finding& finding) {
  return finding.status == FindingStatus::kOk && std::isfinite(finding.value);
}

}  // namespace assay::report
