// Numbers as a person reads them in a sentence: short, with a full stop for a decimal sign whatever
// the locale.
#pragma once

#include <string>

namespace assay::stats {

// So many significant digits, trailing zeros dropped: 0.9153, 12, 1.5e-07.
std::string number_text(double value, int digits = 4);
// A share as per cent: 0.9153 is "91.53 %".
std::string percent_text(double share, int digits = 4);
// As number_text, with as many more digits as tell the value from `other`, unless they are equal.
std::string number_text_beside(double value, double other);

}  // namespace assay::stats
