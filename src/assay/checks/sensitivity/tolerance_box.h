// From the records of a round to what the next one asks: who counts, which box is searched, which is claimed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/checks/sensitivity/factor_space.h"
#include "assay/checks/sensitivity/tolerance.h"

namespace assay::checks {

// How far the factors are looked at. InputError where nominal does not lie within a factor's range, or where a range has no
// end.
struct Ways {
  FactorSpace space;
  std::vector<double> nominal, low, high;  // [factors]

  // θ of a place in the box, −1 and 1 its ends; `lengths` [factors · 2] from nominal down and up, in the factors' units.
  std::vector<double> theta(std::span<const double> place, std::span<const double> lengths) const;
};
Ways ways_of(const Tolerance::Params& params, std::uint64_t seed);

// Those that can be judged, one of each cluster by lot; a third of them finds the box's shape, the others how much of it
// may be claimed. In order of rows.
struct Counted {
  std::vector<const Tolerance::Record*> all, shaping, claiming;
};
Counted counted_of(std::span<const Tolerance::Record> records, const Tolerance::Params& params,
                   std::uint64_t seed);

// Sides from nominal down and up [factors · 2] in the factors' units. `problem` empty: it is one.
struct Box {
  std::vector<double> lengths;
  std::string problem;
};
// What one factor alone allows, by the shaping pictures.
Box searched_box(const Ways& ways, const Counted& counted, const Tolerance::Params& params);

// How much of the shaped box each claiming picture allows: −1 where it fails at nominal, 1 where nothing failed.
struct Claim {
  Box shaped;
  std::vector<double> scales;  // ascending, of the claiming pictures
  double scale = 0;            // with confidence
  Box claimed;
};
Claim claimed_box(std::span<const Tolerance::Record> records, const Box& searched,
                  const Counted& counted, const Tolerance::Params& params);

// Numbers in a unit's key, and back.
std::string lengths_text(const std::vector<double>& lengths);
std::vector<double> lengths_of(const std::string& key);

}  // namespace assay::checks
