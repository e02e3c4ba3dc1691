#include "assay/stats/sampled_prediction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "assay/base/npy.h"

namespace assay::stats {
namespace {

// Measures that other people's code gave of the same samples.
class SampleReference : public testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("ASSAY_SHARED");
    folder_ = (given ? std::filesystem::path(given)
                     : std::filesystem::path(ASSAY_SOURCE_DIR) / ".." / "shared") /
              "reference/uncertainty/samples";
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no reference data at " << folder_;
    const NpyArray p = read_npy((folder_ / "probabilities.npy").string());
    samples_ = static_cast<std::size_t>(p.shape[0]);
    rows_ = static_cast<std::size_t>(p.shape[1]);
    classes_ = static_cast<std::size_t>(p.shape[2]);
    all_ = p.values<double>();
  }
  std::vector<double> row(std::size_t i) const {
    std::vector<double> samples;
    for (std::size_t s = 0; s < samples_; ++s)
      for (std::size_t k = 0; k < classes_; ++k)
        samples.push_back(all_[(s * rows_ + i) * classes_ + k]);
    return samples;
  }
  std::vector<double> array(const char* name) const {
    return read_npy((folder_ / name).string()).values<double>();
  }
  std::filesystem::path folder_;
  std::size_t samples_ = 0, rows_ = 0, classes_ = 0;
  std::vector<double> all_;
};

TEST_F(SampleReference, EveryMeasureAgrees) {
  const auto mean = array("mean.npy"), predictive = array("predictive_entropy.npy"),
             expected = array("expected_entropy.npy"),
             information = array("mutual_information.npy"), deviation = array("std_population.npy"),
             ratio = array("variation_ratio.npy"),
             disagreement = array("variation_ratio_mean_class.npy"), margin = array("margin.npy"),
             confidence = array("max_probability.npy");
  for (std::size_t i = 0; i < rows_; ++i) {
    SCOPED_TRACE(i);
    const auto m = summarise_samples(row(i), static_cast<int>(classes_));
    EXPECT_NEAR(m.predictive_entropy, predictive[i], 1e-12);
    EXPECT_NEAR(m.expected_entropy, expected[i], 1e-12);
    EXPECT_NEAR(m.mutual_information, information[i], 1e-12);
    EXPECT_NEAR(m.variation_ratio, ratio[i], 1e-12);
    EXPECT_NEAR(m.disagreement, disagreement[i], 1e-7);  // recorded in single precision
    EXPECT_NEAR(m.margin, margin[i], 1e-12);
    EXPECT_NEAR(m.confidence, confidence[i], 1e-12);
    EXPECT_NEAR(m.predictive_entropy, m.expected_entropy + m.mutual_information, 1e-15);
    for (std::size_t k = 0; k < classes_; ++k) {
      EXPECT_NEAR(m.mean[k], mean[i * classes_ + k], 1e-12);
      EXPECT_NEAR(m.deviation[k], deviation[i * classes_ + k], 1e-12);
    }
  }
}

TEST_F(SampleReference, CovariancesAgreeAndAddUp) {
  const auto rows = array("covariance_rows.npy"), epistemic = array("epistemic_covariance.npy"),
             aleatoric = array("aleatoric_covariance.npy");
  const std::size_t square = classes_ * classes_;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto samples = row(static_cast<std::size_t>(rows[r]));
    const auto c = class_covariance(samples, static_cast<int>(classes_));
    const auto m = summarise_samples(samples, static_cast<int>(classes_));
    for (std::size_t a = 0; a < classes_; ++a)
      for (std::size_t b = 0; b < classes_; ++b) {
        const std::size_t k = a * classes_ + b;
        EXPECT_NEAR(c.epistemic[k], epistemic[r * square + k], 1e-12);
        EXPECT_NEAR(c.aleatoric[k], aleatoric[r * square + k], 1e-12);
        EXPECT_NEAR(c.epistemic[k] + c.aleatoric[k], (a == b) * m.mean[a] - m.mean[a] * m.mean[b],
                    1e-8);  // rows sum to 1 in single precision
      }
  }
}

// Draws of Dirichlet laws whose measures have a closed form.
TEST_F(SampleReference, DrawsOfADirichletComeNearItsClosedForm) {
  const auto folder = folder_.parent_path() / "dirichlet";
  const auto read = [&](const char* name) { return read_npy((folder / name).string()); };
  const NpyArray draws = read("samples.npy");
  ASSERT_EQ(draws.shape.size(), 3U);
  const auto values = draws.values<double>();
  const auto expected = read("expected_entropy.npy").values<double>(),
             information = read("mutual_information.npy").values<double>();
  const auto laws = expected.size();
  const bool law_first = static_cast<std::size_t>(draws.shape[0]) == laws;
  const auto count = static_cast<std::size_t>(draws.shape[law_first ? 1 : 0]),
             k = static_cast<std::size_t>(draws.shape[2]);
  for (std::size_t law = 0; law < laws; ++law) {
    std::vector<double> samples;
    for (std::size_t s = 0; s < count; ++s)
      for (std::size_t c = 0; c < k; ++c)
        samples.push_back(values[law_first ? (law * count + s) * k + c : (s * laws + law) * k + c]);
    const auto m = summarise_samples(samples, static_cast<int>(k));
    EXPECT_NEAR(m.mutual_information, information[law], 4 * m.information_error + 0.01) << law;
    EXPECT_NEAR(m.expected_entropy, expected[law], 0.1) << law;
    EXPECT_GT(m.information_error, 0);
  }
}

TEST(SampledPrediction, OneSampleHasNothingToDisagree) {
  const std::vector<double> p{0.2, 0.5, 0.3};
  const auto m = summarise_samples(p, 3);
  EXPECT_EQ(m.mutual_information, 0);
  EXPECT_EQ(m.standard_error, 0);
  EXPECT_EQ(m.variation_ratio, 0);
  EXPECT_EQ(m.decision, 1);
  EXPECT_NEAR(m.margin, 0.2, 1e-15);
}

TEST(SampledPrediction, DirectionsAreThoseOfTheDisagreement) {
  // Classes 0 and 1 are taken for each other, 2 never.
  std::vector<double> samples;
  for (int s = 0; s < 10; ++s)
    for (const double p : {s % 2 == 0 ? 0.7 : 0.1, s % 2 == 0 ? 0.1 : 0.7, 0.2})
      samples.push_back(p);
  const auto directions = leading_directions(class_covariance(samples, 3), 3, 2);
  ASSERT_EQ(directions.variance.size(), 2U);
  EXPECT_NEAR(directions.variance[0], 0.18, 1e-12);
  EXPECT_NEAR(directions.variance[1], 0, 1e-12);
  EXPECT_NEAR(std::abs(directions.direction[0][0]), std::sqrt(0.5), 1e-9);
  EXPECT_NEAR(directions.direction[0][0], -directions.direction[0][1], 1e-9);
}

}  // namespace
}  // namespace assay::stats
