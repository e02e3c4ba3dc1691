// Pictures inside the page, as base64 PNG. A file that is missing, too large (16 MiB) or no PNG is
// shown as a captioned box that says so.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "assay/base/outcome.h"
#include "assay/report/markup.h"

namespace assay::report {

// The groups of one check, read from `directory`/exhibits/CHECK/ID.png.
Markup exhibits_html(const CheckOutcome& check, const std::filesystem::path& directory);

std::string base64(std::string_view bytes);

}  // namespace assay::report
