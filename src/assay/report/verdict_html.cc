#include "assay/report/verdict_html.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "assay/report/finding_html.h"
#include "assay/report/number_text.h"
#include "assay/report/verdict_text.h"

namespace assay::report {
namespace {

struct Item {
  const CheckOutcome* check;
  const Decision* decision;
};

// What blocks a release first; the plan's order otherwise.
std::vector<Item> by_severity(const Outcome& outcome) {
  std::vector<Item> items;
  for (const CheckOutcome& check : outcome.checks)
    for (const Decision& d : check.decisions) items.push_back({&check, &d});
  const auto rank = [](const Item& item) {
    switch (item.decision->verdict) {
      case Verdict::kFail:
        return 0;
      case Verdict::kInconclusive:
        return 1;
      case Verdict::kPass:
        break;
    }
    return 2;
  };
  std::stable_sort(items.begin(), items.end(),
                   [&](const Item& a, const Item& b) { return rank(a) < rank(b); });
  return items;
}

// A requirement drawn: the acceptable side shaded, the bound as a line, interval and measured value
// over them. It repeats the row's numbers, hence it is hidden from screen readers.
Markup strip_html(const Decision& d, const Finding* f) {
  Markup svg;
  if (!f || !is_number(*f) || !std::isfinite(d.requirement.bound)) return svg;
  constexpr double kWidth = 150, kHeight = 24, kMargin = 0.12;
  std::vector<double> marks{f->value, d.requirement.bound};
  if (f->interval && std::isfinite(f->interval->low) && std::isfinite(f->interval->high)) {
    marks.push_back(f->interval->low);
    marks.push_back(f->interval->high);
  }
  const auto [low, high] = std::minmax_element(marks.begin(), marks.end());
  const double first = *low, span = *high > *low ? *high - *low : 1;
  if (!std::isfinite(span)) return svg;
  const auto x = [&](double v) {
    return kWidth * (kMargin + (1 - 2 * kMargin) * (*high > first ? (v - first) / span : 0.5));
  };
  const bool at_least = d.requirement.comparison == Comparison::kAtLeast;
  const double bound = x(d.requirement.bound);
  svg << "<svg class=\"strip\" viewBox=\"0 0 150 24\" width=\"150\" height=\"24\" "
         "aria-hidden=\"true\">"
      << "<rect class=\"allowed\" x=\"" << fixed(at_least ? bound : 0, 1) << "\" y=\"3\" width=\""
      << fixed(at_least ? kWidth - bound : bound, 1) << "\" height=\"18\"/>"
      << "<line class=\"bound\" x1=\"" << fixed(bound, 1) << "\" x2=\"" << fixed(bound, 1)
      << "\" y1=\"1\" y2=\"23\"/>";
  if (marks.size() == 4)
    svg << "<line class=\"range\" x1=\"" << fixed(x(f->interval->low), 1) << "\" x2=\""
        << fixed(x(f->interval->high), 1) << "\" y1=\"12\" y2=\"12\"/>";
  return svg << "<circle class=\"measured\" cx=\"" << fixed(x(f->value), 1) << "\" cy=\""
             << fixed(kHeight / 2, 0) << "\" r=\"4\"/></svg>";
}

Markup measured_html(const Finding* f, const Decision& d) {
  Markup html;
  if (!f || !is_number(*f)) return html << "<span class=\"undefined\">undefined</span>";
  const std::vector<double> apart{d.requirement.bound};
  html << "<span class=\"strong\">" << number_text(*f, apart).value << "</span>";
  if (!f->unit.empty()) html << "\u202F<span class=\"unit\">" << f->unit << "</span>";
  const Markup interval = interval_html(*f, apart);
  if (!interval.empty()) html << "<br>" << interval;
  return html;
}

Markup requirement_row(const Outcome& outcome, const Item& item) {
  const Decision& d = *item.decision;
  const Finding* f = finding_of(*item.check, d);
  const std::string proven = proven_text(d, f), needed = needed_text(d, f);
  Markup row;
  row << "<tr class=\"" << verdict_id(d.verdict) << "\"><td data-label=\"Verdict\">"
      << badge_html(verdict_id(d.verdict))
      << "</td><th scope=\"row\" data-label=\"Requirement\"><a href=\"#"
      << check_anchor(outcome, *item.check) << "\">" << item.check->name << "</a> <code>"
      << d.requirement.finding << " <span class=\"nowrap\">" << bound_text(d.requirement)
      << "</span></code></th><td class=\"number\" data-label=\"Measured\">" << measured_html(f, d)
      << "</td><td class=\"drawing\">" << strip_html(d, f)
      << "</td><td class=\"number\" data-label=\"Proven\">";
  if (proven.empty())
    row << "<span class=\"nothing\">\u2013</span>";
  else
    row << "<span class=\"nowrap\">" << proven << "</span><br><span class=\"note\">at "
        << percent(d.requirement.confidence) << "</span>";
  row << "</td><td class=\"reason\" data-label=\"Why\">" << d.reason;
  if (!needed.empty())
    row << "<span class=\"needed\">Needed to decide: <b>" << needed << "</b></span>";
  return row << "</td></tr>\n";
}

}  // namespace

Markup verdict_html(const Outcome& outcome) {
  const std::string verdict = verdict_id(outcome);
  Markup html;
  html << "<section id=\"verdict\" class=\"verdict " << verdict
       << "\" aria-labelledby=\"verdict-word\">\n"
       << "<h2 id=\"verdict-word\"><svg class=\"sign\" aria-hidden=\"true\"><use href=\"#sign-"
       << verdict << "\"/></svg><span>";
  if (verdict == "pass") html << "Pass";
  if (verdict == "fail") html << "Fail";
  if (verdict == "inconclusive") html << "Inconclusive";
  if (verdict == "none") html << "No verdict";
  html << "</span></h2>\n<p>" << verdict_sentence(outcome) << "</p>\n";
  const Tally t = tally(outcome);
  if (t.all() > 0)
    html << "<ul class=\"tally\" aria-label=\"Requirements by verdict\"><li class=\"fail\"><b>"
         << std::to_string(t.fail) << "</b> fail</li><li class=\"inconclusive\"><b>"
         << std::to_string(t.inconclusive) << "</b> inconclusive</li><li class=\"pass\"><b>"
         << std::to_string(t.pass) << "</b> pass</li></ul>\n";
  return html << "</section>\n";
}

Markup requirements_html(const Outcome& outcome) {
  Markup html;
  const auto items = by_severity(outcome);
  if (items.empty()) return html;
  html << "<section id=\"requirements\"><h2>Requirements</h2>\n"
          "<table class=\"requirements\"><thead><tr><th scope=\"col\">Verdict</th>"
          "<th scope=\"col\">Requirement</th><th scope=\"col\" class=\"number\">Measured</th>"
          "<th scope=\"col\"><span class=\"unseen\">Drawing</span></th>"
          "<th scope=\"col\" class=\"number\">Proven</th><th "
          "scope=\"col\">Why</th></tr></thead><tbody>\n";
  for (const Item& item : items) html << requirement_row(outcome, item);
  return html << "</tbody></table>\n<p class=\"note\">Measured: the value and its two-sided "
                 "95\u00A0% interval. "
                 "Proven: what the one-sided bound shows at the requirement\u2019s confidence; "
                 "verdicts rest on it, "
                 "never on the value alone. Drawing: the shaded side satisfies the "
                 "requirement.</p></section>\n";
}

Markup warnings_html(const Outcome& outcome) {
  Markup html;
  const auto all = warnings(outcome);
  if (all.empty()) return html;
  html << "<section id=\"warnings\"><h2>Before you trust these numbers</h2>\n<ul "
          "class=\"warnings\">\n";
  for (const Warning& w : all) {
    html << "<li>";
    if (w.check)
      html << "<a href=\"#" << check_anchor(outcome, *w.check) << "\">" << w.check->name
           << "</a>: ";
    else
      html << "<a href=\"#repeat\">data</a>: ";
    html << w.text << "</li>\n";
  }
  return html << "</ul></section>\n";
}

Markup badge_html(const std::string& verdict) {
  Markup html;
  return html << "<span class=\"badge " << verdict
              << "\"><svg class=\"sign\" aria-hidden=\"true\"><use href=\"#sign-" << verdict
              << "\"/></svg>" << verdict << "</span>";
}

Markup verdict_signs_html() {
  Markup html;
  return html << "<svg class=\"unseen\" aria-hidden=\"true\"><defs>"
                 "<symbol id=\"sign-pass\" viewBox=\"0 0 16 16\"><path d=\"M3 8.5l3.4 3.4L13 "
                 "4.8\"/></symbol>"
                 "<symbol id=\"sign-fail\" viewBox=\"0 0 16 16\"><path d=\"M4 4l8 8M12 4l-8 "
                 "8\"/></symbol>"
                 "<symbol id=\"sign-inconclusive\" viewBox=\"0 0 16 16\"><path d=\"M5 5.6a3 3 0 1 "
                 "1 4.4 2.6c-1 "
                 ".5-1.4 1-1.4 2M8 12.6v.6\"/></symbol>"
                 "<symbol id=\"sign-none\" viewBox=\"0 0 16 16\"><path d=\"M3.5 8h9\"/></symbol>"
                 "</defs></svg>\n";
}

std::string check_anchor(const Outcome& outcome, const CheckOutcome& check) {
  const bool plain = !check.name.empty() && check.name.front() != '-' &&
                     std::all_of(check.name.begin(), check.name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                     });
  return plain ? "check-" + check.name
               : "check--" + std::to_string(&check - outcome.checks.data() + 1);
}

}  // namespace assay::report
