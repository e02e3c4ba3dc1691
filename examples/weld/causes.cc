#include "causes.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/stats/special.h"
#include "cause_table.h"

namespace weld {

namespace {

using assay::stats::Normal;
using Kind = Distribution::Kind;

std::vector<std::string> words_of(std::string_view words) {
  return assay::split_choices(assay::Choice{words});
}

std::string number(double v) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, v, std::chars_format::general, 6).ptr;
  return {text, end};
}

// P(X <= x) before the support truncates it.
double untruncated_cdf(const Distribution& d, double x) {
  if (d.kind == Kind::kLogNormal)
    return x <= 0 ? 0 : assay::stats::cdf(Normal{}, std::log(x / d.a) / d.b);
  return assay::stats::cdf(Normal{}, (x - d.a) / d.b);
}

double poisson_cdf(double mean, double x) {
  double term = std::exp(-mean), sum = 0;
  for (int k = 0; k <= std::floor(x); ++k) {
    sum += term;
    term *= mean / (k + 1);
  }
  return std::min(1.0, sum);
}

// Steps up to the first whole number whose cdf reaches the probability.
double whole_quantile(const Distribution& d, double low, double high, double probability) {
  double x = d.kind == Kind::kPoisson ? low : d.a;
  const double last = d.kind == Kind::kPoisson ? high : d.b;
  while (x < last && cdf(d, low, high, x) < probability) ++x;
  return x;
}

}  // namespace

double cdf(const Distribution& d, double low, double high, double x) {
  switch (d.kind) {
    case Kind::kAlways:
      return x >= d.a ? 1 : 0;
    case Kind::kUniform:
      return std::clamp((x - d.a) / (d.b - d.a), 0.0, 1.0);
    case Kind::kNormal:
    case Kind::kLogNormal: {
      const double below = untruncated_cdf(d, low), up_to = untruncated_cdf(d, high);
      return std::clamp((untruncated_cdf(d, x) - below) / (up_to - below), 0.0, 1.0);
    }
    case Kind::kPoisson:
      return x < 0 ? 0 : x >= high ? 1 : poisson_cdf(d.a, x);
    case Kind::kInTurn:
      return std::clamp((std::floor(x) + 1) / d.a, 0.0, 1.0);
    case Kind::kWhole:
      return std::clamp((std::floor(x) - d.a + 1) / (d.b - d.a + 1), 0.0, 1.0);
    case Kind::kLastWith:
      return x >= d.b ? 1 : std::max(0.0, (std::floor(x) - d.a + 1) / (d.b - d.a) * (1 - d.p));
    case Kind::kSometimes:
      return x < 0 ? 0 : (1 - d.p) + d.p * std::clamp((x - d.a) / (d.b - d.a), 0.0, 1.0);
  }
  throw assay::BugError("no such distribution");
}

double quantile(const Distribution& d, double low, double high, double probability) {
  switch (d.kind) {
    case Kind::kAlways:
      return d.a;
    case Kind::kUniform:
      return d.a + (d.b - d.a) * probability;
    case Kind::kNormal:
    case Kind::kLogNormal: {
      const double below = untruncated_cdf(d, low), up_to = untruncated_cdf(d, high);
      const double z = assay::stats::quantile(Normal{}, below + (up_to - below) * probability);
      const double x = d.kind == Kind::kNormal ? d.a + d.b * z : d.a * std::exp(d.b * z);
      return std::clamp(x, low, high);
    }
    case Kind::kSometimes:
      return probability < 1 - d.p ? 0 : d.a + (d.b - d.a) * (probability - (1 - d.p)) / d.p;
    case Kind::kInTurn:
    case Kind::kPoisson:
    case Kind::kWhole:
    case Kind::kLastWith:
      return whole_quantile(d, low, high, probability);
  }
  throw assay::BugError("no such distribution");
}

std::string to_text(const CauseRow& row, const Distribution& d) {
  const std::string share = number(100 * d.p) + " %";
  if (d.kind == Kind::kInTurn) return "in turn";
  if (!row.words.empty() && d.kind == Kind::kWhole) return "alike";
  const std::string a = row.words.empty() ? number(d.a) : value_text(row, d.a);
  const std::string b = row.words.empty() ? number(d.b) : value_text(row, d.b);
  switch (d.kind) {
    case Kind::kAlways:
      return "always " + a;
    case Kind::kInTurn:
      break;
    case Kind::kUniform:
      return "uniform " + a + " to " + b;
    case Kind::kNormal:
      return "normal " + a + " ± " + b;
    case Kind::kLogNormal:
      return "log-normal, median " + a + ", σ " + b;
    case Kind::kPoisson:
      return "Poisson, mean " + a;
    case Kind::kWhole:
      return a + " to " + b + " alike";
    case Kind::kLastWith:
      return b + " in " + share;
    case Kind::kSometimes:
      return "in " + share + " uniform " + a + " to " + b + ", else 0";
  }
  throw assay::BugError("no such distribution");
}

std::span<const CauseRow> cause_table() { return draws::kTable; }

std::size_t cause_index(const std::string& name) {
  std::vector<std::string> names;
  for (const CauseRow& row : cause_table()) {
    if (row.name == name) return names.size();
    names.emplace_back(row.name);
  }
  const std::string near = assay::nearest(name, names);
  throw assay::InputError(
      "--set", "no cause \"" + name + "\"" +
                   (near.empty() ? "; --causes lists them" : "; did you mean \"" + near + "\"?"));
}

const Distribution& distribution(const CauseRow& row, Tags tags) {
  for (const Special& special : row.special)
    if (special.when != 0 && (tags & special.when) == special.when) return special.instead;
  return row.usual;
}

std::string tags_text(Tags tags) {
  const auto classes = words_of(kClassWords), flaws = words_of(kFlawWords);
  std::vector<std::string> names(classes);
  names.insert(names.end(), {"camera B", "night", "line 1", "line 2", "line 3", "line 4", "test"});
  for (const std::string& flaw : flaws) names.push_back("flaw " + flaw);
  std::string text;
  for (std::size_t bit = 0; bit < names.size(); ++bit)
    if (tags >> bit & 1) text += (text.empty() ? "" : ", ") + names[bit];
  return text;
}

std::string value_text(const CauseRow& row, double value) {
  if (row.words.empty()) return number(value);
  return words_of(row.words).at(static_cast<std::size_t>(value - row.low));
}

double parse_value(const CauseRow& row, const std::string& text, const std::string& where) {
  if (!row.words.empty()) {
    const auto words = words_of(row.words);
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end())
      throw assay::InputError(where,
                              "got \"" + text + "\", wanted one of " + std::string(row.words));
    return row.low + static_cast<double>(found - words.begin());
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = row.unit.empty();  // counts and numbers on labels have no unit
  if (error != std::errc() || end != text.data() + text.size() || !(value >= row.low) ||
      !(value <= row.high) || (whole && value != std::floor(value)))
    throw assay::InputError(where, "got \"" + text + "\", wanted a " + (whole ? "whole " : "") +
                                       "number from " + number(row.low) + " to " +
                                       number(row.high) +
                                       (whole ? "" : " " + std::string(row.unit)));
  return value;
}

}  // namespace weld
