#include "assay/report/governance_html.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "assay/report/verdict_html.h"
#include "assay/report/verdict_text.h"

namespace assay::report {
namespace {

// Of a group of the data ("…/camera=left").
bool of_group(const std::string& finding) {
  const std::size_t slash = finding.find('/');
  return slash != finding.npos && finding.find('=', slash) != finding.npos;
}

// "top1, recall (6)": findings by what stands before the '/', in their order. With `groups`, only
// those of groups.
std::string kinds(const CheckOutcome& check, bool groups) {
  std::vector<std::pair<std::string, int>> counted;
  for (const Finding& f : check.findings) {
    if (groups && !of_group(f.id)) continue;
    const std::string kind = f.id.substr(0, f.id.find('/'));
    std::size_t at = 0;
    while (at < counted.size() && counted[at].first != kind) ++at;
    if (at == counted.size()) counted.emplace_back(kind, 0);
    ++counted[at].second;
  }
  std::string text;
  for (const auto& [kind, count] : counted)
    text += (text.empty() ? "" : ", ") + kind +
            (count > 1 ? " (" + std::to_string(count) + ")" : std::string());
  return text;
}

// A check's findings, or those of groups alone, and how many of their requirements have which verdict.
Markup evidence_html(const Outcome& outcome, const CheckOutcome& check, bool groups) {
  Markup html;
  html << "<p><a href=\"#" << check_anchor(outcome, check) << "\">" << check.name
       << "</a>: " << kinds(check, groups);
  for (const Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kInconclusive}) {
    const auto count =
        std::count_if(check.decisions.begin(), check.decisions.end(), [&](const Decision& d) {
          return d.verdict == verdict && (!groups || of_group(d.requirement.finding));
        });
    if (count > 0) html << " " << badge_html(verdict_id(verdict)) << " × " << std::to_string(count);
  }
  return html << "</p>\n";
}

template <std::size_t N>
Markup requirements_table(const Outcome& outcome, std::string_view title, std::string_view column,
                          const std::array<std::string_view, N>& names,
                          std::uint32_t EvidenceFor::*bits) {
  Markup html;
  html << "<h3>" << title
       << "</h3>\n<div class=\"scroll\"><table class=\"evidence\"><thead><tr><th>" << column
       << "</th><th>evidence for it in this audit</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < N; ++i) {
    html << "<tr><th scope=\"row\">" << names[i] << "</th><td>";
    bool any = false;
    for (const CheckOutcome& check : outcome.checks) {
      const bool of_check = (check.evidence_for.*bits >> i & 1U) != 0;
      // How groups of the data fare is a question of fairness, whichever check asks it.
      const bool groups = !of_check && bits == &EvidenceFor::key_requirements &&
                          (1U << i) == static_cast<std::uint32_t>(kFairness);
      if (!(of_check || groups) || kinds(check, groups).empty()) continue;
      html << evidence_html(outcome, check, groups);
      any = true;
    }
    if (bits == &EvidenceFor::key_requirements &&
        (1U << i) == static_cast<std::uint32_t>(kAccountability)) {
      html
          << "<p><a href=\"#repeat\">the record of this audit</a>: model, data and plan with their "
             "digests, repeatable to the same numbers</p>\n";
      any = true;
    }
    if (!any) html << "<p class=\"quiet\">none</p>\n";
    html << "</td></tr>\n";
  }
  return html << "</tbody></table></div>\n";
}

}  // namespace

Markup governance_html(const Outcome& outcome) {
  Markup html;
  bool any = false;
  for (const CheckOutcome& check : outcome.checks)
    any |= check.evidence_for.key_requirements != 0 || check.evidence_for.annex_iv != 0;
  if (!any) return html;
  html
      << "<section id=\"evidence\">\n<h2>What this is evidence for</h2>\n"
         "<p class=\"note\">Evidence for a requirement is not its fulfilment: whether it suffices, "
         "those decide who answer for the system. Where it says none, this audit has nothing to "
         "say.</p>\n<details class=\"print\"><summary>Findings by key requirement and by heading "
         "of "
         "a technical file</summary>\n";
  html << requirements_table(outcome, "The seven key requirements for trustworthy AI",
                             "key requirement", kKeyRequirements, &EvidenceFor::key_requirements)
       << requirements_table(outcome, "Technical documentation, EU AI Act, Annex IV", "heading",
                             kAnnexIv, &EvidenceFor::annex_iv);
  return html << "</details>\n</section>\n";
}

}  // namespace assay::report
