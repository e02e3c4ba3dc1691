#include "assay/checks/performance/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <set>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/base/seed.h"
#include "assay/stats/bound.h"

namespace assay::checks {
namespace {

static_assert(Check<Calibration>);
static_assert(!MeasuringCheck<Calibration>);

using testing::HasSubstr;

const Facts kFour{{"a", "b", "c", "d"}, 3};

Calibration::Params quick() {
  Calibration::Params p;
  p.null_draws = 200;
  p.replicates = 200;
  return p;
}

// Labels drawn from softmax(logits / temperature): calibrated at that temperature.
std::vector<CleanRecord> sampled(int rows, double temperature, std::uint64_t seed = 6) {
  std::vector<CleanRecord> records;
  for (int i = 0; i < rows; ++i) {
    Stream stream(seed, "sampled", static_cast<std::uint64_t>(i));
    CleanRecord r;
    r.row = i;
    double sum = 0;
    for (int c = 0; c < 4; ++c) {
      r.logits.push_back(static_cast<float>(3 * stream.normal()));
      sum += std::exp(r.logits.back() / temperature);
    }
    double left = stream.uniform() * sum;
    r.label = 0;
    while (r.label < 3 &&
           (left -= std::exp(r.logits[static_cast<std::size_t>(r.label)] / temperature)) > 0)
      ++r.label;
    records.push_back(std::move(r));
  }
  return records;
}

const Finding& named(const std::vector<Finding>& findings, const std::string& id) {
  for (const auto& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

TEST(Calibration, FindsACalibratedModelCalibrated) {
  // Each bound may miss in one data set of twenty: more than two of ten would be no chance (1 %).
  constexpr int kSets = 10;
  int accused = 0, biased = 0;
  for (int set = 0; set < kSets; ++set) {
    const auto records = sampled(1500, 1, 100 + set);
    const auto f = Calibration::findings(Calibration::summarise(records, quick(), kFour));
    accused += stats::lower_bound(named(f, "ece"), 0.95) > 0;
    EXPECT_GT(named(f, "ece").value, 0.005);  // the noise that is not miscalibration
    EXPECT_NEAR(named(f, "ece_excess").value, 0, 0.02);
    EXPECT_NEAR(named(f, "temperature").value, 1, 0.12);
    const Interval over = *named(f, "overconfidence").interval;
    biased += over.low > 0 || over.high < 0;
  }
  EXPECT_LE(accused, 2);
  EXPECT_LE(biased, 2);
}

TEST(Calibration, FindsAnOverconfidentModelAndItsTemperature) {
  const auto records = sampled(1500, 2);
  const auto result = Calibration::summarise(records, quick(), kFour);
  const auto f = Calibration::findings(result);
  EXPECT_GT(stats::lower_bound(named(f, "ece"), 0.95), 0.05);
  EXPECT_GT(named(f, "overconfidence").interval->low, 0.05);
  for (const char* id : {"temperature", "temperature_all"}) {
    EXPECT_LT(named(f, id).interval->low, 2) << id;
    EXPECT_GT(named(f, id).interval->high, 2) << id;
  }
  EXPECT_EQ(stats::lower_bound(named(f, "ece_after_temperature"), 0.95), 0);
  EXPECT_LT(named(f, "nll_after_temperature").value, named(f, "nll").value - 0.05);

  const Section s = Calibration::present(result);
  EXPECT_THAT(s.answer, HasSubstr("The model is overconfident."));
  EXPECT_THAT(s.answer, HasSubstr("on held-out pictures"));
  ASSERT_EQ(s.figures.size(), 2u);
  const Figure& d = s.figures[0];
  EXPECT_EQ(d.kind, FigureKind::kReliability);
  ASSERT_EQ(d.series.size(), 2u);
  EXPECT_EQ(d.series[0].x.size(), d.series[0].low.size());
  EXPECT_EQ(d.series[1].x.size(), 15u);
  double pictures = 0;
  for (const double n : d.series[1].y) pictures += n;
  EXPECT_EQ(pictures, 1500);
  EXPECT_LT(d.series[0].y.back(), d.series[0].low.back());  // the last bin is outside its band
}

TEST(Calibration, EveryBoundedNumberLiesInItsInterval) {
  const auto records = sampled(800, 1.5);
  for (const auto& f : Calibration::findings(Calibration::summarise(records, quick(), kFour))) {
    ASSERT_EQ(f.status, FindingStatus::kOk) << f.id;
    EXPECT_EQ(f.n, 800) << f.id;
    if (f.id == "brier_uncertainty") {
      EXPECT_FALSE(f.interval);
      continue;
    }
    ASSERT_TRUE(f.interval) << f.id;
    EXPECT_LT(f.interval->low, f.interval->high) << f.id;
    EXPECT_LE(f.interval->low, f.value) << f.id;
    EXPECT_GE(f.interval->high, f.value) << f.id;
  }
}

TEST(Calibration, TheBrierPartsClose) {
  const auto records = sampled(500, 2);
  const auto f = Calibration::findings(Calibration::summarise(records, quick(), kFour));
  EXPECT_NEAR(named(f, "brier").value,
              named(f, "brier_reliability").value - named(f, "brier_resolution").value +
                  named(f, "brier_uncertainty").value +
                  named(f, "brier_within_bin_variance").value -
                  named(f, "brier_within_bin_covariance").value,
              1e-12);
}

TEST(Calibration, IdsDependOnNothing) {
  const auto none =
      Calibration::findings(Calibration::summarise(std::span<const CleanRecord>{}, quick(), kFour));
  const auto records = sampled(60, 1);
  const auto some = Calibration::findings(Calibration::summarise(records, quick(), kFour));
  const std::vector<CleanRecord> lone(records.begin(), records.begin() + 1);
  const auto one = Calibration::findings(Calibration::summarise(lone, quick(), kFour));
  ASSERT_EQ(none.size(), some.size());
  ASSERT_EQ(none.size(), one.size());
  for (std::size_t i = 0; i < none.size(); ++i) {
    EXPECT_EQ(none[i].id, some[i].id);
    EXPECT_EQ(none[i].id, one[i].id);
    EXPECT_EQ(none[i].status, FindingStatus::kUndefined);
  }
  EXPECT_THAT(
      Calibration::present(Calibration::summarise(std::span<const CleanRecord>{}, quick(), kFour))
          .answer,
      HasSubstr("Nothing can be said"));
}

TEST(Calibration, OnePictureProvesNothing) {
  const auto records = sampled(1, 1);
  const auto result = Calibration::summarise(records, quick(), kFour);
  const auto f = Calibration::findings(result);
  EXPECT_EQ(stats::lower_bound(named(f, "ece"), 0.95), 0);
  EXPECT_EQ(stats::upper_bound(named(f, "ece"), 0.95), 1);
  EXPECT_EQ(named(f, "temperature").status, FindingStatus::kUndefined);
  EXPECT_EQ(Calibration::present(result).figures.size(), 1u);
}

TEST(Calibration, LeavesOutRowsWithoutAConfidenceAndSaysSo) {
  auto records = sampled(100, 1);
  const auto before = Calibration::findings(Calibration::summarise(records, quick(), kFour));
  records.insert(records.begin() + 40, records[3]);
  records[40].logits[2] = std::nanf("");
  const auto result = Calibration::summarise(records, quick(), kFour);
  EXPECT_EQ(named(Calibration::findings(result), "ece").value, named(before, "ece").value);
  EXPECT_THAT(Calibration::present(result).warnings,
              testing::Contains(HasSubstr("not a finite number for 1 picture")));
}

TEST(Calibration, ALabelOfProbabilityZeroMakesTheLossUndefinedNotLarge) {
  auto records = sampled(100, 1);
  auto& r = records[10];
  r.logits[static_cast<std::size_t>(r.label)] = -std::numeric_limits<float>::infinity();
  const auto result = Calibration::summarise(records, quick(), kFour);
  const auto f = Calibration::findings(result);
  EXPECT_EQ(named(f, "nll").status, FindingStatus::kUndefined);
  EXPECT_THAT(named(f, "nll").note, HasSubstr("1 picture has a label of probability 0"));
  EXPECT_EQ(named(f, "temperature").status, FindingStatus::kUndefined);
  EXPECT_EQ(named(f, "brier").status, FindingStatus::kOk);
  EXPECT_THAT(Calibration::present(result).warnings,
              testing::Contains(HasSubstr("nll is undefined")));
}

TEST(Calibration, WarnsWhereNoiseAloneMakesAnError) {
  const auto records = sampled(80, 1);
  const Section s = Calibration::present(Calibration::summarise(records, quick(), kFour));
  EXPECT_THAT(s.warnings, testing::Contains(HasSubstr("read ece_excess")));
}

TEST(Calibration, CountsClustersWhereTheDataNameThem) {
  auto once = sampled(60, 1);
  std::vector<CleanRecord> copies;
  for (auto& r : once) {
    r.cluster = "video" + std::to_string(r.row);
    for (int i = 0; i < 8; ++i) copies.push_back(r);
  }
  const auto f = Calibration::findings(Calibration::summarise(copies, quick(), kFour));
  auto rows = copies;
  for (auto& r : rows) r.cluster.clear();
  const auto fooled = Calibration::findings(Calibration::summarise(rows, quick(), kFour));
  for (const char* id : {"ece", "brier", "nll", "overconfidence", "classwise_ece"}) {
    EXPECT_EQ(named(f, id).n, 60) << id;
    EXPECT_EQ(named(fooled, id).n, 480) << id;
    const auto width = [&](const std::vector<Finding>& all) {
      return named(all, id).interval->high - named(all, id).interval->low;
    };
    EXPECT_GT(width(f), 1.3 * width(fooled)) << id;
  }
  EXPECT_EQ(stats::lower_bound(named(f, "ece"), 0.95), 0);
}

TEST(Calibration, SameSeedSameNumbers) {
  const auto records = sampled(150, 1);
  const auto a = Calibration::findings(Calibration::summarise(records, quick(), kFour));
  const auto b = Calibration::findings(Calibration::summarise(records, quick(), kFour));
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].value, b[i].value) << a[i].id;
    EXPECT_EQ(stats::lower_bound(a[i], 0.9), stats::lower_bound(b[i], 0.9)) << a[i].id;
  }
}

TEST(Calibration, AgreesWithTheReferenceOnRecordedProbabilities) {
  const char* given = std::getenv("ASSAY_SHARED");
  const std::filesystem::path shared =
      given ? given : std::filesystem::path(ASSAY_SOURCE_DIR) / ".." / "shared";
  const std::string name = "wideresnet-16-4-cifar-10";
  const auto record = shared / "data/records" / name;
  if (!std::filesystem::exists(record)) GTEST_SKIP() << "no reference data at " << record;
  const std::string text =
      read_file((shared / "reference/calibration" / (name + ".json")).string());
  const auto want = [&](const std::string& object, const std::string& key = "own") {
    const auto at = text.find('"' + key + "\":", text.find('"' + object + "\":"));
    EXPECT_NE(at, std::string::npos) << object;
    return std::strtod(text.c_str() + at + key.size() + 3, nullptr);
  };
  const auto probabilities = read_npy((record / "predictions.npy").string()).values<float>();
  stats::Predictions p;
  p.classes = 10;
  p.scores = stats::Scores::kProbabilities;
  p.labels = read_npy((record / "ground_truth.npy").string()).values<int>();
  for (std::size_t i = 0; i < p.labels.size(); ++i)
    p.rows.emplace_back(probabilities.data() + 10 * i, 10);

  Facts facts{std::vector<std::string>(10, "x"), 0};
  const auto f = Calibration::findings(Calibration::summarise(p, quick(), facts));
  const struct {
    const char *id, *object, *key;
    double tolerance;
  } cases[] = {
      {"ece", "ece_equal_width_15", "own", 1e-9},
      {"ece_adaptive", "ece_equal_mass_15", "own", 1e-9},
      {"mce", "mce_15", "own", 1e-9},
      {"classwise_ece", "classwise_ece_15", "own", 1e-9},
      {"brier", "brier_sum", "own", 1e-9},
      {"brier_reliability", "brier_decomposition_binned_15", "reliability", 1e-9},
      {"brier_resolution", "brier_decomposition_binned_15", "resolution", 1e-9},
      {"brier_uncertainty", "brier_decomposition_binned_15", "uncertainty", 1e-9},
      {"brier_within_bin_variance", "brier_decomposition_binned_15", "within_bin_variance", 1e-9},
      {"brier_within_bin_covariance", "brier_decomposition_binned_15", "within_bin_covariance",
       1e-9},
      {"nll", "nll", "own", 1e-9},
      {"overconfidence", "overconfidence_mean_confidence_minus_accuracy", "own", 1e-9},
      {"temperature_all", "temperature", "own", 1e-6},
      {"ece_null", "ece_null_mean", "own", 5e-4},
      {"ece_excess", "ece_null_corrected", "own", 5e-4},
  };
  for (const auto& c : cases)
    EXPECT_NEAR(named(f, c.id).value, want(c.object, c.key), c.tolerance) << c.id;
}

}  // namespace
}  // namespace assay::checks
