// One picture of the line: which part it shows and every cause of what it shows.
//
// Pictures come in blocks of 24: six parts, one a class, seen four times each, so that any number
// of pictures has the classes in equal numbers but for one. Every fifth part is kept for testing.
// With the flaw `duplicates` a quarter of the test pictures are training pictures taken again: the
// causes of a picture of the part six before, a little brighter and 0.1 mm further, other noise.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cause_table.h"
#include "causes.h"

namespace weld {

struct Plan {
  std::uint64_t seed = 0;
  Tags flaws = 0;
  std::map<std::size_t, double> set;  // by place in the table; wins over every draw
};

struct Frame {
  std::int64_t index = 0, part = 0;
  bool test = false;
  int label = 0;                   // what the manifest says; differs from `class` by a flaw only
  std::int64_t duplicate_of = -1;  // the picture taken again
  std::uint64_t seed = 0;
  std::int64_t scene =
      0;  // which scatter of spatter, pores, scratches: the index, or the original's
  Causes causes{};

  double operator[](std::size_t cause) const { return causes[cause]; }
  int whole(std::size_t cause) const { return static_cast<int>(causes[cause]); }
};

std::int64_t part_of(std::int64_t index);
bool kept_for_testing(std::int64_t part);
Frame make_frame(const Plan& plan, std::int64_t index);

// The flaw's tag; InputError("--flaw", …) with the nearest name.
Tags parse_flaw(const std::string& name);

}  // namespace weld
