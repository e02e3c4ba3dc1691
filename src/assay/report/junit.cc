#include "assay/report/junit.h"

#include "assay/report/markup.h"
#include "assay/report/number_text.h"
#include "assay/report/verdict_text.h"

namespace assay::report {
namespace {

std::string case_name(const Requirement& r) {
  return r.finding + (r.comparison == Comparison::kAtLeast ? " >= " : " <= ") + shortest(r.bound);
}

// Confidence is part of the name only where two cases of a suite would share it.
bool named_twice(const CheckOutcome& check, const std::string& name) {
  int count = 0;
  for (const Decision& d : check.decisions) count += case_name(d.requirement) == name ? 1 : 0;
  return count > 1;
}

Markup detail(const CheckOutcome& check, const Decision& d) {
  Markup text;
  const Finding* finding = finding_of(check, d);
  if (finding && is_number(*finding)) {
    const NumberText number = number_text(*finding, {d.requirement.bound});
    text << "measured " << number.value;
    if (finding->interval)
      text << " [" << number.low << ", " << number.high << "] at "
           << percent(finding->interval->level) << " (" << finding->interval->method << ")";
    text << ", n = " << grouped(finding->n) << "\n";
  }
  const std::string proven = proven_text(d, finding);
  if (!proven.empty())
    text << "proven " << proven << " at " << percent(d.requirement.confidence) << "\n";
  const std::string needed = needed_text(d, finding);
  if (!needed.empty()) text << "needed to decide: " << needed << "\n";
  if (!d.requirement.where.empty()) text << "required in " << d.requirement.where << "\n";
  return text;
}

Markup test_case(const CheckOutcome& check, const Decision& d) {
  std::string name = case_name(d.requirement);
  if (named_twice(check, name)) name += " at " + percent(d.requirement.confidence);
  Markup xml;
  xml << "    <testcase classname=\"assay." << one_line(check.name) << "\" name=\""
      << one_line(name) << "\">\n";
  if (d.verdict == Verdict::kFail)
    xml << "      <failure type=\"requirement\" message=\"" << one_line(d.reason) << "\">"
        << detail(check, d) << "</failure>\n";
  if (d.verdict == Verdict::kInconclusive)
    xml << "      <skipped message=\"" << one_line("inconclusive: " + d.reason) << "\"/>\n";
  if (d.verdict != Verdict::kFail)
    xml << "      <system-out>" << detail(check, d) << "</system-out>\n";
  xml << "    </testcase>\n";
  return xml;
}

Markup counts(const Tally& t) {
  Markup attributes;
  attributes << " tests=\"" << std::to_string(t.all()) << "\" failures=\"" << std::to_string(t.fail)
             << "\" errors=\"0\" skipped=\"" << std::to_string(t.inconclusive) << "\"";
  return attributes;
}

}  // namespace

std::string junit_xml(const Outcome& outcome) {
  Markup xml;
  xml << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\""
      << counts(tally(outcome)) << ">\n";
  for (const CheckOutcome& check : outcome.checks) {
    if (check.decisions.empty()) continue;
    xml << "  <testsuite name=\"" << one_line(check.name) << "\"" << counts(tally(check)) << ">\n";
    for (const Decision& d : check.decisions) xml << test_case(check, d);
    xml << "  </testsuite>\n";
  }
  xml << "</testsuites>\n";
  return xml.text();
}

}  // namespace assay::report
