#include "assay/stats/calibration_evidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "assay/base/seed.h"
#include "assay/stats/bound.h"

namespace assay::stats {
namespace {

constexpr int kBins = 15;

Finding replicated(double value, Replicates r) { return bootstrapped("x", value, std::move(r), 1); }

// How often a bound must hold in a simulation of `sets` data sets: 95 %, less three binomial
// standard errors.
double least(int sets) { return 0.95 - 3 * std::sqrt(0.95 * 0.05 / sets); }

bool shown() { return std::getenv("ASSAY_SHOW_COVERAGE") != nullptr; }

// A population of confidences and of what they are worth.
struct Population {
  const char* name;
  std::function<double(Stream&)> confidence;
  std::function<double(double)> hit_rate;  // at a confidence

  // The ECE of the population in the bins, from 50,000 confidences.
  double error() const {
    Stream stream(99, "population");
    std::vector<double> gap(kBins);
    constexpr int kMany = 50000;
    for (int i = 0; i < kMany; ++i) {
      const double c = confidence(stream);
      gap[static_cast<std::size_t>(equal_width_bin(c, kBins))] += hit_rate(c) - c;
    }
    double sum = 0;
    for (const double g : gap) sum += std::abs(g) / kMany;
    return sum;
  }
};

double within(double p) { return std::min(1.0, std::max(0.0, p)); }

// A typical classifier, confident in most rows; and an extreme one, of which most rows are nearly
// certain.
double typical(Stream& stream) { return 0.1 + 0.9 * std::pow(stream.uniform(), 0.25); }
double extreme(Stream& stream) {
  return stream.uniform() < 0.9 ? 1 - 0.002 * stream.uniform() : 0.3 + 0.7 * stream.uniform();
}

// Shapes of miscalibration of size a: the same everywhere, alternating, or in the last bin alone.
double everywhere(double c, double a) { return within(c - a); }
double alternating(double c, double a) {
  return within(c + (equal_width_bin(c, kBins) % 2 ? a : -a));
}
double at_the_top(double c, double a) {
  return equal_width_bin(c, kBins) == kBins - 1 ? within(c - a) : c;
}

using Shape = double (*)(double, double);

// The population whose true ECE is `error`, found by bisection on the shape's size.
Population with_error(const char* name, double (*confidence)(Stream&), Shape shape, double error) {
  double low = 0, high = 0.9;
  Population p{name, confidence, nullptr};
  for (int i = 0; i < 14 && error > 0; ++i) {
    const double a = (low + high) / 2;
    p.hit_rate = [=](double c) { return shape(c, a); };
    (p.error() < error ? low : high) = a;
  }
  p.hit_rate = [=](double c) { return shape(c, low); };
  return p;
}

struct Tally {
  int sets = 0, low = 0, high = 0, both = 0;
  double low_sum = 0, high_sum = 0;
  void add(const Finding& f, double truth) {
    ++sets;
    const double l = lower_bound(f, 0.95), u = upper_bound(f, 0.95);
    low += l <= truth + 1e-12;
    high += u >= truth - 1e-12;
    both += f.interval->low <= truth + 1e-12 && f.interval->high >= truth - 1e-12;
    low_sum += l;
    high_sum += u;
  }
  void expect(const std::string& what) const {
    if (shown())
      std::printf("%-44s lower %.3f upper %.3f two-sided %.3f  mean %.4f %.4f\n", what.c_str(),
                  double(low) / sets, double(high) / sets, double(both) / sets, low_sum / sets,
                  high_sum / sets);
    EXPECT_GE(double(low) / sets, least(sets)) << what;
    EXPECT_GE(double(high) / sets, least(sets)) << what;
    EXPECT_GE(double(both) / sets, least(sets)) << what;
  }
};

struct DataSet {
  TopLabel top;
  std::vector<int> width, mass;
};

DataSet confidences(const Population& population, int rows, Stream& stream) {
  DataSet d;
  for (int i = 0; i < rows; ++i) d.top.confidence.push_back(population.confidence(stream));
  d.width = equal_width_bins(d.top.confidence, kBins);
  d.mass = equal_mass_parts(d.top.confidence, kBins);
  d.top.hit.resize(d.top.confidence.size());
  return d;
}

// Data sets of one population; some share their confidences, and so their null draws, to save time.
struct Simulation {
  Tally ece, mce, excess;
  int positive_lower_bounds = 0;
};

Simulation simulate(const Population& population, int rows, int groups, int sets_each) {
  const double truth = population.error();
  Simulation out;
  double total = 0, null_total = 0;
  std::vector<MeanError> excesses;
  for (int g = 0; g < groups; ++g) {
    Stream stream(4, population.name, static_cast<std::uint64_t>(1000 * rows + g));
    DataSet d = confidences(population, rows, stream);
    const auto null =
        resample_hits(d.top, d.width, d.mass, kBins, {199, static_cast<std::uint64_t>(g), "null"});
    const Dependence rows_alone = dependence_of(d.top, d.width, kBins, {});
    for (int s = 0; s < sets_each; ++s) {
      for (std::size_t i = 0; i < d.top.hit.size(); ++i)
        d.top.hit[i] = stream.uniform() < population.hit_rate(d.top.confidence[i]);
      const auto cells = cells_of(d.top, d.width, kBins);
      const Resampling resampling{199, static_cast<std::uint64_t>(1000 * g + s), "test"};
      const Finding f =
          replicated(0, expected_error_replicates(cells, null.width, rows_alone, resampling));
      out.ece.add(f, truth);
      out.positive_lower_bounds += lower_bound(f, 0.95) > 0;
      const auto errors = null_errors(cells, null.width);
      excesses.push_back(excess_error(cells, errors, rows_alone));
      total += expected_error(cells);
      for (const double e : errors) null_total += e / static_cast<double>(errors.size());
    }
  }
  const auto sets = static_cast<double>(excesses.size());
  for (const auto& e : excesses) out.excess.add(mean("x", e, "", 2), (total - null_total) / sets);
  return out;
}

TEST(ExpectedError, BoundsCoverTheTruthOfTheBinnedPopulation) {
  const struct {
    const char* name;
    double (*confidence)(Stream&);
    Shape shape;
  } kinds[] = {{"typical, off everywhere", typical, everywhere},
               {"typical, off at the top", typical, at_the_top},
               {"extreme, off everywhere", extreme, everywhere},
               {"extreme, alternating", extreme, alternating}};
  for (const auto& kind : kinds)
    for (const double error : {0.0, 0.02, 0.05}) {
      if (error == 0 && (kind.shape == at_the_top || kind.shape == alternating)) continue;
      const Population p = with_error(kind.name, kind.confidence, kind.shape, error);
      ASSERT_NEAR(p.error(), error, 2e-4);
      for (const int rows : {200, 2000}) {
        const Simulation s = simulate(p, rows, 20, 15);
        const std::string what =
            std::string(kind.name) + ", " + std::to_string(error) + ", n " + std::to_string(rows);
        s.ece.expect(what);
        s.excess.expect(what + ", excess");
        if (error == 0) {  // a calibrated model: the lower bound is 0, not merely small
          EXPECT_LE(s.positive_lower_bounds / double(s.ece.sets), 1 - least(s.ece.sets)) << what;
        }
      }
    }
}

TEST(ExpectedError, APercentileBootstrapWouldExcludeTheTruthOfACalibratedModel) {
  // Why the draws are made as they are: T itself is above the true 0 by the null error in every
  // data set.
  const Population p = with_error("calibrated", typical, everywhere, 0);
  Stream stream(4, "percentile");
  DataSet d = confidences(p, 2000, stream);
  for (std::size_t i = 0; i < d.top.hit.size(); ++i)
    d.top.hit[i] = stream.uniform() < d.top.confidence[i];
  std::vector<double> resampled;
  for (int b = 0; b < 200; ++b) {
    TopLabel again;
    std::vector<int> bin;
    for (std::size_t i = 0; i < d.top.hit.size(); ++i) {
      const auto row = stream.below(d.top.hit.size());
      again.confidence.push_back(d.top.confidence[row]);
      again.hit.push_back(d.top.hit[row]);
      bin.push_back(d.width[row]);
    }
    resampled.push_back(expected_error(cells_of(again, bin, kBins)));
  }
  EXPECT_GT(*std::min_element(resampled.begin(), resampled.end()), 0.01);
}

TEST(ExpectedError, BinsWithoutAnErrorDoNotProveTooMuch) {
  // 100 rows at confidence 1, all right: the error rate may still be 3 %.
  TopLabel top;
  top.confidence.assign(100, 1.0);
  top.hit.assign(100, 1);
  const std::vector<int> bin(100, kBins - 1);
  const auto cells = cells_of(top, bin, kBins);
  const auto null = resample_hits(top, bin, bin, kBins, {2000, 1, "null"});
  const Finding f =
      replicated(0, expected_error_replicates(cells, null.width, {100, 100, 1}, {2000, 1, "t"}));
  EXPECT_NEAR(upper_bound(f, 0.95), 0.03, 0.003);
  EXPECT_EQ(lower_bound(f, 0.95), 0);
}

TEST(ExpectedError, OneRowAndNoRowProveNothing) {
  TopLabel top{{0.9}, {1}};
  const std::vector<int> bin{13};
  const auto null = resample_hits(top, bin, bin, kBins, {50, 1, "null"});
  const Finding f = replicated(0.1, expected_error_replicates(cells_of(top, bin, kBins), null.width,
                                                              {1, 1, 1}, {50, 1, "t"}));
  EXPECT_EQ(lower_bound(f, 0.95), 0);
  EXPECT_EQ(upper_bound(f, 0.95), 1);
  EXPECT_TRUE(expected_error_replicates({}, NullHits{}, {}, {50, 1, "t"}).values.empty());
}

TEST(ExpectedError, BoundsHoldWhereRowsComeInClusters) {
  // Ten rows of a cluster share their fate: a calibrated model, 40 clusters. Taken for rows, it
  // would look miscalibrated.
  constexpr int kSets = 300;
  Tally clustered;
  int fooled = 0;
  for (int s = 0; s < kSets; ++s) {
    Stream stream(6, "clusters", static_cast<std::uint64_t>(s));
    TopLabel top;
    std::vector<std::int64_t> clusters;
    for (int g = 0; g < 40; ++g) {
      const double c = typical(stream);
      const bool hit = stream.uniform() < c;
      for (int i = 0; i < 10; ++i) {
        top.confidence.push_back(c);
        top.hit.push_back(hit);
        clusters.push_back(g);
      }
    }
    const auto bin = equal_width_bins(top.confidence, kBins);
    const auto cells = cells_of(top, bin, kBins);
    const auto null = resample_hits(top, bin, bin, kBins, {99, static_cast<std::uint64_t>(s), "n"});
    const auto d = dependence_of(top, bin, kBins, clusters);
    EXPECT_EQ(d.units, 40);
    EXPECT_GT(d.design_effect, 5);
    clustered.add(replicated(0, expected_error_replicates(cells, null.width, d, {99, 1, "t"})), 0);
    const auto rows = dependence_of(top, bin, kBins, {});
    fooled +=
        lower_bound(replicated(0, expected_error_replicates(cells, null.width, rows, {99, 1, "t"})),
                    0.95) > 0;
  }
  clustered.expect("clusters of ten");
  EXPECT_GT(fooled, kSets / 2);
}

TEST(MaximumError, BoundsCoverTheLargestGap) {
  // Three bins are filled, and the middle one is off by 0.2.
  constexpr int kSets = 150;
  for (const int rows : {60, 600}) {
    Tally tally;
    for (int s = 0; s < kSets; ++s) {
      Stream stream(8, "mce", static_cast<std::uint64_t>(s));
      TopLabel top;
      for (int i = 0; i < rows; ++i) {
        const double c[] = {0.45, 0.7, 0.98}, p[] = {0.45, 0.5, 0.98};
        const auto k = stream.below(3);
        top.confidence.push_back(c[k]);
        top.hit.push_back(stream.uniform() < p[k]);
      }
      const auto bin = equal_width_bins(top.confidence, kBins);
      const auto n = static_cast<double>(rows);
      tally.add(replicated(0, maximum_error_replicates(cells_of(top, bin, kBins), {n, n, 1})), 0.2);
    }
    tally.expect("largest gap, n " + std::to_string(rows));
  }
}

// Labels drawn from softmax(logits / temperature) while the model says softmax(logits).
struct LabelSampler {
  int classes;
  double temperature;
  std::vector<std::vector<float>> logits;
  std::vector<std::vector<double>> truth;
  Predictions predictions;

  LabelSampler(int k, double t, int rows, Stream& stream) : classes(k), temperature(t) {
    for (int i = 0; i < rows; ++i) {
      std::vector<float> z;
      std::vector<double> p;
      double sum = 0;
      for (int c = 0; c < k; ++c) {
        z.push_back(static_cast<float>(2.5 * stream.normal()));
        p.push_back(std::exp(z.back() / t));
        sum += p.back();
      }
      for (double& v : p) v /= sum;
      logits.push_back(std::move(z));
      truth.push_back(std::move(p));
    }
    predictions.classes = k;
    predictions.rows.assign(logits.begin(), logits.end());
    predictions.labels.resize(logits.size());
  }
  void draw_labels(Stream& stream) {
    for (std::size_t i = 0; i < truth.size(); ++i) {
      double u = stream.uniform();
      int c = 0;
      while (c < classes - 1 && (u -= truth[i][static_cast<std::size_t>(c)]) >= 0) ++c;
      predictions.labels[i] = c;
    }
  }
  // Class-wise ECE and reliability of the population that these rows are: labels replaced by their
  // probabilities.
  std::pair<double, double> population() {
    std::vector<double> gap(static_cast<std::size_t>(classes * kBins)), count(gap.size());
    Softmax softmax(predictions);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const auto p = softmax(i);
      for (std::size_t c = 0; c < p.size(); ++c) {
        const auto cell = c * kBins + static_cast<std::size_t>(equal_width_bin(p[c], kBins));
        gap[cell] += truth[i][c] - p[c];
        count[cell] += 1;
      }
    }
    double ece = 0, reliability = 0;
    const auto n = static_cast<double>(truth.size());
    for (std::size_t i = 0; i < gap.size(); ++i) {
      if (count[i] == 0) continue;
      ece += std::abs(gap[i]) / n / classes;
      reliability += gap[i] * gap[i] / count[i] / n;
    }
    return {ece, reliability};
  }
};

TEST(ClasswiseError, BoundsCoverAndSoDoThoseOfTheReliability) {
  for (const int classes : {2, 6})
    for (const double temperature : {1.0, 1.6})
      for (const int rows : {200, 1000}) {
        Stream all(12, "population", static_cast<std::uint64_t>(classes));
        const auto [ece, reliability] = LabelSampler(classes, temperature, 20000, all).population();
        Tally classwise, parts;
        for (int g = 0; g < 10; ++g) {
          Stream stream(13, "rows", static_cast<std::uint64_t>(10000 * classes + rows + g));
          LabelSampler sampler(classes, temperature, rows, stream);
          const Resampling resampling{199, static_cast<std::uint64_t>(g), "null"};
          const auto null = resample_labels(sampler.predictions, kBins, resampling);
          for (int s = 0; s < 20; ++s) {
            sampler.draw_labels(stream);
            const auto m = measure_calibration(sampler.predictions, kBins);
            const auto n = static_cast<double>(rows);
            const Dependence d{n, n, 1};
            classwise.add(
                replicated(0, expected_error_replicates(m.classwise, null, d,
                                                        {199, static_cast<std::uint64_t>(s), "t"})),
                ece);
            const auto influence = mean_error(brier_influence(sampler.predictions, m).reliability);
            parts.add(replicated(0, reliability_replicates(m, null, influence, d)),
                      reliability < 1e-4 ? 0 : reliability);
          }
        }
        const std::string what = std::to_string(classes) + " classes, T " +
                                 std::to_string(temperature) + ", n " + std::to_string(rows);
        classwise.expect("class-wise, " + what);
        parts.expect("reliability, " + what);
      }
}

TEST(NullHits, AreAsManyAsTheConfidencesPromise) {
  Stream stream(2, "rows");
  LabelSampler sampler(5, 1, 500, stream);
  const auto m = measure_calibration(sampler.predictions, kBins);
  const auto null = resample_labels(sampler.predictions, kBins, {400, 1, "null"});
  EXPECT_EQ(null.draws, 400);
  double expected = 0, drawn = 0;
  for (std::size_t i = 0; i < m.classwise.size(); ++i) {
    double mean = 0;
    for (const float hits : null.cell(i)) mean += hits / 400.0;
    const Cell& c = m.classwise[i];
    EXPECT_NEAR(mean, c.forecast, 5 * std::sqrt(c.null_variance() / 400) + 1e-9) << i;
    expected += c.forecast;
    drawn += mean;
  }
  EXPECT_NEAR(drawn, 500, 1e-9);  // one label a row
  EXPECT_NEAR(expected, 500, 1e-9);
}

TEST(NullHits, HoldLessThanTheirShareOfMemory) {
  Stream stream(2, "rows");
  LabelSampler sampler(300, 1, 3, stream);
  const auto null = resample_labels(sampler.predictions, 1000, {100000, 1, "null"});
  EXPECT_EQ(null.draws, (1 << 25) / 300000);
}

TEST(NullError, ResampledAndAnalyticAgree) {
  const Population p = with_error("calibrated", typical, everywhere, 0);
  Stream stream(4, "analytic");
  DataSet d = confidences(p, 5000, stream);
  const auto cells = cells_of(d.top, d.width, kBins);
  const auto null = resample_hits(d.top, d.width, d.mass, kBins, {400, 1, "null"});
  double mean = 0;
  for (const double e : null_errors(cells, null.width)) mean += e / 400;
  EXPECT_NEAR(mean / analytic_null_error(cells), 1, 0.03);
}

TEST(ConsistencyBands, HoldTheRatesOfACalibratedModel) {
  const Population p = with_error("calibrated", typical, everywhere, 0);
  Stream stream(4, "bands");
  DataSet d = confidences(p, 3000, stream);
  const auto null = resample_hits(d.top, d.width, d.mass, kBins, {400, 1, "null"});
  int inside = 0, filled = 0;
  for (int s = 0; s < 40; ++s) {
    for (std::size_t i = 0; i < d.top.hit.size(); ++i)
      d.top.hit[i] = stream.uniform() < d.top.confidence[i];
    const auto cells = cells_of(d.top, d.width, kBins);
    const auto bands = consistency_bands(cells, null.width, 0.95);
    for (std::size_t b = 0; b < cells.size(); ++b) {
      if (cells[b].count == 0) {
        EXPECT_EQ(bands[b].high, 0);
        continue;
      }
      ++filled;
      const double rate = cells[b].hits / cells[b].count;
      inside += bands[b].low <= rate && rate <= bands[b].high;
    }
  }
  EXPECT_GE(inside / double(filled), 0.93);
}

}  // namespace
}  // namespace assay::stats
