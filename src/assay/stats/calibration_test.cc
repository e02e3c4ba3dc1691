#include "assay/stats/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/base/seed.h"
#include "assay/stats/calibration_evidence.h"
#include "assay/stats/temperature.h"

namespace assay::stats {
namespace {

// Owns what Predictions only views.
struct Rows {
  std::vector<std::vector<float>> scores;
  Predictions predictions;

  void add(std::vector<float> row, int label) {
    scores.push_back(std::move(row));
    predictions.labels.push_back(label);
  }
  const Predictions& view(Scores kind) {
    predictions.scores = kind;
    predictions.classes = static_cast<int>(scores.front().size());
    predictions.rows.assign(scores.begin(), scores.end());
    return predictions;
  }
};

TEST(Bins, EveryEdgeBelongsToTheBinBelow) {
  for (const int bins : {2, 3, 10, 15, 1000})
    for (int k = 0; k <= bins; ++k) {
      const double edge = k / static_cast<double>(bins);
      EXPECT_EQ(equal_width_bin(edge, bins), std::max(0, k - 1)) << k << " of " << bins;
      if (k < bins) {
        EXPECT_EQ(equal_width_bin(std::nextafter(edge, 2), bins), k) << k << " of " << bins;
      }
    }
  EXPECT_EQ(equal_width_bin(0, 15), 0);
  EXPECT_EQ(equal_width_bin(1, 15), 14);
  EXPECT_EQ(equal_width_bin(1.0000001, 15), 14);  // a float sum above 1
}

TEST(Bins, EqualMassIsAStableSortCutAsEvenlyAsCanBe) {
  const std::vector<double> c{0.9, 0.5, 0.5, 0.7, 0.5, 0.6, 0.8};
  EXPECT_EQ(equal_mass_parts(c, 3), (std::vector<int>{2, 0, 0, 1, 0, 1, 2}));
  EXPECT_EQ(equal_mass_parts(std::vector<double>{0.3, 0.2}, 5), (std::vector<int>{1, 0}));
}

TEST(Calibration, ByHand) {
  Rows rows;
  rows.add({0.75f, 0.25f}, 0);
  rows.add({0.75f, 0.25f}, 1);
  rows.add({0.0f, 1.0f}, 1);
  const auto m = measure_calibration(rows.view(Scores::kProbabilities), 10);
  EXPECT_DOUBLE_EQ(m.ece, 2 * 0.25 / 3);
  EXPECT_DOUBLE_EQ(m.mce, 0.25);
  EXPECT_DOUBLE_EQ(m.overconfidence, (2.5 - 2) / 3);
  EXPECT_DOUBLE_EQ(overconfidence_error(m.width), 2.0 / 3 * 0.75 * 0.25);
  EXPECT_DOUBLE_EQ(m.brier_mean, (0.125 + 1.125 + 0) / 3);
  EXPECT_DOUBLE_EQ(m.nll_mean, -(std::log(0.75) + std::log(0.25)) / 3);
  EXPECT_DOUBLE_EQ(m.classwise_ece, 2 * 0.25 / 3);
}

TEST(Calibration, ConfidencesOfExactlyZeroAndOneAreCounted) {
  Rows rows;
  rows.add({1.0f, 0.0f}, 0);
  rows.add({1.0f, 0.0f}, 1);
  const auto m = measure_calibration(rows.view(Scores::kProbabilities), 15);
  EXPECT_EQ(m.width.back().count, 2);
  EXPECT_EQ(m.ece, 0.5);
  EXPECT_EQ(m.brier_mean, 1);
  EXPECT_EQ(m.nll_mean, std::numeric_limits<double>::infinity());
  EXPECT_EQ(m.class_cell(1, 0).count, 2);
  EXPECT_EQ(m.class_cell(1, 0).hits, 1);
}

TEST(Calibration, OfNoRowsIsZeroes) {
  Predictions none;
  none.classes = 3;
  const auto m = measure_calibration(none, 15);
  EXPECT_EQ(m.ece, 0);
  EXPECT_EQ(m.size(), 0u);
}

TEST(Calibration, LogitsAndTheirProbabilitiesSayTheSame) {
  Rows logits, probabilities;
  Stream stream(3, "test");
  for (int i = 0; i < 200; ++i) {
    std::vector<float> z;
    double sum = 0;
    for (int c = 0; c < 7; ++c) {
      z.push_back(static_cast<float>(3 * stream.normal()) +
                  80);  // far from 0: no overflow, no loss
      sum += std::exp(z.back() - 80.0);
    }
    std::vector<float> p;
    for (const float v : z) p.push_back(static_cast<float>(std::exp(v - 80.0) / sum));
    const int label = static_cast<int>(stream.below(7));
    logits.add(z, label);
    probabilities.add(p, label);
  }
  const auto a = measure_calibration(logits.view(Scores::kLogits), 15);
  const auto b = measure_calibration(probabilities.view(Scores::kProbabilities), 15);
  EXPECT_NEAR(a.ece, b.ece, 1e-7);
  EXPECT_NEAR(a.brier_mean, b.brier_mean, 1e-7);
  EXPECT_NEAR(a.nll_mean, b.nll_mean, 1e-6);
}

TEST(Calibration, ALogitOfMinusInfinityIsAProbabilityOfZero) {
  const float inf = std::numeric_limits<float>::infinity();
  Rows rows;
  rows.add({0.0f, -inf, 0.0f}, 0);
  const auto m = measure_calibration(rows.view(Scores::kLogits), 15);
  EXPECT_DOUBLE_EQ(m.nll_mean, std::log(2.0));
  EXPECT_DOUBLE_EQ(m.brier_mean, 0.5);
  rows.predictions.labels[0] = 1;
  EXPECT_EQ(measure_calibration(rows.predictions, 15).nll_mean, inf);
}

TEST(Calibration, BrierPartsCloseAndTheirInfluencesAverageToThem) {
  Rows rows;
  Stream stream(8, "test");
  for (int i = 0; i < 300; ++i) {
    std::vector<float> z;
    for (int c = 0; c < 4; ++c) z.push_back(static_cast<float>(2 * stream.normal()));
    rows.add(z, stream.uniform() < 0.6 ? top_class(z) : static_cast<int>(stream.below(4)));
  }
  const Predictions& p = rows.view(Scores::kLogits);
  const auto m = measure_calibration(p, 15);
  const BrierParts& b = m.parts;
  EXPECT_NEAR(m.brier_mean,
              b.reliability - b.resolution + b.uncertainty + b.within_bin_variance -
                  b.within_bin_covariance,
              1e-14);
  const auto influence = brier_influence(p, m);
  const auto mean = [](const std::vector<double>& v) {
    double sum = 0;
    for (const double x : v) sum += x;
    return sum / static_cast<double>(v.size());
  };
  EXPECT_NEAR(mean(influence.reliability), b.reliability, 1e-14);
  EXPECT_NEAR(mean(influence.resolution), b.resolution, 1e-14);
  EXPECT_NEAR(mean(influence.within_bin_variance), b.within_bin_variance, 1e-14);
  EXPECT_NEAR(mean(influence.within_bin_covariance), b.within_bin_covariance, 1e-14);
}

// The recorded outputs of a wide residual network on CIFAR-10 and what other people's tools make of
// them.
class Reference : public testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("ASSAY_SHARED");
    const std::filesystem::path shared =
        given ? given : std::filesystem::path(ASSAY_SOURCE_DIR) / ".." / "shared";
    const std::string name = "wideresnet-16-4-cifar-10";
    const auto record = shared / "data/records" / name;
    if (!std::filesystem::exists(record)) GTEST_SKIP() << "no reference data at " << record;
    text_ = read_file((shared / "reference/calibration" / (name + ".json")).string());
    probabilities_ = read_npy((record / "predictions.npy").string()).values<float>();
    const auto labels = read_npy((record / "ground_truth.npy").string()).values<int>();
    predictions_.classes = 10;
    predictions_.scores = Scores::kProbabilities;
    predictions_.labels = labels;
    for (std::size_t i = 0; i < labels.size(); ++i)
      predictions_.rows.emplace_back(probabilities_.data() + 10 * i, 10);
    ASSERT_EQ(predictions_.size(), 10000u);
  }
  // The number behind "key" in the object of "name".
  double value(const std::string& name, const std::string& key = "own") const {
    const auto object = text_.find('"' + name + "\":");
    const auto at = text_.find('"' + key + "\":", object);
    EXPECT_NE(object, std::string::npos) << name;
    EXPECT_NE(at, std::string::npos) << name << " " << key;
    return std::strtod(text_.c_str() + at + key.size() + 3, nullptr);
  }
  std::string text_;
  std::vector<float> probabilities_;
  Predictions predictions_;
};

TEST_F(Reference, DeterministicMeasuresAgreeTo1e9) {
  const auto m = measure_calibration(predictions_, 15);
  constexpr double kTolerance = 1e-9;
  EXPECT_NEAR(m.ece, value("ece_equal_width_15"), kTolerance);
  EXPECT_NEAR(m.ece_adaptive, value("ece_equal_mass_15"), kTolerance);
  EXPECT_NEAR(m.mce, value("mce_15"), kTolerance);
  EXPECT_NEAR(m.classwise_ece, value("classwise_ece_15"), kTolerance);
  EXPECT_NEAR(m.brier_mean, value("brier_sum"), kTolerance);
  EXPECT_NEAR(m.nll_mean, value("nll"), kTolerance);
  EXPECT_NEAR(m.overconfidence, value("overconfidence_mean_confidence_minus_accuracy"), kTolerance);
  EXPECT_NEAR(overconfidence_error(m.width), value("overconfidence_error_15"), kTolerance);
  const std::string brier = "brier_decomposition_binned_15";
  EXPECT_NEAR(m.parts.reliability, value(brier, "reliability"), kTolerance);
  EXPECT_NEAR(m.parts.resolution, value(brier, "resolution"), kTolerance);
  EXPECT_NEAR(m.parts.uncertainty, value(brier, "uncertainty"), kTolerance);
  EXPECT_NEAR(m.parts.within_bin_variance, value(brier, "within_bin_variance"), kTolerance);
  EXPECT_NEAR(m.parts.within_bin_covariance, value(brier, "within_bin_covariance"), kTolerance);
  double hits = 0;
  for (const auto h : m.top.hit) hits += h;
  EXPECT_EQ(hits / 10000, value("accuracy"));
}

TEST_F(Reference, TemperatureAgreesTo1e6) {
  const auto fit = fit_temperature(predictions_);
  ASSERT_TRUE(fit.ok()) << fit.problem;
  EXPECT_NEAR(fit.temperature, value("temperature"), 1e-6);
  Softmax softmax(predictions_);
  TopLabel top;
  double nll = 0;
  for (std::size_t i = 0; i < predictions_.size(); ++i) {
    const auto p = softmax(i, 1 / fit.temperature);
    const int best = top_class(predictions_.rows[i]);
    top.confidence.push_back(p[static_cast<std::size_t>(best)]);
    top.hit.push_back(best == predictions_.labels[i]);
    nll -= softmax.log_probability(predictions_.labels[i]);
  }
  EXPECT_NEAR(nll / 10000, value("temperature_nll_after"), 1e-9);
  const auto bin = equal_width_bins(top.confidence, 15);
  EXPECT_NEAR(expected_error(cells_of(top, bin, 15)), value("temperature_ece15_after"), 1e-6);
}

TEST_F(Reference, NullErrorAgreesTo5e4) {
  const auto m = measure_calibration(predictions_, 15);
  const auto null = resample_hits(m.top, m.width_bin, m.mass_bin, 15, {400, 0, "test"});
  double mean = 0;
  for (const double e : null_errors(m.width, null.width)) mean += e / 400;
  EXPECT_NEAR(mean, value("ece_null_mean"), 5e-4);
  EXPECT_NEAR(analytic_null_error(m.width), value("ece_null_mean", "analytic_half_normal"), 1e-9);
}

}  // namespace
}  // namespace assay::stats
