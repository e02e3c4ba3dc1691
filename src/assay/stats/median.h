// The middle of numbers.
#pragma once

#include <vector>

namespace assay::stats {

// Of an even count the mean of the two middle ones; 0 of none.
double median(std::vector<double> values);

}  // namespace assay::stats
