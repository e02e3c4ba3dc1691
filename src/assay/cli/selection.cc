#include "assay/cli/selection.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>
#include <optional>

#include "assay/base/error.h"
#include "assay/base/field.h"

namespace assay::cli {

namespace {

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 0) return {};
  return number;
}

std::vector<std::int64_t> all_below(std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// FIRST-LAST below `count`.
std::optional<std::pair<std::int64_t, std::int64_t>> range_of(const std::string& text,
                                                              std::int64_t count) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) return {};
  const auto first = whole(text.substr(0, dash)), last = whole(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last >= count) return {};
  return std::pair{*first, *last};
}

// The parts between commas, ranges spread out, the others by `named`; each number once.
std::vector<std::int64_t> spread(const std::string& text, std::int64_t count,
                                 const std::function<std::int64_t(const std::string&)>& named) {
  std::vector<std::int64_t> chosen;
  const auto add = [&chosen](std::int64_t number) {
    if (std::find(chosen.begin(), chosen.end(), number) == chosen.end()) chosen.push_back(number);
  };
  for (std::size_t from = 0; from <= text.size();) {
    const auto comma = std::min(text.find(',', from), text.size());
    const std::string part = text.substr(from, comma - from);
    from = comma + 1;
    if (const auto range = range_of(part, count))
      for (std::int64_t i = range->first; i <= range->second; ++i) add(i);
    else
      add(named(part));
  }
  return chosen;
}

std::optional<std::int64_t> index_of(const std::string& text,
                                     const std::vector<std::string>& labels) {
  const auto at = std::find(labels.begin(), labels.end(), text);
  if (at == labels.end()) return {};
  return at - labels.begin();
}

}  // namespace

std::int64_t class_named(const std::string& text, const std::vector<std::string>& labels,
                         const std::string& where) {
  if (const auto index = index_of(text, labels)) return *index;
  const auto count = static_cast<std::int64_t>(labels.size());
  if (const auto number = whole(text); number && *number < count) return *number;
  const std::string near = nearest(text, labels);
  throw InputError(where, "there is no class \"" + text + "\"; wanted a class name or 0 to " +
                              std::to_string(count - 1) +
                              (near.empty() ? "" : " (did you mean " + near + "?)"));
}

std::vector<std::int64_t> classes_named(const std::string& text,
                                        const std::vector<std::string>& labels,
                                        const std::string& where) {
  if (const auto index = index_of(text, labels)) return {*index};
  const auto count = static_cast<std::int64_t>(labels.size());
  if (text == "all") return all_below(count);
  return spread(text, count,
                [&](const std::string& part) { return class_named(part, labels, where); });
}

std::vector<std::int64_t> numbers_named(const std::string& text, std::int64_t count,
                                        const std::string& where) {
  if (text == "all") return all_below(count);
  return spread(text, count, [&](const std::string& part) {
    if (const auto number = whole(part); number && *number < count) return *number;
    throw InputError(where, "there is no channel \"" + part + "\"; wanted 0 to " +
                                std::to_string(count - 1) + ", ranges like 0-15, or all");
  });
}

}  // namespace assay::cli
