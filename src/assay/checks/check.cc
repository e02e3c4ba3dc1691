#include "assay/checks/check.h"

#include <algorithm>

#include "assay/imaging/picture.h"
#include "assay/network/torch.h"

namespace assay::checks {

std::size_t Context::slot(std::int64_t row) const {
  const auto at = std::find(rows.begin(), rows.end(), row);
  if (at == rows.end()) throw BugError("row " + std::to_string(row) + " is not in this batch");
  return static_cast<std::size_t>(at - rows.begin());
}

}  // namespace assay::checks
