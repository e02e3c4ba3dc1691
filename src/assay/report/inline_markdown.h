// What Markdown allows inside a line: emphasis, code, links to http(s), escapes. Part of
// markdown.h.
#pragma once

#include <string_view>

#include "assay/report/markup.h"

namespace assay::report {

Markup inline_html(std::string_view text);

// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view s);

}  // namespace assay::report
