#include "assay/report/repeat_html.h"

#include <string>

#include "assay/report/number_text.h"

namespace assay::report {
namespace {

Markup row(std::string_view name, const Markup& value) {
  Markup html;
  return html << "<tr><th scope=\"row\">" << name << "</th><td>" << value << "</td></tr>\n";
}

Markup text(const std::string& value) { return Markup() << value; }

Markup code(const std::string& value) { return Markup() << "<code>" << value << "</code>"; }

Markup identity_html(const Outcome& o) {
  Markup html;
  html << "<div class=\"scroll\"><table class=\"facts\"><tbody>\n"
       << row("Assay", text(o.version)) << row("Seed", text(std::to_string(o.seed)))
       << row("Model", code(o.model.file)) << row("Model\u2019s SHA-256", code(o.model.sha256));
  for (const auto& [key, value] : o.model.description) html << row(key, code(value));
  html << row("Numerics", text(o.model.numerics)) << row("Data", code(o.data.source))
       << row("Data\u2019s digest", code(o.data.digest))
       << row("Pictures", Markup() << grouped(o.data.rows) << " found, " << grouped(o.data.used)
                                   << " used, " << grouped(o.data.unreadable) << " unreadable");
  for (const std::string& note : o.data.notes) html << row("Note", text(note));
  return html << "</tbody></table></div>\n";
}

Markup cost_row(std::string_view name, const Cost& cost) {
  Markup html;
  return html << "<tr><th scope=\"row\">" << name << "</th><td class=\"number\">"
              << grouped(cost.forwards) << "</td><td class=\"number\">" << grouped(cost.backwards)
              << "</td></tr>\n";
}

Markup cost_html(const Outcome& outcome) {
  Cost total = outcome.clean;
  Markup html;
  html << "<h3>Cost</h3>\n<div class=\"scroll\"><table class=\"cost\"><thead><tr><th "
          "scope=\"col\">Step</th>"
          "<th scope=\"col\" class=\"number\">Forwards</th><th scope=\"col\" "
          "class=\"number\">Backwards</th>"
          "</tr></thead><tbody>\n"
       << cost_row("clean pass, shared", outcome.clean);
  for (const CheckOutcome& check : outcome.checks) {
    html << cost_row(check.name, check.cost);
    total.forwards += check.cost.forwards;
    total.backwards += check.cost.backwards;
  }
  return html << "</tbody><tfoot>" << cost_row("total", total)
              << "</tfoot></table></div>\n<p class=\"note\">In pictures through the network.</p>\n";
}

Markup settings_html(const Outcome& outcome) {
  Markup rows;
  for (const CheckOutcome& check : outcome.checks) {
    if (check.config.empty()) continue;
    rows << "<tr><th scope=\"row\">" << check.name << "</th><td>";
    for (std::size_t i = 0; i < check.config.size(); ++i) {
      if (i > 0) rows << ", ";
      rows << "<code>" << check.config[i].first << ": " << to_text(check.config[i].second)
           << "</code>";
    }
    rows << "</td></tr>\n";
  }
  Markup html;
  if (rows.empty()) return html;
  return html
         << "<h3>Every parameter, defaults included</h3>\n<div class=\"scroll\"><table><thead><tr>"
            "<th scope=\"col\">Check</th><th scope=\"col\">Parameters</th></tr></thead><tbody>\n"
         << rows << "</tbody></table></div>\n";
}

}  // namespace

Markup repeat_html(const Outcome& outcome) {
  Markup html;
  html << "<section id=\"repeat\">\n<h2>Repeat this audit</h2>\n"
          "<p>With this model file, these data and the plan below, <code>assay run audit.yaml -o "
          "out</code> on the "
          "same type of machine writes the same <code>results.json</code>, byte for byte.</p>\n"
       << identity_html(outcome);
  if (!outcome.plan.empty())
    html << "<h3>The plan, verbatim</h3>\n<pre class=\"plan\"><code>" << outcome.plan
         << "</code></pre>\n";
  return html << settings_html(outcome) << cost_html(outcome) << "</section>\n";
}

}  // namespace assay::report
