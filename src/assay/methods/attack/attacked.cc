#include "assay/methods/attack/attacked.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace assay::methods {

namespace {

constexpr double kExecutorsDiffer = 2e-4;  // of the largest logit

// How far beyond the boundary; above 0: fooled.
double beyond(const std::vector<double>& logits, const Target& target) {
  return target.goal < 0 ? excess(logits, target.label) : -excess(logits, target.goal);
}

class Siege {
 public:
  Siege(const Victim& victim, std::span<const Target> targets, const Attack& attack, Counts counts,
        std::uint64_t seed)
      : victim_(victim),
        targets_(targets),
        attack_(attack),
        counts_(counts),
        seed_(seed),
        results_(targets.size()),
        faint_(targets.size()) {}

  std::vector<Attacked> run() && {
    for (;;) {
      enter();
      if (running_.empty()) break;
      turn();
    }
    verify();
    return std::move(results_);
  }

 private:
  struct Running {
    std::size_t target;
    Walk walk;
    const Query* query;
  };

  void enter() {
    while (running_.size() < static_cast<std::size_t>(victim_.rows()) && next_ < targets_.size()) {
      Walk walk = walk_of(attack_, targets_[next_], seed_);
      const Query* query = walk.advance();
      if (query) running_.push_back({next_, std::move(walk), query});
      ++next_;
    }
  }

  // Those that ask for a slope, else the others.
  void turn() {
    const bool slopes = std::any_of(running_.begin(), running_.end(),
                                    [](const Running& r) { return r.query->with_slope; });
    std::vector<const Query*> queries;
    std::vector<int> labels;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (running_[i].query->with_slope != slopes) continue;
      queries.push_back(running_[i].query);
      labels.push_back(targets_[running_[i].target].label);
      asked.push_back(i);
    }
    std::vector<Answer> answers =
        slopes ? victim_.slopes(queries, labels) : victim_.answers(queries);
    std::vector<std::size_t> ended;
    for (std::size_t k = 0; k < asked.size(); ++k) {
      Running& r = running_[asked[k]];
      Attacked& result = results_[r.target];
      ++(slopes ? result.gradients : result.queries);
      if (slopes)
        result.zero_slopes += std::all_of(answers[k].slope.begin(), answers[k].slope.end(),
                                          [](float g) { return g == 0; });
      const bool done = seen(r.target, *r.query, answers[k]);
      if (!done) {
        r.walk.tell(std::move(answers[k]));
        r.query = r.walk.advance();
      }
      if (done || !r.query) ended.push_back(asked[k]);
    }
    for (auto i = ended.rbegin(); i != ended.rend(); ++i)
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(*i));
  }

  // True where the picture is settled.
  bool seen(std::size_t k, const Query& query, const Answer& answer) {
    const Target& target = targets_[k];
    Attacked& result = results_[k];
    const double margin = beyond(answer.logits, target);
    const auto take = [&](bool fooled) {
      result.fooled = fooled;
      result.pixels = query.pixels;
      result.decision = decision_of(answer.logits);
    };
    if (counts_ == Counts::kLast) {
      take(margin > 0);
      return false;
    }
    if (!(margin > 0)) return false;
    double most = 0;
    for (const double z : answer.logits) most = std::max(most, std::abs(z));
    const bool sure = !query.with_slope || margin > kExecutorsDiffer * most;
    if (counts_ == Counts::kNearest) {
      const double far = distance(target.ball.norm(), query.pixels, target.ball.centre());
      if (!sure || (result.fooled && far >= result.distance)) return false;
      take(true);
      result.distance = far;
      return false;
    }
    if (!target.ball.holds(query.pixels)) return false;
    if (sure) {
      take(true);
      return true;
    }
    if (!faint_[k]) faint_[k] = query.pixels;
    return false;
  }

  // By the executor that decides; a faint find counts where nothing better came.
  void verify() {
    for (std::size_t k = 0; k < results_.size(); ++k)
      if (!results_[k].fooled && counts_ == Counts::kFirst && faint_[k])
        results_[k].pixels = std::move(*faint_[k]);
    std::vector<std::size_t> shown;
    std::vector<const Pixels*> points;
    for (std::size_t k = 0; k < results_.size(); ++k)
      if (!results_[k].pixels.empty()) {
        shown.push_back(k);
        points.push_back(&results_[k].pixels);
      }
    const auto logits = logits_of_points(victim_, points);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const Target& target = targets_[shown[i]];
      Attacked& result = results_[shown[i]];
      ++result.queries;
      result.fooled = beyond(logits[i], target) > 0;
      result.decision = decision_of(logits[i]);
      result.distance = distance(target.ball.norm(), result.pixels, target.ball.centre());
    }
  }

  const Victim& victim_;
  std::span<const Target> targets_;
  const Attack& attack_;
  Counts counts_;
  std::uint64_t seed_;
  std::vector<Attacked> results_;
  std::vector<std::optional<Pixels>> faint_;
  std::vector<Running> running_;
  std::size_t next_ = 0;
};

}  // namespace

int decision_of(std::span<const double> logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<std::vector<double>> logits_of_points(const Victim& victim,
                                                  std::span<const Pixels* const> points) {
  const auto rows = static_cast<std::size_t>(victim.rows());
  std::vector<std::vector<double>> all;
  for (std::size_t first = 0; first < points.size(); first += rows) {
    std::vector<Query> queries;
    std::vector<const Query*> pointers;
    for (std::size_t i = first; i < std::min(first + rows, points.size()); ++i)
      queries.push_back({*points[i], {}, false});
    for (const Query& q : queries) pointers.push_back(&q);
    for (Answer& answer : victim.answers(pointers)) all.push_back(std::move(answer.logits));
  }
  return all;
}

std::vector<Attacked> attacked(const Victim& victim, std::span<const Target> targets,
                               const Attack& attack, Counts counts, std::uint64_t seed) {
  return Siege(victim, targets, attack, counts, seed).run();
}

}  // namespace assay::methods
