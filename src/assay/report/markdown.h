// A check's page (Markdown) as HTML: headings, paragraphs, lists, quotes, fenced code, tables,
// rules; inside a line emphasis, code and links to http(s). Everything else is text: HTML in a page
// is shown, not obeyed, and a link with another scheme keeps its words only.
//
// `_` emphasises at word borders alone, so that names_like_this stay whole. Nesting is followed
// eight levels deep.
#pragma once

#include <string_view>

#include "assay/report/markup.h"

namespace assay::report {

enum class Heading {
  kAll,
  kWithoutTitle
};  // kWithoutTitle: a "# Title" that opens the page is left out

// `top`: the HTML level that "#" becomes, 1 to 6; deeper ones follow it.
struct MarkdownStyle {
  int top = 1;
  Heading heading = Heading::kAll;
};

Markup markdown_html(std::string_view markdown, MarkdownStyle style = {});

}  // namespace assay::report
