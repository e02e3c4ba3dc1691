#include "assay/imaging/corruption/corruption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/base/shared_test.h"

namespace assay::imaging {
namespace {

using nlohmann::json;

constexpr const char* kFolder = "reference/corruptions/outputs/";

Picture picture(const std::string& name) {
  const NpyArray array = read_npy(shared_file(kFolder + name + ".npy"));
  return {static_cast<int>(array.shape[0]), static_cast<int>(array.shape[1]), 3, 8,
          array.values<std::uint8_t>()};
}

json table() {
  std::ifstream file(shared_file("reference/corruptions.json"));
  return json::parse(file);
}

TEST(Corruption, HasThePublishedSeverities) {
  ASSAY_NEEDS_SHARED("reference/corruptions.json");
  const json all = table();
  const json &published = all["imagenet_c"], &bar = all["imagenet_c_bar"];
  EXPECT_EQ(published.size() + bar.size(), corruptions().size());
  for (const Corruption& c : corruptions())
    for (int s = 0; s < 5; ++s)
      for (std::size_t k = 0; k < c.parameters.size(); ++k) {
        const std::string name(c.name), severity = std::to_string(s + 1);
        // Those of ImageNet-C-bar have one strength, from which all else follows.
        const double wanted = c.kind == CorruptionKind::kBar
                                  ? double(bar.at(name).at("severity").at(severity))
                                  : double(published.at(name)
                                               .at("severity")
                                               .at(severity)
                                               .at(std::string(c.parameters[k])));
        EXPECT_EQ(c.severities[static_cast<std::size_t>(s)][k], wanted)
            << name << " " << severity << " " << c.parameters[k];
      }
}

TEST(Corruption, DeterministicOnesAgreeWithTheReferenceWithinALevel) {
  ASSAY_NEEDS_SHARED("reference/corruptions.json");
  int compared = 0;
  for (const Corruption& c : corruptions()) {
    if (c.random) continue;
    for (const int severity : {1, 3, 5})
      for (const int crop : {0, 1}) {
        const Picture in = picture("input_" + std::to_string(crop));
        const Picture wanted = picture(std::string(c.name) + "_" + std::to_string(severity) + "_" +
                                       std::to_string(crop));
        const Picture out = corrupted(in, c, severity, {});
        ASSERT_EQ(out.bytes.size(), wanted.bytes.size());
        int largest = 0;
        std::size_t beyond = 0;
        for (std::size_t i = 0; i < out.bytes.size(); ++i) {
          const int gap = std::abs(int(out.bytes[i]) - int(wanted.bytes[i]));
          largest = std::max(largest, gap);
          beyond += gap > 1;
        }
        EXPECT_LE(largest, 1) << c.name << " " << severity << " crop " << crop << ": " << beyond
                              << " values beyond";
        ++compared;
      }
  }
  EXPECT_EQ(compared, 48);
}

struct Statistics {
  std::array<double, 3> mean{}, deviation{}, difference{}, step_x{}, step_y{};
};

Statistics statistics(const Picture& out, const Picture& in) {
  Statistics s;
  const int h = out.height, w = out.width;
  const auto v = [&](const Picture& p, int i, int j, std::size_t c) {
    return double(p.bytes[3 * (static_cast<std::size_t>(i) * static_cast<std::size_t>(w) +
                               static_cast<std::size_t>(j)) +
                          c]);
  };
  for (std::size_t c = 0; c < 3; ++c) {
    double squares = 0;
    for (int i = 0; i < h; ++i)
      for (int j = 0; j < w; ++j) {
        s.mean[c] += v(out, i, j, c) / (h * w);
        squares += v(out, i, j, c) * v(out, i, j, c) / (h * w);
        s.difference[c] += std::abs(v(out, i, j, c) - v(in, i, j, c)) / (h * w);
        if (j + 1 < w)
          s.step_x[c] += std::abs(v(out, i, j + 1, c) - v(out, i, j, c)) / (h * (w - 1));
        if (i + 1 < h)
          s.step_y[c] += std::abs(v(out, i + 1, j, c) - v(out, i, j, c)) / ((h - 1) * w);
      }
    s.deviation[c] = std::sqrt(squares - s.mean[c] * s.mean[c]);
  }
  return s;
}

TEST(Corruption, RandomOnesHaveTheReferencesStatistics) {
  ASSAY_NEEDS_SHARED("reference/corruptions.json");
  const json all = table()["statistics"]["types"];
  constexpr int kRuns = 12;
  for (const Corruption& c : corruptions()) {
    // frost: see below; there are no outputs of the ten of ImageNet-C-bar.
    if (!c.random || c.name == "frost" || c.kind == CorruptionKind::kBar) continue;
    for (const int severity : {1, 3, 5}) {
      const Picture in = picture("input_0");
      Statistics mean;
      for (int run = 0; run < kRuns; ++run) {
        const Statistics s =
            statistics(corrupted(in, c, severity, {7, static_cast<std::uint64_t>(run)}), in);
        for (std::size_t k = 0; k < 3; ++k) {
          mean.mean[k] += s.mean[k] / kRuns;
          mean.deviation[k] += s.deviation[k] / kRuns;
          mean.difference[k] += s.difference[k] / kRuns;
          mean.step_x[k] += s.step_x[k] / kRuns;
          mean.step_y[k] += s.step_y[k] / kRuns;
        }
      }
      const json& wanted = all[std::string(c.name)][std::to_string(severity) + "_0"];
      const auto compare = [&](const char* what, const std::array<double, 3>& mine) {
        for (std::size_t k = 0; k < 3; ++k) {
          const double value = wanted[what]["mean"][k], spread = wanted[what]["sd_between_runs"][k];
          // Their sample is small too: three runs of the slowest.
          const double allowed = 4 * spread * std::sqrt(1.0 / kRuns + 1.0 / 3) + 0.4 + 0.01 * value;
          EXPECT_NEAR(mine[k], value, allowed)
              << c.name << " " << severity << " " << what << " " << k;
        }
      };
      compare("channel_mean", mean.mean);
      compare("channel_std", mean.deviation);
      compare("abs_difference", mean.difference);
      compare("step_x", mean.step_x);
      compare("step_y", mean.step_y);
    }
  }
}

TEST(Corruption, FrostIsAsBrightAsThePhotographsWithinATenth) {
  ASSAY_NEEDS_SHARED("reference/corruptions.json");
  const json all = table()["statistics"]["types"]["frost"];
  const Picture in = picture("input_0");
  for (const int severity : {1, 3, 5}) {
    double mine = 0, theirs = 0;
    for (int run = 0; run < 12; ++run)
      for (const double m : statistics(corrupted(in, corruption_named("frost"), severity,
                                                 {7, static_cast<std::uint64_t>(run)}),
                                       in)
                                .mean)
        mine += m / 36;
    for (std::size_t k = 0; k < 3; ++k)
      theirs += double(all[std::to_string(severity) + "_0"]["channel_mean"]["mean"][k]) / 3;
    EXPECT_NEAR(mine, theirs, 25) << severity;
  }
}

Picture gradient(int side, int channels) {
  Picture p{side, side + 10, channels, 8, {}};
  for (int i = 0; i < p.height; ++i)
    for (int j = 0; j < p.width; ++j)
      for (int c = 0; c < channels; ++c)
        p.bytes.push_back(static_cast<std::uint8_t>((3 * i + 2 * j + 40 * c) % 256));
  return p;
}

double distance(const Picture& a, const Picture& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.bytes.size(); ++i)
    sum += std::abs(double(a.bytes[i]) - double(b.bytes[i]));
  return sum / static_cast<double>(a.bytes.size());
}

TEST(Corruption, IsTheIdentityAtZeroContinuousAndSeeded) {
  for (const int channels : {1, 3}) {
    const Picture in = gradient(41, channels);
    for (const Corruption& c : corruptions()) {
      SCOPED_TRACE(std::string(c.name));
      EXPECT_EQ(corrupted(in, c, 0, {1, 2}).bytes, in.bytes);
      EXPECT_LT(distance(corrupted(in, c, 0.02, {1, 2}), in), 4);
      const Picture out = corrupted(in, c, 2.5, {1, 2});
      EXPECT_EQ(out.bytes.size(), in.bytes.size());
      EXPECT_EQ(out.bytes, corrupted(in, c, 2.5, {1, 2}).bytes);
      if (channels == 3 || c.name != "saturate") {
        EXPECT_GT(distance(out, in), 0.5);
      }
      if (c.random) {
        EXPECT_NE(out.bytes, corrupted(in, c, 2.5, {1, 3}).bytes);
      }
    }
  }
}

TEST(Corruption, WorksOnSmallPicturesAndSaysWhatIsTooSmall) {
  Picture small = gradient(8, 3);
  small.width = 8;
  small.bytes.resize(8 * 8 * 3);
  for (const Corruption& c : corruptions())
    for (const double severity : {1.0, 3.3, 5.0})
      EXPECT_EQ(corrupted(small, c, severity, {1, 2}).bytes.size(), small.bytes.size()) << c.name;
  small.height = 7;
  small.bytes.resize(7 * 8 * 3);
  EXPECT_THROW(corrupted(small, corruptions()[0], 1, {}), InputError);
}

TEST(Corruption, NamesTheNearestOne) {
  try {
    corruption_named("gausian_noise", "audit.yaml:3");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("did you mean \"gaussian_noise\""));
  }
}

}  // namespace
}  // namespace assay::imaging
