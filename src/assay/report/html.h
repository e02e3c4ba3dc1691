// The report for people: one self-contained HTML file that loads nothing from anywhere, reads well
// on screen, on a phone and on paper, and stands without scripts (then tables stand where figures
// would be drawn).
//
// Verdict first; then requirements, warnings, each check with its question, answer, numbers,
// figures, pictures and page; last what is needed to repeat the audit. It holds no date and no
// duration: the same bytes for the same conclusions and pictures. Every text is untrusted and
// escaped; a content security policy forbids loading on top.
#pragma once

#include <string>

#include "assay/base/outcome.h"

namespace assay::report {

// `directory`: where exhibits/CHECK/ID.png lie.
std::string report_html(const Outcome& outcome, const std::string& directory);

}  // namespace assay::report
