// Text on its way into HTML or XML. String literals are markup; every other text is escaped, so
// that a class name, a path or a note can never become an element, an attribute or a script.
//
//   Markup cell;
//   cell << "<td>" << finding.id << "</td>";
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace assay::report {

// The text as valid UTF-8 without anything that hides or reorders what a person sees: broken bytes,
// control characters (but tab and line feed), C1 controls, bidirectional overrides and
// non-characters become U+FFFD; carriage returns become line feeds. Legal in XML 1.0 and harmless
// on a terminal.
std::string plain_text(std::string_view text);

// plain_text() on one line: tabs and line feeds become blanks.
std::string one_line(std::string_view text);

class Markup {
 public:
  Markup() = default;

  template <std::size_t N>
  Markup& operator<<(const char (&literal)[N]) {
    text_.append(literal, N - 1);
    return *this;
  }
  Markup& operator<<(std::string_view text);  // escaped; good inside quoted attributes too
  Markup& operator<<(const Markup& part) {
    text_ += part.text_;
    return *this;
  }

  // What is markup by construction: our own style sheet and script, JSON made safe, base64, a
  // drawing's numbers.
  static Markup trusted(std::string text) {
    Markup markup;
    markup.text_ = std::move(text);
    return markup;
  }

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace assay::report
