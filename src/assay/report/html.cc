#include "assay/report/html.h"

#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/report/exhibit_html.h"
#include "assay/report/figure_html.h"
#include "assay/report/finding_html.h"
#include "assay/report/governance_html.h"
#include "assay/report/markdown.h"
#include "assay/report/markup.h"
#include "assay/report/number_text.h"
#include "assay/report/repeat_html.h"
#include "assay/report/verdict_html.h"
#include "assay/report/verdict_text.h"

namespace assay::embedded {
extern const std::string_view d3_script;
extern const std::string_view report_css;
extern const std::string_view report_js;
}  // namespace assay::embedded

namespace assay::report {
namespace {

std::string file_name(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == path.npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

// A script's text ends at "</script", whatever the script's own grammar says.
Markup script_html(std::string_view source) {
  std::string safe(source);
  for (std::size_t at = safe.find("</script"); at != safe.npos; at = safe.find("</script", at))
    safe.replace(at, 2, "<\\/");
  Markup html;
  return html << "<script>" << Markup::trusted(std::move(safe)) << "</script>\n";
}

Markup head_html(const Outcome& outcome) {
  Markup html;
  return html << "<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "img-src data:; "
                 "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
                 "form-action 'none'\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n"
                 "<meta name=\"generator\" content=\"Assay "
              << one_line(outcome.version)
              << "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>Audit of "
              << one_line(file_name(outcome.model.file)) << ": " << verdict_id(outcome)
              << "</title>\n<style>\n"
              << Markup::trusted(std::string(embedded::report_css)) << "</style>\n</head>\n";
}

Markup contents_html(const Outcome& outcome) {
  Markup html;
  html << "<nav aria-label=\"Contents\">\n<ol>\n<li><a href=\"#verdict\">Verdict</a></li>\n";
  if (tally(outcome).all() > 0) html << "<li><a href=\"#requirements\">Requirements</a></li>\n";
  if (!warnings(outcome).empty()) html << "<li><a href=\"#warnings\">Warnings</a></li>\n";
  for (const CheckOutcome& check : outcome.checks) {
    const Tally t = tally(check);
    html << "<li class=\"check\"><a href=\"#" << check_anchor(outcome, check) << "\">" << check.name
         << "</a>";
    if (t.fail > 0) html << " " << badge_html("fail");
    if (t.inconclusive > 0) html << " " << badge_html("inconclusive");
    if (t.all() > 0 && t.pass == t.all()) html << " " << badge_html("pass");
    html << "</li>\n";
  }
  if (!governance_html(outcome).empty())
    html << "<li><a href=\"#evidence\">What this is evidence for</a></li>\n";
  return html << "<li><a href=\"#repeat\">Repeat this audit</a></li>\n</ol>\n</nav>\n";
}

Markup title_html(const Outcome& outcome) {
  Markup html;
  html << "<header>\n<p class=\"kind\">Audit of an image classifier</p>\n<h1>"
       << file_name(outcome.model.file) << "</h1>\n<p class=\"subject\">";
  const std::size_t classes = outcome.model.labels.size();
  if (classes > 0)
    html << grouped(static_cast<std::int64_t>(classes))
         << (classes == 1 ? std::string_view(" class") : std::string_view(" classes"))
         << ", audited on ";
  else
    html << "Audited on ";
  html << grouped(outcome.data.used);
  if (outcome.data.used < outcome.data.rows) html << " of " << grouped(outcome.data.rows);
  return html << " pictures from <code>" << outcome.data.source << "</code></p>\n</header>\n";
}

Markup list_html(const std::vector<std::string>& items, std::string_view css_class) {
  Markup html;
  if (items.empty()) return html;
  html << "<ul class=\"" << css_class << "\">\n";
  for (const std::string& item : items) html << "<li>" << item << "</li>\n";
  return html << "</ul>\n";
}

Markup page_html(const CheckOutcome& check) {
  Markup html;
  const Markup text = markdown_html(check.page, {.top = 3, .heading = Heading::kWithoutTitle});
  if (text.empty()) return html;
  html << "<details class=\"page print\"><summary>How this is measured, and when not to trust "
          "it</summary>\n"
       << "<div class=\"prose\">\n"
       << text << "</div>\n";
  if (!check.source.empty())
    html << "<p class=\"note\">Source: <code>" << check.source << "</code></p>\n";
  return html << "</details>\n";
}

Markup check_html(const Outcome& outcome, const CheckOutcome& check,
                  const std::filesystem::path& directory) {
  const std::string anchor = check_anchor(outcome, check);
  Markup html;
  html << "<section class=\"check\" id=\"" << anchor << "\">\n<h2>" << check.name;
  if (check.name != check.check) html << " <span class=\"kind\">" << check.check << "</span>";
  html << "</h2>\n<p class=\"question\">" << check.question << "</p>\n";
  if (!check.section.answer.empty())
    html << "<p class=\"answer\">" << check.section.answer << "</p>\n";
  html << list_html(check.section.warnings, "warnings") << findings_html(check);
  for (std::size_t i = 0; i < check.section.figures.size(); ++i)
    html << figure_html(check.section.figures[i], anchor + "-figure-" + std::to_string(i + 1));
  for (const Table& table : check.section.tables) html << table_html(table);
  html << exhibits_html(check, directory);
  if (!check.section.notes.empty())
    html << "<h3>How the data were handled</h3>\n" << list_html(check.section.notes, "notes");
  return html << page_html(check) << "</section>\n";
}

}  // namespace

std::string report_html(const Outcome& outcome, const std::string& directory) {
  Markup html;
  html << "<!doctype html>\n<html lang=\"en\">\n"
       << head_html(outcome)
       << "<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n"
       << verdict_signs_html() << contents_html(outcome) << "<main>\n"
       << title_html(outcome) << verdict_html(outcome) << requirements_html(outcome)
       << warnings_html(outcome);
  for (const CheckOutcome& check : outcome.checks) html << check_html(outcome, check, directory);
  html << governance_html(outcome) << repeat_html(outcome) << "</main>\n"
       << script_html(embedded::d3_script) << script_html(embedded::report_js)
       << "</body>\n</html>\n";
  return html.text();
}

}  // namespace assay::report
