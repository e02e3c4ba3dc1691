#include "assay/checks/reliability_figure.h"

#include <utility>

namespace assay::checks {

Figure reliability_figure(std::span<const stats::Cell> cells, std::span<const stats::Band> bands) {
  Figure f;
  f.kind = FigureKind::kReliability;
  f.x_label = "confidence";
  f.y_label = "hit rate";
  Series rates{"hit rate", {}, {}, {}, {}}, counts{"pictures", {}, {}, {}, {}};
  const auto bins = static_cast<double>(cells.size());
  for (std::size_t b = 0; b < cells.size(); ++b) {
    const stats::Cell& cell = cells[b];
    counts.x.push_back((static_cast<double>(b) + 0.5) / bins);
    counts.y.push_back(cell.count);
    if (cell.count == 0) continue;
    rates.x.push_back(cell.forecast / cell.count);
    rates.y.push_back(cell.hits / cell.count);
    rates.low.push_back(bands[b].low);
    rates.high.push_back(bands[b].high);
  }
  f.series = {std::move(rates), std::move(counts)};
  return f;
}

}  // namespace assay::checks
