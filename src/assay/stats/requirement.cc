#include "assay/stats/requirement.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "assay/base/error.h"

namespace assay::stats {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw InputError("", "got \"" + text + "\", " + why);
}

}  // namespace

Requirement parse_requirement(const std::string& finding, const std::string& text) {
  std::string_view rest = trimmed(text);
  Requirement r;
  r.finding = finding;
  if (rest.starts_with(">="))
    r.comparison = Comparison::kAtLeast;
  else if (rest.starts_with("<="))
    r.comparison = Comparison::kAtMost;
  else if (rest.starts_with("<") || rest.starts_with(">") || rest.starts_with("="))
    refuse(text, "wanted >= or <=");
  else
    refuse(text, "wanted a comparison such as \">= 0.90\"");

  rest = trimmed(rest.substr(2));
  const char* end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, r.bound);
  if (error != std::errc{} || stop != end || !std::isfinite(r.bound))
    refuse(text, "wanted a number behind the comparison, such as \">= 0.90\"");
  return r;
}

std::string to_text(const Requirement& requirement) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, requirement.bound);
  const std::string sign = requirement.comparison == Comparison::kAtLeast ? ">= " : "<= ";
  return sign + (error == std::errc{} ? std::string(digits, end) : "?");
}

}  // namespace assay::stats
