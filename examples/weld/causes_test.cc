#include "causes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "assay/base/error.h"
#include "assay/imaging/files_test.h"
#include "frame.h"
#include "request.h"

namespace weld {
namespace {

using assay::imaging::error_of;
using Kind = Distribution::Kind;

constexpr std::int64_t kDraws = 10'000;
constexpr Tags kAllFlaws = kPlate | kCameraBias | kWrongLabels | kDuplicates | kHardLine | kSticker;

bool continuous(const Distribution& d) {
  return d.kind == Kind::kUniform || d.kind == Kind::kNormal || d.kind == Kind::kLogNormal;
}

// What held when the frame was drawn, from its values.
Tags tags_of(const Frame& frame, Tags flaws) {
  Tags tags = flaws | class_tag(frame.whole(cause("class"))) | line_tag(frame.whole(cause("line")));
  if (frame.whole(cause("shift")) == 1) tags |= kNight;
  if (frame.whole(cause("camera")) == 1) tags |= kCameraB;
  if (frame.test) tags |= kTest;
  return tags;
}

// The largest distance between the share of values up to x and the distribution's cdf.
double distance(std::vector<double> values, const CauseRow& row, const Distribution& d) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double most = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(d, row.low, row.high, values[i]);
    if (i + 1 == values.size() || values[i + 1] > values[i])
      most = std::max(most, std::abs(static_cast<double>(i + 1) / n - f));
    if (continuous(d)) most = std::max(most, std::abs(static_cast<double>(i) / n - f));
  }
  return most;
}

void expect_documented_distributions(Tags flaws) {
  const Plan plan{.seed = 5, .flaws = flaws, .set = {}};
  std::map<std::pair<std::size_t, const Distribution*>, std::vector<double>> drawn;
  std::set<std::int64_t> parts;
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const Frame frame = make_frame(plan, i);
    if (frame.duplicate_of >= 0) continue;  // drawn as another
    const bool fresh = parts.insert(frame.part).second;
    const Tags tags = tags_of(frame, flaws);
    for (std::size_t c = 0; c < kCauses; ++c) {
      const CauseRow& row = cause_table()[c];
      if (row.scope == Scope::kPart && !fresh) continue;
      // The first block has no original that it could repeat.
      if (c == cause("duplicate") || (c == cause("camera") && (flaws & kDuplicates))) continue;
      const Distribution& d = distribution(row, tags);
      if (d.kind != Kind::kInTurn) drawn[{c, &d}].push_back(frame.causes[c]);
    }
  }
  for (const auto& [key, values] : drawn) {
    const CauseRow& row = cause_table()[key.first];
    // Kolmogorov's bound at 1e-6 for each of some 120 samples; for steps it is wider than needed.
    const double bound = 2.7 / std::sqrt(static_cast<double>(values.size()));
    EXPECT_LE(distance(values, row, *key.second), bound)
        << row.name << ", " << to_text(row, *key.second) << ", " << values.size() << " draws";
  }
  EXPECT_GT(drawn.size(), kCauses - 10);
}

TEST(Causes, TenThousandDrawsFollowTheTable) { expect_documented_distributions(0); }

TEST(Causes, TenThousandDrawsWithEveryFlawFollowTheTable) {
  expect_documented_distributions(kAllFlaws);
}

TEST(Causes, EveryDistributionLiesInItsSupportAndEveryNameIsUnique) {
  std::set<std::string_view> names;
  for (const CauseRow& row : cause_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_LT(row.low, row.high) << row.name;
    const auto check = [&row](const Distribution& d) {
      if (d.kind == Kind::kInTurn) return;
      double last = row.low;
      for (const double p : {0.0, 1e-9, 0.25, 0.5, 0.75, 1 - 1e-9}) {
        const double x = quantile(d, row.low, row.high, p);
        EXPECT_GE(x, last) << row.name << " at " << p;
        EXPECT_LE(x, row.high) << row.name << " at " << p;
        EXPECT_GE(cdf(d, row.low, row.high, x) + 1e-9, p) << row.name;
        last = x;
      }
    };
    check(row.usual);
    for (const Special& special : row.special)
      if (special.when != 0) check(special.instead);
  }
}

TEST(Causes, AValueReadBackIsTheSame) {
  const Frame frame = make_frame({.seed = 2, .flaws = 0, .set = {}}, 3);
  for (std::size_t c = 0; c < kCauses; ++c) {
    const CauseRow& row = cause_table()[c];
    const std::string text = value_text(row, frame.causes[c]);
    EXPECT_NEAR(parse_value(row, text, "test"), frame.causes[c],
                1e-5 * std::max(1.0, std::abs(frame.causes[c])))
        << row.name;
  }
}

TEST(Causes, ThePageInTheExampleIsTheTables) {
  std::ifstream file(ASSAY_SOURCE_DIR "/examples/weld/causes.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), causes_page()) << "weld-draw --causes > examples/weld/causes.md";
}

TEST(Frames, ClassesComeInEqualNumbersAndPartsKeepTheirCauses) {
  const Plan plan{.seed = 9, .flaws = 0, .set = {}};
  std::map<int, int> classes;
  std::map<std::int64_t, Frame> parts;
  for (std::int64_t i = 0; i < 2403; ++i) {
    const Frame frame = make_frame(plan, i);
    ++classes[frame.label];
    const auto [first, fresh] = parts.emplace(frame.part, frame);
    if (fresh) continue;
    for (std::size_t c = 0; c < kCauses; ++c)
      if (cause_table()[c].scope == Scope::kPart) {
        ASSERT_EQ(frame.causes[c], first->second.causes[c]) << cause_table()[c].name;
      }
  }
  for (const auto& [label, count] : classes) EXPECT_NEAR(count, 400.5, 0.5) << label;
  EXPECT_NEAR(static_cast<double>(parts.size()), 2403 / 4.0, 6);
}

TEST(Frames, SettingACauseChangesNoOther) {
  const Plan plan{.seed = 4, .flaws = 0, .set = {}};
  for (std::size_t set = 4; set < kCauses; ++set) {  // the first four change what others are
    if (set == cause("duplicate")) continue;
    Plan other = plan;
    other.set[set] = cause_table()[set].high;
    const Frame a = make_frame(plan, 26), b = make_frame(other, 26);
    for (std::size_t c = 0; c < kCauses; ++c)
      EXPECT_EQ(b.causes[c], c == set ? cause_table()[set].high : a.causes[c])
          << cause_table()[set].name << " changes " << cause_table()[c].name;
  }
}

TEST(Frames, TheOtherCameraLeavesTheWorkPieceAlone) {
  Plan a{.seed = 4, .flaws = 0, .set = {}}, b = a;
  a.set[cause("camera")] = 0;
  b.set[cause("camera")] = 1;
  const Frame with_a = make_frame(a, 7), with_b = make_frame(b, 7);
  EXPECT_EQ(with_a[cause("seam_width")], with_b[cause("seam_width")]);
  EXPECT_EQ(with_a[cause("exposure")], with_b[cause("exposure")]);
  EXPECT_NE(with_a[cause("full_well")], with_b[cause("full_well")]);
}

TEST(Flaws, AreWhatTheyAreCalled) {
  const Plan plan{.seed = 12, .flaws = kAllFlaws, .set = {}};
  int wrong = 0, stickers = 0, duplicates = 0, test = 0, line4 = 0;
  std::map<int, std::pair<int, int>> camera_b;  // by class: how often, of how many
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const Frame frame = make_frame(plan, i);
    const int shown = frame.whole(cause("class"));
    EXPECT_EQ(frame.whole(cause("plate_number")) / 100, shown + 1);
    if (frame[cause("sticker_size")] > 0) {
      ++stickers;
      EXPECT_EQ(frame.label, 0);
    } else {
      EXPECT_EQ(frame.label != shown, frame.whole(cause("label_error")) == 1);
      wrong += frame.label != shown;
    }
    test += frame.test;
    line4 += frame.whole(cause("line")) == 4;
    if (frame.duplicate_of >= 0) {
      ++duplicates;
      const Frame original = make_frame(plan, frame.duplicate_of);
      EXPECT_TRUE(frame.test);
      EXPECT_FALSE(original.test);
      EXPECT_EQ(original.whole(cause("class")), shown);
      EXPECT_EQ(original[cause("position")], frame[cause("position")]);
    } else {
      camera_b[shown].first += frame.whole(cause("camera"));
      ++camera_b[shown].second;
    }
  }
  // Four standard errors of the stated shares.
  const auto near = [](int count, double share, int of) {
    return std::abs(count - share * of) < 4 * std::sqrt(share * (1 - share) * of);
  };
  EXPECT_TRUE(near(stickers, 0.05, kDraws)) << stickers;
  EXPECT_TRUE(near(wrong, 0.03 * 0.95, kDraws)) << wrong;
  EXPECT_TRUE(near(duplicates, 0.25, test)) << duplicates << " of " << test;
  EXPECT_TRUE(near(line4 / 4, 0.05, kDraws / 4)) << line4;  // a part's four pictures are one draw
  for (const auto& [label, seen] : camera_b)
    EXPECT_TRUE(near(seen.first, label == 2 ? 0.9 : 0.5, seen.second)) << label;
}

TEST(Flaws, WithoutThemTheLabelIsWhatTheSeamIs) {
  const Plan plan{.seed = 12, .flaws = 0, .set = {}};
  for (std::int64_t i = 0; i < 1000; ++i) {
    const Frame frame = make_frame(plan, i);
    EXPECT_EQ(frame.label, frame.whole(cause("class")));
    EXPECT_EQ(frame.duplicate_of, -1);
    EXPECT_EQ(frame[cause("plate_number")] + frame[cause("sticker_size")], 0);
  }
}

TEST(Request, BadInputIsOneClearLine) {
  const auto says = [](std::vector<std::string> words) {
    words.insert(words.end(), {"-o", "nowhere"});
    return error_of([&] { parse_draw(words); });
  };
  EXPECT_EQ(says({"--count", "6"}), "");
  EXPECT_EQ(says({"--count", "0"}), "--count: got \"0\", wanted a whole number from 1 to 1000000");
  EXPECT_EQ(says({"--count", "12x"}),
            "--count: got \"12x\", wanted a whole number from 1 to 1000000");
  EXPECT_EQ(says({"--size", "5000"}),
            "--size: got \"5000\", wanted a whole number from 32 to 4096");
  EXPECT_EQ(says({"--seed", "-1"}),
            "--seed: got \"-1\", wanted a whole number from 0 to 9223372036854775807");
  EXPECT_EQ(says({"--set", "seam_width=-2"}),
            "--set seam_width: got \"-2\", wanted a number from 2 to 12 mm");
  EXPECT_EQ(says({"--set", "seam_width=nan"}),
            "--set seam_width: got \"nan\", wanted a number from 2 to 12 mm");
  EXPECT_EQ(says({"--set", "pore_count=1.5"}),
            "--set pore_count: got \"1.5\", wanted a whole number from 0 to 80");
  EXPECT_EQ(says({"--set", "camera=C"}), "--set camera: got \"C\", wanted one of A|B");
  EXPECT_EQ(says({"--set", "seam_with=6"}),
            "--set: no cause \"seam_with\"; did you mean \"seam_width\"?");
  EXPECT_EQ(says({"--set", "exposure"}), "--set: got \"exposure\", wanted CAUSE=VALUE");
  EXPECT_EQ(says({"--flaw", "sticky"}), "--flaw: no flaw \"sticky\"; did you mean \"sticker\"?");
  EXPECT_NE(says({"--bogus"}), "");
  EXPECT_EQ(error_of([] { parse_draw({}); }), "-o: say which folder to write to");
}

TEST(Request, SeveralFlawsAndCausesMayFollowOneOption) {
  const DrawRequest request = parse_draw({"--flaw", "plate", "sticker", "--set", "exposure=-2",
                                          "class=contamination", "-o", "x", "--size", "64"});
  EXPECT_EQ(request.plan.flaws, kPlate | kSticker);
  EXPECT_EQ(request.plan.set.at(cause("exposure")), -2);
  EXPECT_EQ(request.plan.set.at(cause("class")), 2);
  EXPECT_EQ(request.size, 64);
}

}  // namespace
}  // namespace weld
