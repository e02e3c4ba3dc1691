#include "assay/checks/sensitivity/tolerance_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/base/seed.h"
#include "assay/imaging/scene/pixel_statistics.h"
#include "assay/methods/shift/margin_gradient.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/stats/chaos/surrogate.h"

namespace assay::checks {

namespace {

using Params = Tolerance::Params;
using Record = Tolerance::Record;
using Eigen::Index;
using Eigen::MatrixXd;

constexpr int kCandidates = 1024;  // places that the surrogate is asked about

at::Tensor tensor_of(const PictureUnderChange::Thetas& theta) {
  at::Tensor t = at::empty(
      {static_cast<std::int64_t>(theta.size()), static_cast<std::int64_t>(theta.front().size())},
      at::kDouble);
  for (std::size_t i = 0; i < theta.size(); ++i)
    std::copy(theta[i].begin(), theta[i].end(), t.data_ptr<double>() + i * theta.front().size());
  return t;
}

// A factor in one direction: it holds at `held`, and fails at `failed` where that is not past the end.
struct Way {
  std::size_t factor = 0;
  double end = 0;  // the value at 1
  double held = 0, failed = 2;
  std::vector<double> margins;  // at 0, 1/steps, …

  std::vector<double> theta(const std::vector<double>& nominal, double share) const {
    std::vector<double> t = nominal;
    t[factor] += share * (end - nominal[factor]);
    return t;
  }
};

// Looks for places in the box at which the decision fails, the nearest to nominal above all.
class BoxSearch {
 public:
  BoxSearch(const PictureUnderChange& picture, const Ways& ways, const Params& params,
            std::vector<double> lengths, std::uint64_t seed, Record& record)
      : picture_(picture),
        ways_(ways),
        params_(params),
        lengths_(std::move(lengths)),
        seed_(seed),
        record_(record),
        factors_(static_cast<Index>(ways.nominal.size())) {}

  void run() {
    ask(spread(params_.points, "tolerance/points"));
    ask_where_the_surrogate_fails();
    if (picture_.has_gradients())
      for (int k = 0; k < kDescents; ++k) descend();
    for (int k = 0; k < 2; ++k) come_nearer();
  }

 private:
  MatrixXd spread(Index n, const char* purpose) const {
    return (stats::scrambled_sobol(n, factors_, {seed_, purpose}).array() * 2 - 1).matrix();
  }

  void ask(const MatrixXd& places) {
    if (places.rows() == 0) return;
    std::vector<std::vector<double>> theta;
    for (Index i = 0; i < places.rows(); ++i) {
      const Eigen::VectorXd place = places.row(i).transpose();
      theta.push_back(
          ways_.theta({place.data(), static_cast<std::size_t>(place.size())}, lengths_));
    }
    const auto answer = picture_.at(theta);
    for (Index i = 0; i < places.rows(); ++i) {
      places_.push_back(places.row(i));
      for (Index f = 0; f < factors_; ++f)
        record_.places.push_back(static_cast<float>(places(i, f)));
    }
    record_.margins.insert(record_.margins.end(), answer.margins.begin(), answer.margins.end());
    record_.failed.insert(record_.failed.end(), answer.failed.begin(), answer.failed.end());
  }

  // The places where it predicts the least margin, and the nearest where it predicts a failure.
  void ask_where_the_surrogate_fails() {
    MatrixXd x(params_.points, factors_);
    Eigen::VectorXd y(params_.points);
    for (Index i = 0; i < x.rows(); ++i) {
      x.row(i) = places_[static_cast<std::size_t>(i)];
      y(i) = static_cast<double>(record_.margins[static_cast<std::size_t>(i)]);
    }
    if (!y.allFinite() || y.maxCoeff() == y.minCoeff()) return;
    const std::vector<stats::Distribution> uniform(ways_.nominal.size(),
                                                   stats::Distribution::parse("uniform(-1, 1)"));
    stats::SurrogateOptions options;
    options.most_degree = 6;
    stats::SurrogateFitter fitter(uniform, x, options, {seed_, "tolerance"});
    const stats::Surrogate surrogate = fitter.fit(y);
    const MatrixXd candidates = spread(kCandidates, "tolerance/candidates");
    const Eigen::VectorXd predicted = fitter.predict(surrogate, candidates);
    std::vector<Index> order(static_cast<std::size_t>(kCandidates));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return predicted(a) < predicted(b); });
    std::vector<Index> chosen(order.begin(), order.begin() + kChosen / 2);
    std::vector<Index> failing;
    for (const Index i : order)
      if (predicted(i) < 0) failing.push_back(i);
    std::stable_sort(failing.begin(), failing.end(), [&](Index a, Index b) {
      return candidates.row(a).cwiseAbs().maxCoeff() < candidates.row(b).cwiseAbs().maxCoeff();
    });
    for (const Index i : failing)
      if (chosen.size() < kChosen) chosen.push_back(i);
    for (std::size_t k = kChosen / 2; chosen.size() < kChosen; ++k) chosen.push_back(order[k]);
    ask(candidates(chosen, Eigen::all));
  }

  // From the places with the least margins half of the box against the gradient's signs: the linear model's
  // worst corner lies there.
  void descend() {
    std::vector<std::size_t> order(places_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return record_.margins[a] < record_.margins[b];
    });
    order.resize(std::min<std::size_t>(kChosen, order.size()));
    std::vector<std::vector<double>> theta;
    for (const std::size_t i : order) {
      const Eigen::VectorXd place = places_[i].transpose();
      theta.push_back(
          ways_.theta({place.data(), static_cast<std::size_t>(place.size())}, lengths_));
    }
    const at::Tensor gradient = picture_.gradient(theta);
    MatrixXd next(static_cast<Index>(order.size()), factors_);
    for (std::size_t i = 0; i < order.size(); ++i)
      for (Index f = 0; f < factors_; ++f) {
        const double g = gradient.data_ptr<double>()[i * static_cast<std::size_t>(factors_) +
                                                     static_cast<std::size_t>(f)];
        const double sign = g > 0 ? 1 : g < 0 ? -1 : 0;
        // A failing place looks for one as bad nearer to nominal.
        const double from =
            record_.failed[order[i]] ? places_[order[i]](f) / 2 : places_[order[i]](f);
        next(static_cast<Index>(i), f) = std::clamp(from - 0.5 * sign, -1.0, 1.0);
      }
    ask(next);
  }

  // On the way from nominal to the nearest failure.
  void come_nearer() {
    double nearest = INFINITY;
    Eigen::RowVectorXd to;
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (const double far = places_[i].cwiseAbs().maxCoeff(); record_.failed[i] && far < nearest) {
        nearest = far;
        to = places_[i];
      }
    if (to.size() == 0) return;
    // What is known to hold on this ray need not be asked again.
    double held = 0;
    for (const Eigen::RowVectorXd& place : places_)
      if (const double share = place.cwiseAbs().maxCoeff() / nearest;
          share < 1 && (place - share * to).cwiseAbs().maxCoeff() < 1e-9)
        held = std::max(held, share);
    MatrixXd ray(kOnRay, factors_);
    for (int k = 0; k < kOnRay; ++k) ray.row(k) = (held + (1 - held) * (k + 1) / (kOnRay + 1)) * to;
    ask(ray);
  }

  const PictureUnderChange& picture_;
  const Ways& ways_;
  const Params& params_;
  std::vector<double> lengths_;
  std::uint64_t seed_;
  Record& record_;
  Index factors_;
  std::vector<Eigen::RowVectorXd> places_;
};

}  // namespace

PictureUnderChange::PictureUnderChange(const Subject& subject, const Unit& unit,
                                       const Context& context, const Ways& ways, int reference)
    : classifier_(subject.classifier),
      input_(input_of(unit, context)),
      ways_(ways),
      raw_(subject, unit, context, ways.space.scene()),
      reference_(reference),
      draw_(hash_name(fmt::format("tolerance/{}", unit.row))) {}

std::vector<std::uint64_t> PictureUnderChange::draws(std::size_t n) const {
  return std::vector<std::uint64_t>(n, draw_);
}

PictureUnderChange::Answer PictureUnderChange::at(const Thetas& theta) const {
  const Said said =
      said_of(methods::shifted_logits(classifier_, input_, ways_.space.scene(), tensor_of(theta),
                                      draws(theta.size()), raw_.get()),
              reference_);
  Answer answer{said.margin, {}};
  for (std::size_t i = 0; i < said.decision.size(); ++i)
    answer.failed.push_back(said.decision[i] != reference_ || !std::isfinite(said.margin[i]));
  return answer;
}

at::Tensor PictureUnderChange::gradient(const Thetas& theta) const {
  return methods::margin_gradient(classifier_, input_, ways_.space.scene(), tensor_of(theta),
                                  draws(theta.size()), reference_, raw_.get())
      .gradient.contiguous();
}

bool PictureUnderChange::has_gradients() const {
  return classifier_.reading() == network::Reading::kGraph;
}

at::Tensor PictureUnderChange::shifted(const Thetas& theta) const {
  const at::Tensor pixels = methods::pixels_of_input(classifier_, input_).clamp(0, 1);
  return ways_.space.scene()(pixels.expand({static_cast<std::int64_t>(theta.size()), -1, -1, -1}),
                             tensor_of(theta), draws(theta.size()), raw_.get());
}

std::vector<float> reaches(const PictureUnderChange& picture, const Ways& ways,
                           const Params& params, double nominal_margin) {
  std::vector<Way> all;
  for (std::size_t f = 0; f < ways.nominal.size(); ++f)
    for (const double end : {ways.low[f], ways.high[f]})
      all.push_back({f, end, end == ways.nominal[f] ? 1.0 : 0.0, 2, {nominal_margin}});
  const auto ask = [&](std::vector<Way*> which, auto share, auto told) {
    if (which.empty()) return;
    std::vector<std::vector<double>> theta;
    for (const Way* w : which) theta.push_back(w->theta(ways.nominal, share(*w)));
    const auto answer = picture.at(theta);
    for (std::size_t i = 0; i < which.size(); ++i)
      told(*which[i], answer.margins[i], answer.failed[i] != 0);
  };
  for (int k = 1; k <= params.steps; ++k) {
    std::vector<Way*> alive;
    for (Way& w : all)
      if (w.failed > 1 && w.held < 1) alive.push_back(&w);
    const double share = static_cast<double>(k) / params.steps;
    ask(
        alive, [&](const Way&) { return share; },
        [&](Way& w, float margin, bool failed) {
          (failed ? w.failed : w.held) = share;
          w.margins.push_back(static_cast<double>(margin));
        });
  }
  std::vector<Way*> dipping;
  std::vector<double> bottom(all.size(), 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& m = all[i].margins;
    double least = INFINITY;
    for (std::size_t k = 1; k + 1 < m.size(); ++k) {
      const double bend = m[k - 1] - 2 * m[k] + m[k + 1];
      if (m[k] > m[k - 1] || m[k] > m[k + 1] || !(bend > 0) || !(m[k] < least)) continue;
      least = m[k];
      bottom[i] = (static_cast<double>(k) + (m[k - 1] - m[k + 1]) / (2 * bend)) / params.steps;
    }
    if (bottom[i] > 0 && bottom[i] < all[i].failed) dipping.push_back(&all[i]);
  }
  ask(
      dipping, [&](const Way& w) { return bottom[static_cast<std::size_t>(&w - all.data())]; },
      [&](Way& w, float, bool failed) {
        if (!failed) return;
        w.failed = bottom[static_cast<std::size_t>(&w - all.data())];
        w.held = std::floor(w.failed * params.steps) / params.steps;
      });
  for (int k = 0; k < kHalvings; ++k) {
    std::vector<Way*> open;
    for (Way& w : all)
      if (w.failed <= 1) open.push_back(&w);
    const auto middle = [](const Way& w) { return (w.held + w.failed) / 2; };
    ask(open, middle, [&](Way& w, float, bool failed) {
      const double at = middle(w);
      (failed ? w.failed : w.held) = at;
    });
  }
  std::vector<float> reach;
  for (const Way& w : all) reach.push_back(static_cast<float>(std::min(1.0, w.held)));
  return reach;
}

void search_box(const PictureUnderChange& picture, const Ways& ways, const Params& params,
                const std::vector<double>& lengths, std::uint64_t seed, Record& record) {
  BoxSearch(picture, ways, params, lengths, seed, record).run();
}

void verify(const PictureUnderChange& picture, const Ways& ways, const Params& params,
            const std::vector<double>& lengths, std::uint64_t seed, Record& record) {
  const MatrixXd unit = stats::independent(params.draws, static_cast<Index>(ways.nominal.size()),
                                           {seed, fmt::format("tolerance/draws/{}", record.row)});
  std::vector<std::vector<double>> theta;
  for (Index i = 0; i < unit.rows(); ++i) {
    std::vector<double> at;
    for (std::size_t f = 0; f < ways.nominal.size(); ++f)
      at.push_back(ways.nominal[f] - lengths[2 * f] +
                   unit(i, static_cast<Index>(f)) * (lengths[2 * f] + lengths[2 * f + 1]));
    theta.push_back(std::move(at));
  }
  const auto answer = picture.at(theta);
  record.failed = answer.failed;
  record.margins = answer.margins;
  theta.insert(theta.begin(), ways.nominal);
  const at::Tensor shown = picture.shifted(theta);
  record.channels = static_cast<int>(shown.size(1));
  for (const double v : imaging::pixel_statistics(shown))
    record.statistics.push_back(static_cast<float>(v));
}

}  // namespace assay::checks
