#include "assay/checks/uncertainty/uncertainty_samples.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/number_in.h"
#include "assay/base/seed.h"
#include "assay/checks/sensitivity/asked_picture.h"
#include "assay/checks/sensitivity/factor_space.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"

namespace assay::checks {

namespace {

constexpr const char* kWhere = "checks.uncertainty";
constexpr int kFirstLook = 8;

double number_of(const std::string& text, double low, double high, const std::string& where) {
  const auto value = number_in(text);
  if (!value || !(*value >= low && *value <= high))
    throw InputError(where, "got \"" + text + "\", wanted a number from " + to_text(low) + " to " +
                                to_text(high));
  return *value;
}

// Grows one picture's samples and says when they are enough.
class Growing {
 public:
  Growing(int classes, double error) : classes_(classes), error_(error) {}
  bool done() const { return done_; }
  void add(const float* logits) {
    if (done_) return;
    const auto p = probabilities_of(logits, classes_);
    all_.probabilities.insert(all_.probabilities.end(), p.begin(), p.end());
    if (++count_ != next_) return;
    next_ *= 2;
    const double left = stats::summarise_samples(all_.probabilities, classes_).standard_error;
    all_.trace.push_back(left);
    done_ = left <= error_;
  }
  Sampled take() && { return std::move(all_); }

 private:
  int classes_, count_ = 0, next_ = kFirstLook;
  double error_;
  bool done_ = false;
  Sampled all_;
};

using Growth = std::vector<Growing>;

bool all_done(const Growth& growth) {
  return std::all_of(growth.begin(), growth.end(), [](const Growing& g) { return g.done(); });
}

void grow_by_dropout(const Subject& subject, const Uncertainty::Params& params, int most,
                     const std::vector<Unit>& units, const Context& context, Growth& growth) {
  const auto sampler = subject.others->dropping(subject.classifier, dropout_places_of(params));
  const auto prefix = sampler->prefix(*context.input);
  std::vector<std::uint64_t> items(static_cast<std::size_t>(context.input->size(0)), 0);
  for (std::size_t s = 0; s < context.rows.size(); ++s)
    items[s] = static_cast<std::uint64_t>(context.rows[s]);
  for (int k = 0; k < most && !all_done(growth); ++k) {
    const at::Tensor logits =
        sampler->logits(prefix, subject.facts.seed, items, k).to(at::kFloat).contiguous();
    for (std::size_t i = 0; i < units.size(); ++i)
      growth[i].add(logits.data_ptr<float>() +
                    static_cast<std::int64_t>(context.slot(units[i].row)) * logits.size(1));
  }
}

void grow_by_factors(const Subject& subject, const Uncertainty::Params& params, int most,
                     const std::vector<Unit>& units, const Context& context, Growth& growth) {
  const FactorSpace space(params.factors, "reflect", 0, subject.facts.seed,
                          std::string(kWhere) + ".factors");
  for (std::size_t i = 0; i < units.size(); ++i) {
    const RawView raw(subject, units[i], context, space.scene());
    const auto item = static_cast<std::uint64_t>(units[i].row);
    Stream stream(subject.facts.seed, "uncertainty/factors", item);
    for (int done = 0; done < most && !growth[i].done(); done += kFirstLook) {
      const int count = std::min(kFirstLook, most - done);
      Eigen::MatrixXd unit(count, static_cast<Eigen::Index>(space.size()));
      for (Eigen::Index r = 0; r < unit.rows(); ++r)
        for (Eigen::Index c = 0; c < unit.cols(); ++c) unit(r, c) = stream.uniform();
      const Eigen::MatrixXd theta = space.theta(unit);
      at::Tensor at_theta = at::empty({theta.rows(), theta.cols()}, at::kDouble);
      std::vector<std::uint64_t> draws;
      for (Eigen::Index r = 0; r < theta.rows(); ++r) {
        for (Eigen::Index c = 0; c < theta.cols(); ++c)
          at_theta.data_ptr<double>()[r * theta.cols() + c] = theta(r, c);
        draws.push_back(item * 1000003 + static_cast<std::uint64_t>(done + r));
      }
      const at::Tensor logits =
          methods::shifted_logits(subject.classifier, input_of(units[i], context), space.scene(),
                                  at_theta, draws, raw.get())
              .to(at::kFloat)
              .contiguous();
      for (int r = 0; r < count; ++r)
        growth[i].add(logits.data_ptr<float>() + static_cast<std::int64_t>(r) * logits.size(1));
    }
  }
}

void grow_by_models(const Subject& subject, const Uncertainty::Params& params,
                    const std::vector<Unit>& units, const Context& context, Growth& growth) {
  for (std::size_t i = 0; i < units.size(); ++i)
    growth[i].add(context.clean[context.slot(units[i].row)].logits.data());
  for (const auto& [name, file] : entries_of(params.models, std::string(kWhere) + ".models")) {
    const auto other = subject.others->open(file, subject.classifier);
    const at::Tensor logits = other->forward(*context.input).logits.to(at::kFloat).contiguous();
    for (std::size_t i = 0; i < units.size(); ++i)
      growth[i].add(logits.data_ptr<float>() +
                    static_cast<std::int64_t>(context.slot(units[i].row)) * logits.size(1));
  }
}

}  // namespace

std::vector<double> probabilities_of(const float* logits, std::int64_t classes) {
  std::vector<double> p(logits, logits + classes);
  const double most = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& v : p) sum += v = std::exp(v - most);
  for (double& v : p) v /= sum;
  return p;
}

SampleSource sample_source(const Uncertainty::Params& params) {
  const std::string where = std::string(kWhere) + ".samples";
  const auto entries = entries_of(params.samples, where);
  const auto models = entries_of(params.models, std::string(kWhere) + ".models");
  if (entries.size() > 1 || (!entries.empty() && !models.empty()))
    throw InputError(where,
                     "samples come from one source at a time; ask the check again under "
                     "another name for the other");
  if (!models.empty()) return {SampleSource::Kind::kModels, static_cast<int>(models.size()) + 1};
  if (entries.empty()) return {};
  const auto& [name, text] = entries[0];
  if (name != "dropout" && name != "factors")
    throw InputError(where, "got \"" + name + "\", wanted dropout or factors");
  const double count = number_of(text, 2, 100000, where + "." + name);
  if (count != std::floor(count))
    throw InputError(where + "." + name, "got " + text + ", wanted a whole number");
  return {name == "dropout" ? SampleSource::Kind::kDropout : SampleSource::Kind::kFactors,
          static_cast<int>(count)};
}

std::vector<network::DropoutPlace> dropout_places_of(const Uncertainty::Params& params) {
  const std::string where = std::string(kWhere) + ".dropout_at";
  std::vector<network::DropoutPlace> places;
  for (const auto& [value, text] : entries_of(params.dropout_at, where)) {
    const bool channels = text.starts_with("channels(") && text.ends_with(")");
    const std::string rate = channels ? text.substr(9, text.size() - 10) : text;
    places.push_back({value, number_of(rate, 0, 1, where + "." + value), channels});
  }
  return places;
}

std::vector<Sampled> sampled_predictions(const Subject& subject, const Uncertainty::Params& params,
                                         const std::vector<Unit>& units, const Context& context) {
  const SampleSource source = sample_source(params);
  const int classes = subject.classifier.classes();
  Growth growth(units.size(),
                Growing(classes, source.kind == SampleSource::Kind::kModels ? -1 : params.error));
  if (units.empty()) return {};
  switch (source.kind) {
    case SampleSource::Kind::kSingle:
      for (std::size_t i = 0; i < units.size(); ++i)
        growth[i].add(context.clean[context.slot(units[i].row)].logits.data());
      break;
    case SampleSource::Kind::kDropout:
      grow_by_dropout(subject, params, source.most, units, context, growth);
      break;
    case SampleSource::Kind::kFactors:
      grow_by_factors(subject, params, source.most, units, context, growth);
      break;
    case SampleSource::Kind::kModels:
      grow_by_models(subject, params, units, context, growth);
      break;
  }
  std::vector<Sampled> all;
  for (Growing& g : growth) all.push_back(std::move(g).take());
  return all;
}

}  // namespace assay::checks
