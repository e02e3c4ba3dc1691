// One factor's way from nominal to the ends of its range, as a coordinate z from −1 to 1: 0 is nominal.
#pragma once

namespace assay::methods {

struct FactorRange {
  double low = 0, nominal = 0, high = 0;

  double at(double z) const { return nominal + z * (z > 0 ? high - nominal : nominal - low); }
  // dθ / dz at z; at nominal on the side that one is about to go to.
  double slope(double z, bool upwards) const {
    return z > 0 || (z == 0 && upwards) ? high - nominal : nominal - low;
  }
  // Where nominal is an end of the range, z goes one way only.
  double lowest() const { return low < nominal ? -1 : 0; }
  double highest() const { return high > nominal ? 1 : 0; }
};

}  // namespace assay::methods
