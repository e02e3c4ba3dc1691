// A figure as a table of its numbers, together with the same numbers as JSON, from which the page's
// script draws an SVG. Without scripts the table stays in the figure's place.
//
// Long curves: the table shows at most 200 points a series, evenly spaced and both ends, and says
// so; the drawing has all. Matrices above 30 classes: the table lists the largest cells off the
// diagonal. Numbers that are not finite are gaps; vectors of unequal length are read as far as all
// of them reach.
#pragma once

#include <string>

#include "assay/base/section.h"
#include "assay/report/markup.h"

namespace assay::report {

// `id`: of the element, unique in the page.
Markup figure_html(const Figure& figure, const std::string& id);

// Any table of a section.
Markup table_html(const Table& table);

}  // namespace assay::report
