#include "assay/report/terminal_summary.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/report/markup.h"
#include "assay/report/number_text.h"
#include "assay/report/verdict_text.h"

namespace assay::report {
namespace {

// Code points, which is what a terminal's columns are for the scripts that labels usually have.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string measured_text(const Finding* finding, const Decision& d) {
  if (!finding) return "";
  if (!is_number(*finding)) return "undefined";
  const NumberText number = number_text(*finding, {d.requirement.bound});
  std::string text = number.value;
  if (finding->interval) text += " [" + number.low + ", " + number.high + "]";
  return finding->unit.empty() ? text : text + " " + finding->unit;
}

// Terminals in an old locale know no other signs.
std::string with_ascii_signs(std::string text) {
  for (const auto& [sign, ascii] : {std::pair{"\u2265", ">="}, std::pair{"\u2264", "<="}})
    for (std::size_t at = text.find(sign); at != text.npos; at = text.find(sign, at))
      text.replace(at, std::string_view(sign).size(), ascii);
  return text;
}

// The last cell of a row is free: it is neither padded nor measured.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += " " + row[i];
      if (i + 1 < row.size()) line.append(widths[i] - columns_of(row[i]) + 1, ' ');
    }
    while (line.back() == ' ') line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string explanation(const Decision& d, const Finding* finding) {
  const std::string proven = proven_text(d, finding);
  std::string text;
  if (!proven.empty()) text = "proven " + proven;
  if (!is_number(finding ? *finding : Finding{})) text = d.reason;
  const std::string needed = needed_text(d, finding);
  if (!needed.empty()) text += (text.empty() ? "" : "; ") + ("n needed: " + needed);
  return text;
}

}  // namespace

std::string terminal_summary(const Outcome& outcome) {
  std::string text =
      "Verdict: " + upper_case(verdict_id(outcome)) + "\n" + verdict_sentence(outcome) + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const CheckOutcome& check : outcome.checks) {
    for (const Decision& d : check.decisions) {
      const Finding* finding = finding_of(check, d);
      rows.push_back({verdict_id(d.verdict), one_line(check.name),
                      with_ascii_signs(one_line(requirement_text(d.requirement))),
                      one_line(measured_text(finding, d)),
                      with_ascii_signs(one_line(explanation(d, finding)))});
    }
  }
  if (!rows.empty()) text += "\n" + aligned(rows);
  const auto all_warnings = warnings(outcome);
  if (!all_warnings.empty()) text += "\nWarnings\n";
  for (const Warning& w : all_warnings)
    text += "  " + one_line(w.check ? w.check->name : "data") + ": " + one_line(w.text) + "\n";
  return text;
}

}  // namespace assay::report
