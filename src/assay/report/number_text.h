// Numbers as a person reads them: as many digits as the interval deserves, never so few that a
// rounded number seems to lie on the other side of a bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assay/base/estimate.h"

namespace assay::report {

// The fewest digits that read back as the same double ("0.9"); "nan", "inf", "-inf" otherwise.
std::string shortest(double value);

// With `decimals` digits after the point; independent of the locale.
std::string fixed(double value, int decimals);

// Four significant digits, whole numbers in full with thousands separated ("10,000"), very small
// ones as 1.23e-05.
std::string significant(double value);

std::string grouped(std::int64_t value);

// 0.95 as "95 %", with a space that does not break.
std::string percent(double fraction);

struct NumberText {
  std::string value, low, high;  // low and high are empty without an interval
};

// The interval's width is shown with two significant digits, and value and ends to the same place.
// `keep_apart`: numbers that a rounded value or end must not touch or cross unless it really does
// (a bound).
NumberText number_text(const Finding& finding, const std::vector<double>& keep_apart = {});

// `value` to the place that number_text() would use for `finding`.
std::string beside(double value, const Finding& finding, const std::vector<double>& keep_apart);

// A finding's value is a finite number.
bool is_number(const Finding& finding);

}  // namespace assay::report
