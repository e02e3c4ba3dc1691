// A check's parameters, described once: the plan's reader, --help, the report, the schema and the
// tests of illegal values all read the same list.
//
//   struct Calibration::Params { int bins = 15; };
//   static constexpr auto fields() {
//     return std::tuple{field("bins", &Params::bins, Range{2, 1000}, "", "equal-width bins",
//                             Stage::kSummarising)};
//   }
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "assay/base/error.h"

namespace assay {

// Measuring parameters change what `measure` does, so a change re-measures; summarising ones are
// free.
enum class Stage { kMeasuring, kSummarising };

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();  // both ends are legal
};

// The legal words of a text parameter, separated by '|' ("hires_cam|grad_cam"); empty: any text.
struct Choice {
  std::string_view words;
};

// A text parameter that names a file; in a plan relative to the plan.
struct FilePath {};
// A text parameter that is a mapping in a plan, and a repeated option --ENTRY NAME=TEXT on the command
// line. Its text: "name=text; name=text" (entries_of).
struct Entries {
  std::string_view entry;
};

// A text parameter that may be a list in a plan, its items joined by ", "; an item {NAME: {KEY: VALUE}} reads NAME(KEY=VALUE).
struct List {};

template <class Params, class T>
struct Field {
  std::string_view name;
  T Params::*member;
  Range range;
  Choice choice;
  std::string_view unit;
  std::string_view help;
  Stage stage;
  bool file = false;
  std::string_view entry = {};  // of Entries
  bool list = false;
};

template <class Params, class T>
constexpr Field<Params, T> field(std::string_view name, T Params::*member, Range range,
                                 std::string_view unit, std::string_view help, Stage stage) {
  static_assert(std::is_same_v<T, int> || std::is_same_v<T, double>);
  return {name, member, range, {}, unit, help, stage};
}
template <class Params>
constexpr Field<Params, std::string> field(std::string_view name, std::string Params::*member,
                                           Choice choice, std::string_view help, Stage stage) {
  return {name, member, {}, choice, "", help, stage};
}
template <class Params>
constexpr Field<Params, std::string> field(std::string_view name, std::string Params::*member,
                                           FilePath, std::string_view help, Stage stage) {
  return {name, member, {}, {}, "", help, stage, true};
}
template <class Params>
constexpr Field<Params, std::string> field(std::string_view name, std::string Params::*member,
                                           Entries entries, std::string_view help, Stage stage) {
  return {name, member, {}, {}, "", help, stage, false, entries.entry};
}
template <class Params>
constexpr Field<Params, std::string> field(std::string_view name, std::string Params::*member, List,
                                           std::string_view help, Stage stage) {
  return {name, member, {}, {}, "", help, stage, false, {}, true};
}

template <class Params>
constexpr Field<Params, bool> field(std::string_view name, bool Params::*member,
                                    std::string_view help, Stage stage) {
  return {name, member, {}, {}, "", help, stage};
}

using FieldValue = std::variant<bool, std::int64_t, double, std::string>;

// A field without its struct, for whoever lists, documents or checks parameters.
struct FieldInfo {
  std::string name;
  FieldValue initial;  // its alternative is the field's type
  Range range;
  std::vector<std::string> choices;
  std::string unit, help;
  Stage stage = Stage::kMeasuring;
  bool file = false;  // names one
  std::string entry;  // the option's name, of a mapping; empty: it is none
  bool list = false;  // may be one in a plan
};

// A mapping's entries in the order written, and their text. InputError(where, …) for an entry without a
// name or a text, or for a name that stands twice.
using EntryList = std::vector<std::pair<std::string, std::string>>;
EntryList entries_of(const std::string& text, const std::string& where);
std::string entries_text(const EntryList& entries);

std::string to_text(const FieldValue& value);
std::string type_name(
    const FieldValue& value);  // "a whole number", "a number", "true or false", "a text"
std::vector<std::string> split_choices(Choice choice);
// The value converted to the type of info.initial, or InputError(where, …) with the range or the
// nearest word.
FieldValue checked(const FieldInfo& info, const FieldValue& value, const std::string& where);
// Reads a text ("0.5", "true") as info's type; InputError as above.
FieldValue parsed(const FieldInfo& info, const std::string& text, const std::string& where);
// The candidate with the smallest edit distance to `word`, or empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

template <class T>
FieldValue as_value(const T& v) {
  if constexpr (std::is_same_v<T, int>)
    return static_cast<std::int64_t>(v);
  else
    return v;
}

template <class Check>
std::vector<FieldInfo> field_infos() {
  std::vector<FieldInfo> infos;
  const typename Check::Params initial{};
  std::apply(
      [&](const auto&... f) {
        (infos.push_back({std::string(f.name), as_value(initial.*(f.member)), f.range,
                          split_choices(f.choice), std::string(f.unit), std::string(f.help),
                          f.stage, f.file, std::string(f.entry), f.list}),
         ...);
      },
      Check::fields());
  return infos;
}

// Sets the field called `name` from an already checked value; false when there is none.
template <class Check>
bool set_field(typename Check::Params& params, std::string_view name, const FieldValue& value) {
  bool found = false;
  const auto set = [&](const auto& f) {
    if (f.name != name) return;
    using T = std::remove_reference_t<decltype(params.*(f.member))>;
    if constexpr (std::is_same_v<T, int>)
      params.*(f.member) = static_cast<int>(std::get<std::int64_t>(value));
    else
      params.*(f.member) = std::get<T>(value);
    found = true;
  };
  std::apply([&](const auto&... f) { (set(f), ...); }, Check::fields());
  return found;
}

// Names and values, already read as the fields' types.
using Settings = std::vector<std::pair<std::string, FieldValue>>;

template <class Check>
typename Check::Params params_of(const Settings& settings) {
  typename Check::Params params;
  for (const auto& [name, value] : settings)
    if (!set_field<Check>(params, name, value)) throw BugError("unchecked setting " + name);
  return params;
}

template <class Check>
FieldValue get_field(const typename Check::Params& params, std::string_view name) {
  FieldValue value;
  bool found = false;
  std::apply(
      [&](const auto&... f) {
        ((f.name == name ? (value = as_value(params.*(f.member)), found = true) : false), ...);
      },
      Check::fields());
  if (!found) throw BugError("no field " + std::string(name));
  return value;
}

}  // namespace assay
