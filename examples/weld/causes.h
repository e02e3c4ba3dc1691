// Everything that decides what a picture shows, in one table: a name, a unit, a support and the
// distribution that the value is drawn from. Help, the manifest's columns, legal ranges, the tests
// of the draws and docs (`weld-draw --causes`) all read the table.
//
// A row has a usual distribution and, for frames with certain tags (a class, a camera, a planted
// flaw …), others; the first whose tags all hold is taken. A value is that distribution's quantile
// at one uniform number, which depends on (seed, cause, part or frame) alone: setting a cause
// changes no other one, and a frame seen by the other camera keeps its place in the new
// distribution. The renderer sees the values and nothing else; a class is only a way of drawing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weld {

inline constexpr int kClasses = 6;
inline constexpr std::string_view kClassWords =
    "good|burn_through|contamination|lack_of_fusion|misalignment|lack_of_penetration";
inline constexpr std::string_view kFlawWords =
    "plate|camera_bias|wrong_labels|duplicates|hard_line|sticker";

// What may hold of a frame, as bits.
using Tags = std::uint32_t;
inline constexpr Tags class_tag(int label) { return Tags{1} << label; }
inline constexpr Tags kBurnThrough = class_tag(1), kContamination = class_tag(2),
                      kLackOfFusion = class_tag(3), kMisalignment = class_tag(4),
                      kLackOfPenetration = class_tag(5);
inline constexpr Tags kCameraB = 1 << 6, kNight = 1 << 7;
inline constexpr Tags line_tag(int line) { return Tags{1} << (7 + line); }  // line 1–4
inline constexpr Tags kTest = 1 << 12;
// The planted flaws, in the order of kFlawWords.
inline constexpr Tags flaw_tag(int flaw) { return Tags{1} << (13 + flaw); }
inline constexpr Tags kPlate = flaw_tag(0), kCameraBias = flaw_tag(1), kWrongLabels = flaw_tag(2),
                      kDuplicates = flaw_tag(3), kHardLine = flaw_tag(4), kSticker = flaw_tag(5);

struct Distribution {
  enum class Kind {
    kAlways,     // a
    kInTurn,     // item mod a: each value as often as any other
    kUniform,    // a to b
    kNormal,     // mean a, deviation b, truncated to the support
    kLogNormal,  // median a, deviation of the logarithm b, truncated to the support
    kPoisson,    // mean a, at most the support's end
    kWhole,      // whole numbers a to b, alike
    kLastWith,   // whole numbers a to b, the last with probability p, the others alike
    kSometimes,  // 0 with probability 1 - p, else uniform from a to b
  };
  Kind kind = Kind::kAlways;
  double a = 0, b = 0, p = 1;
};

// P(X <= x) of a row's distribution, and the least x at which it reaches `probability`. Numbers
// outside [low, high] never occur. kInTurn has no quantile: its value is the item's.
double cdf(const Distribution& d, double low, double high, double x);
double quantile(const Distribution& d, double low, double high, double probability);

struct Special {
  Tags when = 0;  // all of these; 0: no further one
  Distribution instead;
};

enum class Scope { kPart, kFrame };  // one value for all pictures of a part, or one a picture

struct CauseRow {
  std::string_view name, unit;
  double low, high;  // the support; both ends are legal
  Scope scope;
  Distribution usual;
  std::array<Special, 8> special;
  std::string_view help;
  std::string_view words;  // for a choice: the words for `low`, low + 1, …
};

std::span<const CauseRow> cause_table();
// The row's place; InputError("--set", …) with the nearest name where there is none.
std::size_t cause_index(const std::string& name);
const Distribution& distribution(const CauseRow& row, Tags tags);
std::string to_text(const CauseRow& row, const Distribution& d);  // "normal 6.2 ± 0.5"
std::string tags_text(Tags tags);  // "contamination, line 4, flaw hard_line"

// A value as the manifest writes it, and back; InputError(where, …) outside the support.
std::string value_text(const CauseRow& row, double value);
double parse_value(const CauseRow& row, const std::string& text, const std::string& where);

}  // namespace weld
