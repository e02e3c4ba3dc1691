#include "assay/methods/attack/attack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "assay/base/error.h"
#include "assay/methods/attack/attacked.h"

namespace assay::methods {
namespace {

using testing::HasSubstr;

constexpr int kChannels = 3, kSide = 8, kValues = kChannels * kSide * kSide;

// logits = scale · (W x + b): what every minimal distance is known of.
class LinearVictim final : public Victim {
 public:
  LinearVictim(int classes, double scale) : scale_(scale) {
    Stream stream(7, "linear");
    for (int k = 0; k < classes; ++k) {
      std::vector<double> w(kValues);
      for (double& v : w) v = stream.normal();
      weights_.push_back(std::move(w));
    }
  }
  int rows() const override { return 8; }
  std::vector<Answer> answers(std::span<const Query* const> queries) const override {
    std::vector<Answer> all;
    for (const Query* q : queries) {
      Answer a;
      for (const auto& w : weights_)
        a.logits.push_back(scale_ * std::inner_product(w.begin(), w.end(), q->pixels.begin(), 0.0));
      all.push_back(std::move(a));
    }
    asked += static_cast<int>(queries.size());
    return all;
  }
  std::vector<Answer> slopes(std::span<const Query* const> queries,
                             std::span<const int> labels) const override {
    std::vector<Answer> all = answers(queries);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const ObjectiveValue o = objective_of(queries[i]->objective, all[i].logits, labels[i]);
      all[i].value = o.value;
      std::vector<double> slope(kValues, 0);
      for (std::size_t k = 0; k < o.slope.size(); ++k)
        for (std::size_t p = 0; p < slope.size(); ++p)
          slope[p] += scale_ * o.slope[k] * weights_[k][p];
      all[i].slope.assign(slope.begin(), slope.end());
    }
    return all;
  }

  int decision(const Pixels& x) const {
    const Query q{x, {}, false};
    const Query* one[] = {&q};
    const auto logits = answers(one)[0].logits;
    return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  // To the nearest other class; of linf and l2 where no pixel's range is in the way, of l1 the steepest pixels as far as there is room.
  double nearest(const Pixels& x, int label, Norm norm) const {
    const Query q{x, {}, false};
    const Query* one[] = {&q};
    const auto logits = answers(one)[0].logits;
    double least = INFINITY;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      if (static_cast<int>(k) == label) continue;
      double gap = (logits[static_cast<std::size_t>(label)] - logits[k]) / scale_, sum = 0,
             squares = 0;
      std::vector<std::pair<double, double>> steep;  // slope and room
      for (std::size_t p = 0; p < weights_[k].size(); ++p) {
        const double d = weights_[k][p] - weights_[static_cast<std::size_t>(label)][p],
                     at = static_cast<double>(x[p]);
        sum += std::abs(d);
        squares += d * d;
        steep.emplace_back(std::abs(d), d > 0 ? 1 - at : at);
      }
      if (norm != Norm::kL1) {
        least = std::min(least, gap / (norm == Norm::kLinf ? sum : std::sqrt(squares)));
        continue;
      }
      std::sort(steep.rbegin(), steep.rend());
      double far = 0;
      for (const auto& [slope, room] : steep) {
        const double move = std::min(room, gap / slope);
        far += move;
        gap -= move * slope;
        if (gap <= 1e-12) break;
      }
      least = std::min(least, far);
    }
    return least;
  }
  mutable int asked = 0;

 private:
  std::vector<std::vector<double>> weights_;
  double scale_;
};

std::vector<Target> targets(const LinearVictim& victim, Norm norm, double eps, int count) {
  std::vector<Target> all;
  for (int i = 0; i < count; ++i) {
    Stream stream(3, "picture", static_cast<std::uint64_t>(i));
    Pixels x(kValues);
    for (float& v : x) v = static_cast<float>(0.4 + 0.2 * stream.uniform());
    const Query q{x, {}, false};
    const Query* one[] = {&q};
    std::vector<double> clean = victim.answers(one)[0].logits;
    const int label = victim.decision(x);
    all.push_back({Ball(std::move(x), norm, eps), kChannels, kSide, kSide, label, -1,
                   std::move(clean), static_cast<std::uint64_t>(i)});
  }
  return all;
}

Attack named(const std::string& text, Norm norm) { return attacks_named(text, norm, "").front(); }

class Linear : public testing::TestWithParam<std::pair<std::string, Norm>> {};

TEST_P(Linear, AttacksReachTheBoundaryWhereItIsAndNotBefore) {
  const auto& [text, norm] = GetParam();
  for (const double scale : {1.0, 100.0}) {
    const LinearVictim victim(6, scale);
    const Attack attack = named(text, norm);
    for (const double share : {0.95, 1.15}) {
      // Each picture its own ball, a little too small or a little too large.
      std::vector<Target> all = targets(victim, norm, 1, 10);
      for (Target& t : all)
        t.ball =
            Ball(t.ball.centre(), norm, share * victim.nearest(t.ball.centre(), t.label, norm));
      const auto found = attacked(victim, all, attack, Counts::kFirst, 5);
      int fooled = 0;
      for (std::size_t i = 0; i < all.size(); ++i) {
        fooled += found[i].fooled;
        if (!found[i].fooled) continue;
        EXPECT_TRUE(all[i].ball.holds(found[i].pixels));
        EXPECT_NE(victim.decision(found[i].pixels), all[i].label);
        EXPECT_LE(found[i].distance, all[i].ball.eps());
      }
      if (share < 1)
        EXPECT_EQ(fooled, 0) << text;
      else
        EXPECT_GE(fooled, 9) << text << " scale " << scale;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, Linear,
    testing::Values(std::pair<std::string, Norm>{"pgd(steps=60, restarts=2)", Norm::kLinf},
                    std::pair<std::string, Norm>{"apgd_ce", Norm::kLinf},
                    std::pair<std::string, Norm>{"apgd_dlr", Norm::kLinf},
                    std::pair<std::string, Norm>{"apgd_t", Norm::kLinf},
                    std::pair<std::string, Norm>{"fab", Norm::kLinf},
                    std::pair<std::string, Norm>{"pgd(steps=60, restarts=2)", Norm::kL2},
                    std::pair<std::string, Norm>{"apgd_t", Norm::kL2},
                    std::pair<std::string, Norm>{"fab", Norm::kL2},
                    std::pair<std::string, Norm>{"fab", Norm::kL1}),
    [](const auto& info) {
      std::string name = info.param.first.substr(0, info.param.first.find('('));
      return name + (info.param.second == Norm::kLinf ? "Linf"
                     : info.param.second == Norm::kL2 ? "L2"
                                                      : "L1");
    });

TEST(Attack, MinimalDistancesAreTheClosedForm) {
  const LinearVictim victim(6, 1);
  for (const auto& [text, norm, slack] : {std::tuple{"fab", Norm::kLinf, 1.01},
                                          {"fab", Norm::kL2, 1.01},
                                          {"fab", Norm::kL1, 1.02},
                                          {"carlini_wagner", Norm::kL2, 1.05}}) {
    const auto all = targets(victim, norm, INFINITY, 8);
    const auto found = attacked(victim, all, named(text, norm), Counts::kNearest, 5);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double known = victim.nearest(all[i].ball.centre(), all[i].label, norm);
      ASSERT_TRUE(found[i].fooled) << text;
      EXPECT_GE(found[i].distance, known * (1 - 1e-5)) << text;
      EXPECT_LE(found[i].distance, known * slack) << text;
    }
  }
}

TEST(Attack, WhoFallsLeavesAtOnceAndCostsNoMore) {
  const LinearVictim victim(6, 1);
  std::vector<Target> all = targets(victim, Norm::kLinf, 0.3, 40);
  victim.asked = 0;
  const auto found =
      attacked(victim, all, named("pgd(steps=100, restarts=5)", Norm::kLinf), Counts::kFirst, 5);
  std::int64_t told = 0;
  for (const Attacked& a : found) {
    EXPECT_TRUE(a.fooled);
    told += a.gradients + a.queries;
  }
  EXPECT_EQ(told, victim.asked);
  EXPECT_LT(told, 40 * 6);
}

TEST(Attack, APicturesFindIsTheSameInAnyCompany) {
  const LinearVictim victim(6, 1);
  const auto all = targets(victim, Norm::kLinf, 0.02, 20);
  for (const char* text :
       {"pgd(steps=5, restarts=2)", "apgd_ce(steps=20)", "square(steps=50)", "noise(steps=20)"}) {
    const Attack attack = named(text, Norm::kLinf);
    const auto together = attacked(victim, all, attack, Counts::kLast, 5);
    for (const std::size_t k : {0U, 7U, 19U})
      EXPECT_EQ(attacked(victim, {&all[k], 1}, attack, Counts::kLast, 5)[0].pixels,
                together[k].pixels)
          << text;
  }
}

TEST(Attack, SquareFindsByScoresWhatNoiseDoesNot) {
  const LinearVictim victim(6, 1);
  std::vector<Target> all = targets(victim, Norm::kLinf, 1, 16);
  for (Target& t : all)
    t.ball = Ball(t.ball.centre(), Norm::kLinf,
                  2.5 * victim.nearest(t.ball.centre(), t.label, Norm::kLinf));
  const auto count = [&](const char* text) {
    int fooled = 0;
    for (const auto& a : attacked(victim, all, named(text, Norm::kLinf), Counts::kFirst, 5))
      fooled += a.fooled;
    return fooled;
  };
  EXPECT_GE(count("square(steps=1000)"), 14);
  EXPECT_LT(count("noise(steps=100)"), 8);
}

TEST(Attack, DecisionsAloneLeadNearTheBoundary) {
  const LinearVictim victim(6, 1);
  for (const Norm norm : {Norm::kL2, Norm::kLinf}) {
    const auto all = targets(victim, norm, INFINITY, 6);
    const auto found = attacked(victim, all, named("hop_skip_jump", norm), Counts::kNearest, 5);
    int near = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_TRUE(found[i].fooled);
      EXPECT_EQ(found[i].gradients, 0);
      EXPECT_LE(found[i].queries, 5001);
      const double known = victim.nearest(all[i].ball.centre(), all[i].label, norm);
      EXPECT_GE(found[i].distance, known * (1 - 1e-5));
      near += found[i].distance < 1.5 * known;
    }
    EXPECT_GE(near, 5);
  }
}

TEST(Attack, ATargetIsWhatIsSaidInTheEnd) {
  const LinearVictim victim(6, 1);
  std::vector<Target> all = targets(victim, Norm::kLinf, 0.2, 8);
  for (Target& t : all) t.goal = (t.label + 2) % 6;
  for (const char* text : {"bim", "pgd", "apgd_t", "fab"})
    for (const Attack& attack : attacks_named(text, Norm::kLinf, "")) {
      const auto found = attacked(victim, all, attack, Counts::kFirst, 5);
      for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_TRUE(found[i].fooled) << text;
        EXPECT_EQ(victim.decision(found[i].pixels), all[i].goal) << text;
      }
    }
}

TEST(Ball, KeepsBothBoundsInDoublePrecision) {
  for (const Norm norm : {Norm::kLinf, Norm::kL2, Norm::kL1})
    for (std::uint64_t k = 0; k < 20; ++k) {
      Stream stream(1, "ball", k);
      Pixels centre(300), far(300);
      std::vector<float> slope(300);
      for (float& v : centre) v = static_cast<float>(stream.uniform());
      for (float& v : far) v = static_cast<float>(4 * stream.uniform() - 2);
      stream.fill_normal(slope);
      const Ball ball(centre, norm, 0.003 + 0.1 * stream.uniform());
      EXPECT_TRUE(ball.holds(ball.projected(far)));
      EXPECT_TRUE(ball.holds(ball.stepped(centre, slope, 10)));
      EXPECT_TRUE(ball.holds(ball.drawn(stream)));
      EXPECT_TRUE(ball.holds(ball.drawn_far(stream)));
      EXPECT_EQ(ball.projected(centre), centre);
      EXPECT_EQ(ball.stepped(centre, std::vector<float>(300, 0), 1), centre);
    }
}

TEST(Objective, SlopesAreThoseOfDifferences) {
  const std::vector<std::vector<double>> all{
      {1.2, -0.3, 2.5, 0.1, -4}, {3, 1, 2}, {0.5, -0.7}, {300, 100, -250, 20}};
  for (const auto& z : all)
    for (const Loss loss : {Loss::kCrossEntropy, Loss::kDlr, Loss::kDifference, Loss::kLead})
      for (const int target : {-1, 1}) {
        if (loss == Loss::kLead && target < 0) continue;
        const Objective objective{loss, target};
        const ObjectiveValue here = objective_of(objective, z, 0);
        for (std::size_t k = 0; k < z.size(); ++k) {
          const auto moved = [&](double step) {
            std::vector<double> there = z;
            there[k] += step;
            return objective_of(objective, there, 0).value;
          };
          EXPECT_NEAR(here.slope[k], (moved(1e-6) - moved(-1e-6)) / 2e-6, 1e-6);
        }
      }
  // The cross-entropy's own gradient, less the factor 1 − p_y.
  const auto& z = all[0];
  double sum = 0;
  for (const double v : z) sum += std::exp(v);
  const double own = std::exp(z[0]) / sum;
  const ObjectiveValue log_odds = objective_of({Loss::kCrossEntropy, -1}, z, 0),
                       plain = objective_of({Loss::kPlain, -1}, z, 0);
  for (std::size_t k = 0; k < z.size(); ++k) {
    EXPECT_NEAR(log_odds.slope[k] * (1 - own), std::exp(z[k]) / sum - (k == 0 ? 1 : 0), 1e-12);
    EXPECT_NEAR(plain.slope[k], std::exp(z[k]) / sum - (k == 0 ? 1 : 0), 1e-6);
  }
  EXPECT_NEAR(plain.value, -std::log(own), 1e-6);
}

TEST(Attack, NamesAreReadAndWrongOnesSaid) {
  EXPECT_THAT(split_attacks("fgsm, pgd(steps=4, restarts=2), standard"),
              testing::ElementsAre("fgsm", "pgd(steps=4, restarts=2)", "standard"));
  EXPECT_EQ(attacks_named("standard", Norm::kLinf, "").size(), 4U);
  EXPECT_EQ(attacks_named("pgd(steps=4, step=0.1)", Norm::kL2, "")[0].steps, 4);
  const auto error = [](const std::string& text, Norm norm) -> std::string {
    try {
      attacks_named(text, norm, "checks.robustness.attacks");
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(error("pdg", Norm::kLinf), HasSubstr("did you mean \"pgd\"?"));
  EXPECT_THAT(error("fgsm(steps=3)", Norm::kLinf), HasSubstr("no parameter of fgsm"));
  EXPECT_THAT(error("pgd(steps=0)", Norm::kLinf), HasSubstr("from 1 to"));
  EXPECT_THAT(error("carlini_wagner", Norm::kLinf), HasSubstr("in l2 alone"));
  EXPECT_THAT(error("pgd(steps=3", Norm::kLinf), HasSubstr("wanted NAME("));
}

}  // namespace
}  // namespace assay::methods
