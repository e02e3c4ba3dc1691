#include "assay/report/markdown.h"

#include <algorithm>
#include <string>
#include <vector>

#include "assay/report/inline_markdown.h"

namespace assay::report {
namespace {

constexpr int kDeepest = 8;  // nested lists and quotes

using Lines = std::vector<std::string_view>;

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

// The marker of a list item ("- ", "12. ") after its indentation; bytes 0: the line opens no item.
struct Marker {
  std::size_t bytes = 0;
  bool ordered = false;
};

Marker marker_of(std::string_view line) {
  const std::string_view s = line.substr(indent_of(line));
  if (s.size() >= 2 && (s[0] == '-' || s[0] == '*' || s[0] == '+') && s[1] == ' ')
    return {2, false};
  const auto digits = std::min(s.find_first_not_of("0123456789"), s.size());
  if (digits > 0 && digits <= 4 && s.size() > digits + 1 &&
      (s[digits] == '.' || s[digits] == ')') && s[digits + 1] == ' ')
    return {digits + 2, true};
  return {};
}

bool is_rule(std::string_view line) {
  const std::string_view s = trimmed(line);
  return s.size() >= 3 && (s[0] == '-' || s[0] == '*' || s[0] == '_') &&
         s.find_first_not_of(s[0]) == s.npos;
}

bool is_fence(std::string_view line) { return trimmed(line).starts_with("```"); }

int heading_level(std::string_view line) {
  const auto hashes = std::min(line.find_first_not_of('#'), line.size());
  return hashes >= 1 && hashes <= 6 && hashes < line.size() && line[hashes] == ' '
             ? static_cast<int>(hashes)
             : 0;
}

bool is_table_rule(std::string_view line) {
  const std::string_view s = trimmed(line);
  return s.find('-') != s.npos && s.find('|') != s.npos && s.find_first_not_of("|-: ") == s.npos;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::string_view s = trimmed(line);
  if (s.starts_with('|')) s.remove_prefix(1);
  if (s.ends_with('|')) s.remove_suffix(1);
  std::vector<std::string_view> cells;
  bool code = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '`') code = !code;
    if (s[i] != '|' || code || (i > 0 && s[i - 1] == '\\')) continue;
    cells.push_back(trimmed(s.substr(start, i - start)));
    start = i + 1;
  }
  cells.push_back(trimmed(s.substr(start)));
  return cells;
}

enum class Paragraphs { kLoose, kTight };  // kTight: inside a list item, without <p>

class Blocks {
 public:
  Blocks(Lines lines, int top, int depth, Paragraphs paragraphs)
      : lines_(std::move(lines)), top_(top), depth_(depth), paragraphs_(paragraphs) {}

  Markup html() {
    while (at_ < lines_.size()) block();
    return std::move(html_);
  }

 private:
  bool more() const { return at_ < lines_.size(); }
  std::string_view line() const { return lines_[at_]; }
  bool table_here() const {
    return line().find('|') != line().npos && at_ + 1 < lines_.size() &&
           is_table_rule(lines_[at_ + 1]);
  }
  bool paragraph_ends() const {
    return trimmed(line()).empty() || is_fence(line()) || heading_level(line()) > 0 ||
           is_rule(line()) || marker_of(line()).bytes > 0 || line().starts_with("> ") ||
           table_here();
  }

  void block() {
    if (trimmed(line()).empty())
      ++at_;
    else if (is_fence(line()))
      fenced_code();
    else if (heading_level(line()) > 0)
      heading();
    else if (is_rule(line()))
      html_ << "<hr>\n", ++at_;
    else if (depth_ < kDeepest && line().starts_with("> "))
      quote();
    else if (depth_ < kDeepest && marker_of(line()).bytes > 0)
      list();
    else if (table_here())
      table();
    else
      paragraph();
  }

  void fenced_code() {
    const std::size_t indent = indent_of(line());
    html_ << "<pre><code>";
    for (++at_; more() && !is_fence(line()); ++at_)
      html_ << line().substr(std::min(indent, indent_of(line()))) << "\n";
    if (more()) ++at_;
    html_ << "</code></pre>\n";
  }

  void heading() {
    const int level = heading_level(line());
    const std::string tag = "h" + std::to_string(std::min(6, top_ + level - 1));
    html_ << "<" << tag << ">" << inline_html(trimmed(line().substr(level))) << "</" << tag
          << ">\n";
    ++at_;
  }

  void quote() {
    Lines inside;
    for (; more() && line().starts_with(">"); ++at_)
      inside.push_back(line().substr(line().starts_with("> ") ? 2 : 1));
    html_ << "<blockquote>" << Blocks(inside, top_, depth_ + 1, Paragraphs::kLoose).html()
          << "</blockquote>\n";
  }

  void list() {
    const Marker first = marker_of(line());
    const std::size_t indent = indent_of(line());
    const auto item_here = [&] {
      const Marker m = marker_of(line());
      return m.bytes > 0 && m.ordered == first.ordered && indent_of(line()) == indent;
    };
    html_ << (first.ordered ? Markup::trusted("<ol>\n") : Markup::trusted("<ul>\n"));
    while (more() && item_here()) html_ << "<li>" << item(indent) << "</li>\n";
    html_ << (first.ordered ? Markup::trusted("</ol>\n") : Markup::trusted("</ul>\n"));
  }

  // An item takes its first line, and what follows indented, or directly as a lazy continuation.
  Markup item(std::size_t indent) {
    const std::size_t body = indent + marker_of(line()).bytes;
    Lines inside{line().substr(body)};
    Paragraphs paragraphs = Paragraphs::kTight;
    for (++at_; more(); ++at_) {
      const bool blank = trimmed(line()).empty();
      if (blank) {
        if (at_ + 1 >= lines_.size() || trimmed(lines_[at_ + 1]).empty() ||
            indent_of(lines_[at_ + 1]) <= indent)
          break;
        paragraphs = Paragraphs::kLoose;
      } else if (indent_of(line()) <= indent && paragraph_ends()) {
        break;
      }
      inside.push_back(line().substr(std::min(body, indent_of(line()))));
    }
    while (more() && trimmed(line()).empty()) ++at_;
    return Blocks(inside, top_, depth_ + 1, paragraphs).html();
  }

  void table() {
    const auto head = cells_of(line());
    html_ << "<div class=\"scroll\"><table><thead><tr>";
    for (const auto cell : head) html_ << "<th scope=\"col\">" << inline_html(cell) << "</th>";
    html_ << "</tr></thead><tbody>\n";
    for (at_ += 2; more() && line().find('|') != line().npos; ++at_) {
      html_ << "<tr>";
      auto cells = cells_of(line());
      cells.resize(head.size());
      for (const auto cell : cells) html_ << "<td>" << inline_html(cell) << "</td>";
      html_ << "</tr>\n";
    }
    html_ << "</tbody></table></div>\n";
  }

  void paragraph() {
    std::string text;
    do {
      text += (text.empty() ? "" : " ") + std::string(trimmed(line()));
      ++at_;
    } while (more() && !paragraph_ends());
    if (paragraphs_ == Paragraphs::kLoose)
      html_ << "<p>" << inline_html(text) << "</p>\n";
    else
      html_ << inline_html(text) << "\n";
  }

  Lines lines_;
  std::size_t at_ = 0;
  int top_, depth_;
  Paragraphs paragraphs_;
  Markup html_;
};

}  // namespace

Markup markdown_html(std::string_view markdown, MarkdownStyle style) {
  const std::string text = plain_text(markdown);
  Lines lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  if (style.heading == Heading::kWithoutTitle) {
    const auto first = std::find_if(lines.begin(), lines.end(),
                                    [](std::string_view l) { return !trimmed(l).empty(); });
    if (first != lines.end() && heading_level(*first) == 1) lines.erase(lines.begin(), first + 1);
  }
  return Blocks(std::move(lines), style.top, 0, Paragraphs::kLoose).html();
}

}  // namespace assay::report
