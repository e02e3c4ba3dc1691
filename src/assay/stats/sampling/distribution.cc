#include "assay/stats/sampling/distribution.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <openturns/Beta.hxx>
#include <openturns/Distribution.hxx>
#include <openturns/Gamma.hxx>
#include <openturns/LogNormal.hxx>
#include <openturns/Normal.hxx>
#include <openturns/Triangular.hxx>
#include <openturns/TruncatedNormal.hxx>
#include <openturns/Uniform.hxx>

#include "assay/base/error.h"
#include "assay/stats/number_text.h"
#include "assay/stats/special.h"

namespace assay::stats {

struct Distribution::Law {
  OT::Distribution of;
};

namespace {

// Beyond this an endless tail is cut: a draw there would come once in a life of the universe.
constexpr double kTail = 1e-14;

struct Form {
  std::string name, arguments;
  DistributionKind kind;
  std::size_t least, most;
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all{
      {"uniform", "low, high", DistributionKind::kUniform, 2, 2},
      {"normal", "mean, sd", DistributionKind::kNormal, 2, 2},
      {"truncated_normal", "mean, sd, low, high", DistributionKind::kTruncatedNormal, 4, 4},
      {"beta", "a, b, low, high", DistributionKind::kBeta, 4, 4},
      {"log_normal", "mean_of_log, sd_of_log[, shift]", DistributionKind::kLogNormal, 2, 3},
      {"gamma", "shape, scale[, shift]", DistributionKind::kGamma, 2, 3},
      {"triangular", "low, mode, high", DistributionKind::kTriangular, 3, 3},
      {"discrete", "value[: weight], …", DistributionKind::kDiscrete, 1, 100000},
      {"constant", "value", DistributionKind::kDiscrete, 1, 1},
  };
  return all;
}

std::string form_text(const Form& form) { return form.name + "(" + form.arguments + ")"; }

std::string all_forms() {
  std::string list;
  for (const Form& form : forms()) list += (list.empty() ? "" : ", ") + form_text(form);
  return list;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

double number(std::string_view text, const std::string& where, std::string_view whole) {
  std::string_view t = without_blanks(text);
  if (!t.empty() && t.front() == '+') t.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value);
  if (t.empty() || error != std::errc() || end != t.data() + t.size() || !std::isfinite(value))
    throw InputError(where, "\"" + std::string(without_blanks(text)) + "\" in \"" +
                                std::string(whole) + "\" is not a finite number");
  return value;
}

struct Call {
  std::string name;
  std::vector<std::string_view> arguments;
};

Call parsed(std::string_view text, const std::string& where) {
  const std::string_view t = without_blanks(text);
  const std::size_t open = t.find('(');
  if (open == t.npos || t.empty() || t.back() != ')')
    throw InputError(where, "\"" + std::string(t) + "\" is not a distribution; wanted one of " +
                                all_forms() +
                                (open != t.npos ? " (in YAML in quotes: a plain scalar ends at the "
                                                  "comma, \"" +
                                                      std::string(t) + ", …)\")"
                                                : ""));
  Call call{std::string(without_blanks(t.substr(0, open))), {}};
  std::string_view rest = t.substr(open + 1, t.size() - open - 2);
  while (!without_blanks(rest).empty()) {
    const std::size_t comma = rest.find(',');
    call.arguments.push_back(rest.substr(0, comma));
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }
  return call;
}

OT::Distribution law_of(DistributionKind kind, const std::vector<double>& p) {
  const double shift = p.size() > 2 ? p[2] : 0;
  switch (kind) {
    case DistributionKind::kUniform:
      return OT::Uniform(p[0], p[1]);
    case DistributionKind::kNormal:
      return OT::Normal(p[0], p[1]);
    case DistributionKind::kTruncatedNormal:
      return OT::TruncatedNormal(p[0], p[1], p[2], p[3]);
    case DistributionKind::kBeta:
      return OT::Beta(p[0], p[1], p[2], p[3]);
    case DistributionKind::kLogNormal:
      return OT::LogNormal(p[0], p[1], shift);
    case DistributionKind::kGamma:
      return OT::Gamma(p[0], 1 / p[1], shift);
    case DistributionKind::kTriangular:
      return OT::Triangular(p[0], p[1], p[2]);
    case DistributionKind::kDiscrete:
      break;
  }
  throw BugError("a discrete distribution has no density");
}

// What is wrong with the parameters, or nothing.
std::string wrong(DistributionKind kind, const std::vector<double>& p) {
  switch (kind) {
    case DistributionKind::kUniform:
      return p[0] < p[1] ? "" : "low must be below high";
    case DistributionKind::kNormal:
      return p[1] > 0 ? "" : "sd must be above 0";
    case DistributionKind::kTruncatedNormal:
      if (!(p[1] > 0)) return "sd must be above 0";
      return p[2] < p[3] ? "" : "low must be below high";
    case DistributionKind::kBeta:
      if (!(p[0] > 0 && p[1] > 0)) return "a and b must be above 0";
      return p[2] < p[3] ? "" : "low must be below high";
    case DistributionKind::kLogNormal:
      return p[1] > 0 ? "" : "sd_of_log must be above 0";
    case DistributionKind::kGamma:
      return p[0] > 0 && p[1] > 0 ? "" : "shape and scale must be above 0";
    case DistributionKind::kTriangular:
      return p[0] <= p[1] && p[1] <= p[2] && p[0] < p[2] ? "" : "wanted low <= mode <= high";
    case DistributionKind::kDiscrete:
      return "";
  }
  return "";
}

}  // namespace

Distribution Distribution::parse(std::string_view text, const std::string& where) {
  const Call call = parsed(text, where);
  const auto form = std::find_if(forms().begin(), forms().end(),
                                 [&](const Form& f) { return f.name == call.name; });
  if (form == forms().end())
    throw InputError(where,
                     "unknown distribution \"" + call.name + "\"; wanted one of " + all_forms());
  const std::size_t count = call.arguments.size();
  if (count < form->least || count > form->most)
    throw InputError(where, "\"" + std::string(without_blanks(text)) + "\" has " +
                                std::to_string(count) + (count == 1 ? " number" : " numbers") +
                                "; wanted " + form_text(*form));
  Distribution d;
  d.kind_ = form->kind;
  d.text_ = without_blanks(text);
  if (form->kind == DistributionKind::kDiscrete) {
    std::map<double, double> mass;
    double sum = 0;
    for (const std::string_view argument : call.arguments) {
      const std::size_t colon = argument.find(':');
      const double value = number(argument.substr(0, colon), where, d.text_);
      const double weight =
          colon == argument.npos ? 1 : number(argument.substr(colon + 1), where, d.text_);
      if (!(weight >= 0)) throw InputError(where, "a weight of \"" + d.text_ + "\" is below 0");
      if (weight > 0) mass[value] += weight;
      sum += weight;
    }
    if (!(sum > 0)) throw InputError(where, "the weights of \"" + d.text_ + "\" sum to 0");
    for (const auto& [value, weight] : mass) {
      d.atoms_.push_back(value);
      d.weights_.push_back(weight / sum);
    }
    return d;
  }
  for (const std::string_view argument : call.arguments)
    d.parameters_.push_back(number(argument, where, d.text_));
  if (const std::string why = wrong(d.kind_, d.parameters_); !why.empty())
    throw InputError(where, "\"" + d.text_ + "\": " + why);
  try {
    d.law_ = std::make_shared<Law>(Law{law_of(d.kind_, d.parameters_)});
    if (!std::isfinite(d.mean()) || !(d.standard_deviation() > 0))
      throw InputError(where, "\"" + d.text_ + "\" has no finite mean and spread");
  } catch (const OT::Exception& e) {
    throw InputError(where, "\"" + d.text_ + "\": " + e.what());
  }
  return d;
}

Distribution Distribution::empirical(std::vector<double> values, const std::string& name) {
  if (values.empty()) throw InputError(name, "no value to draw from");
  Distribution d;
  d.kind_ = DistributionKind::kDiscrete;
  d.text_ = name;
  std::map<double, double> mass;
  for (const double v : values) {
    if (!std::isfinite(v)) throw InputError(name, "a value is not a finite number");
    mass[v] += 1;
  }
  for (const auto& [value, count] : mass) {
    d.atoms_.push_back(value);
    d.weights_.push_back(count / static_cast<double>(values.size()));
  }
  return d;
}

double Distribution::low() const {
  switch (kind_) {
    case DistributionKind::kDiscrete:
      return atoms_.front();
    case DistributionKind::kNormal:
      return -kInfinity;
    case DistributionKind::kLogNormal:
    case DistributionKind::kGamma:
      return parameters_.size() > 2 ? parameters_[2] : 0;
    case DistributionKind::kTruncatedNormal:
    case DistributionKind::kBeta:
      return parameters_[2];
    default:
      return parameters_[0];
  }
}

double Distribution::high() const {
  switch (kind_) {
    case DistributionKind::kDiscrete:
      return atoms_.back();
    case DistributionKind::kNormal:
    case DistributionKind::kLogNormal:
    case DistributionKind::kGamma:
      return kInfinity;
    default:
      return parameters_.back();
  }
}

double Distribution::mean() const {
  if (law_) return law_->of.getMean()[0];
  return std::inner_product(atoms_.begin(), atoms_.end(), weights_.begin(), 0.0);
}

double Distribution::standard_deviation() const {
  if (law_) return law_->of.getStandardDeviation()[0];
  const double m = mean();
  double square = 0;
  for (std::size_t i = 0; i < atoms_.size(); ++i)
    square += weights_[i] * (atoms_[i] - m) * (atoms_[i] - m);
  return std::sqrt(square);
}

double Distribution::density(double x) const {
  if (!law_) throw BugError("a discrete distribution has no density");
  return law_->of.computePDF(x);
}

double Distribution::cdf(double x) const {
  if (law_) return law_->of.computeCDF(x);
  double sum = 0;
  for (std::size_t i = 0; i < atoms_.size() && atoms_[i] <= x; ++i) sum += weights_[i];
  return std::min(sum, 1.0);
}

double Distribution::quantile(double probability) const {
  if (!law_) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < atoms_.size(); ++i)
      if ((sum += weights_[i]) > probability) return atoms_[i];
    return atoms_.back();
  }
  const auto& p = parameters_;
  if (kind_ == DistributionKind::kUniform) return p[0] + (p[1] - p[0]) * probability;
  const double u = std::clamp(probability, kTail, 1 - kTail);
  return std::clamp<double>(law_->of.computeQuantile(u)[0], low(), high());
}

const std::vector<std::string>& distribution_forms() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> texts;
    for (const Form& form : forms()) texts.push_back(form_text(form));
    return texts;
  }();
  return all;
}

}  // namespace assay::stats
