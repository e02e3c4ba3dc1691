#include "assay/methods/attack/attack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/number_in.h"

namespace assay::methods {

namespace {

struct Row {
  Attack initial;
  std::vector<std::string> parameters;
  std::string only;  // the one norm that it has; empty: all
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {{.name = "fgsm", .steps = 1, .step = 1}, {}, ""},
      {{.name = "bim", .steps = 10}, {"steps", "step", "iterate"}, ""},
      {{.name = "pgd", .steps = 40, .restarts = 5}, {"steps", "restarts", "step", "iterate"}, ""},
      {{.name = "apgd_ce", .steps = 100}, {"steps", "restarts"}, ""},
      {{.name = "apgd_dlr", .steps = 100}, {"steps", "restarts"}, ""},
      {{.name = "apgd_t", .steps = 100}, {"steps", "restarts", "targets"}, ""},
      {{.name = "fab", .steps = 100}, {"steps", "targets"}, ""},
      {{.name = "carlini_wagner", .steps = 100, .restarts = 9}, {"steps", "restarts"}, "l2"},
      {{.name = "square", .steps = 5000}, {"steps", "restarts"}, "linf"},
      {{.name = "hop_skip_jump", .steps = 5000}, {"steps"}, ""},
      {{.name = "noise", .steps = 100}, {"steps"}, ""},
  };
  return rows;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

double number_between(const std::string& text, double low, double high, bool whole,
                      const std::string& where) {
  const auto value = number_in(text);
  if (!value || !(*value >= low && *value <= high) || (whole && *value != std::floor(*value)))
    throw InputError(where, fmt::format("got \"{}\", wanted {} from {} to {}", text,
                                        whole ? "a whole number" : "a number", low, high));
  return *value;
}

void set(Attack& attack, const std::string& name, const std::string& value,
         const std::string& where) {
  if (name == "steps") attack.steps = static_cast<int>(number_between(value, 1, 1e6, true, where));
  if (name == "restarts")
    attack.restarts = static_cast<int>(number_between(value, 1, 1000, true, where));
  if (name == "targets")
    attack.targets = static_cast<int>(number_between(value, 1, 1000, true, where));
  if (name == "step") attack.step = number_between(value, 1e-6, 10, false, where);
  if (name == "iterate") {
    if (value != "best" && value != "last")
      throw InputError(where, "got \"" + value + "\", wanted best or last");
    attack.last = value == "last";
  }
}

}  // namespace

std::vector<std::string> split_attacks(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  std::vector<std::string> all;
  for (const std::string& p : parts)
    if (std::string t = trimmed(p); !t.empty()) all.push_back(std::move(t));
  return all;
}

std::vector<Attack> attacks_named(const std::string& text, Norm norm, const std::string& where) {
  const std::size_t open = text.find('(');
  const std::string name = trimmed(text.substr(0, open));
  if (open != std::string::npos && text.back() != ')')
    throw InputError(where, "got \"" + text + "\", wanted NAME(PARAMETER=VALUE, …)");
  const std::string inside =
      open == std::string::npos ? "" : text.substr(open + 1, text.size() - open - 2);
  if (name == "standard") {
    if (!trimmed(inside).empty())
      throw InputError(where, "standard has no parameters: it is what it is everywhere");
    std::vector<Attack> all;
    for (const char* part : {"apgd_ce", "apgd_t", "fab", "square"})
      if (std::string_view(part) != "square" || norm == Norm::kLinf)
        all.push_back(attacks_named(part, norm, where).front());
    return all;
  }
  std::vector<std::string> names{"standard"};
  std::string list = "standard";
  for (const Row& row : table()) {
    names.push_back(row.initial.name);
    list += ", " + row.initial.name;
    if (row.initial.name != name) continue;
    if (!row.only.empty() && norm_named(row.only) != norm)
      throw InputError(where, name + " is an attack in " + row.only + " alone");
    Attack attack = row.initial;
    attack.label = trimmed(text);
    for (const std::string& entry : split_attacks(inside)) {
      const std::size_t equal = entry.find('=');
      const std::string key = trimmed(entry.substr(0, equal));
      if (equal == std::string::npos ||
          std::find(row.parameters.begin(), row.parameters.end(), key) == row.parameters.end()) {
        std::string known;
        for (const std::string& p : row.parameters) known += (known.empty() ? "" : ", ") + p;
        throw InputError(where, "\"" + entry + "\" is no parameter of " + name + "; wanted " +
                                    (known.empty() ? "none" : known + ", each with =VALUE"));
      }
      const std::string value = trimmed(entry.substr(equal + 1));
      set(attack, key, value, where + "." + name + "." + key);
    }
    return {attack};
  }
  const std::string near = nearest(name, names);
  throw InputError(
      where, "there is no attack \"" + name + "\"" +
                 (near.empty() ? "; wanted one of " + list : ", did you mean \"" + near + "\"?"));
}

Walk walk_of(const Attack& attack, const Target& target, std::uint64_t seed) {
  if (attack.name.starts_with("apgd")) return auto_climb(attack, target, seed);
  if (attack.name == "fab") return boundary_walk(attack, target, seed);
  if (attack.name == "carlini_wagner") return distance_descent(attack, target);
  if (attack.name == "square") return square_search(attack, target, seed);
  if (attack.name == "hop_skip_jump") return decision_search(attack, target, seed);
  if (attack.name == "noise") return noise_search(attack, target, seed);
  return climb(attack, target, seed);
}

}  // namespace assay::methods
