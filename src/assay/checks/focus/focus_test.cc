#include "assay/checks/focus/focus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/focus/focus_validity.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/encode.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/torch.h"
#include "assay/stats/bound.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Focus>);

using testing::HasSubstr;
using Record = Focus::Record;
using Status = Focus::Status;

const Facts kTwo{{"cat", "dog"}, 7, {{"camera", {"left", "right"}}}};

const Finding& named(const std::vector<Finding>& findings, const std::string& id) {
  for (const auto& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

// ---- from records to findings

// A picture of round 1, right with a margin of 2, whose map has the invalid share 0.1 of 0.25.
Record seen(int i) {
  Record r;
  r.row = i;
  r.id = std::to_string(i) + ".png";
  r.label = r.predicted = i % 2;
  r.groups = {i % 4 < 2 ? "left" : "right"};
  r.margin = 2;
  r.height = r.width = 8;
  r.area = 0.25;
  r.cam.share = 0.1;
  r.cam.shifted.assign(63, 0.25f);
  r.randomised = r.cam;
  r.invalid_only = 0;
  r.inpainted = r.label;
  return r;
}

// Its round 2: margins by the same class and by the different one.
Record replaced(int i, double same, double different) {
  Record r;
  r.row = i;
  r.id = std::to_string(i) + ".png";
  r.label = i % 2;
  r.kind = Focus::Kind::kReplaced;
  r.donor_label = 1 - r.label;
  const auto reply = [&](double margin) {
    return Focus::Reply{margin > 0 ? r.label : r.donor_label, margin, 0, -9};
  };
  r.by_same = reply(same);
  r.by_different = reply(different);
  return r;
}

std::vector<Record> records(int count, const std::function<Record(int)>& second) {
  std::vector<Record> all;
  for (int i = 0; i < count; ++i) all.push_back(seen(i));
  for (int i = 0; i < count; ++i) all.push_back(second(i));
  return all;
}

Focus::Params few_draws() {
  Focus::Params params;
  params.replicates = 400;
  params.simulations = 100;
  params.groups = "camera";
  return params;
}

TEST(Focus, RelianceIsTheDifferenceInMedianMargins) {
  const auto all = records(40, [](int i) { return replaced(i, 2, i % 4 == 1 ? -1 : 1); });
  const auto f = Focus::findings(Focus::summarise(all, few_draws(), kTwo));
  // 1 where i is not 1 modulo 4, else 3; in margins of 2.
  EXPECT_DOUBLE_EQ(named(f, "invalid_reliance").value, 0.75);
  EXPECT_EQ(named(f, "invalid_reliance").unit, "median margin");
  EXPECT_EQ(named(f, "invalid_reliance").interval->method, "bootstrap");
  EXPECT_DOUBLE_EQ(named(f, "invalid_reliance/cat").value, 0.5);
  EXPECT_DOUBLE_EQ(named(f, "invalid_reliance/dog").value, 1);
  EXPECT_DOUBLE_EQ(named(f, "invalid_reliance/camera=left").value, 1);
  EXPECT_DOUBLE_EQ(named(f, "invalid_reliance/camera=right").value, 0.5);
  EXPECT_DOUBLE_EQ(named(f, "invalid_flip_rate").value, 0.25);
  EXPECT_DOUBLE_EQ(named(f, "invalid_flip_excess").value, 0.25);
  EXPECT_NEAR(named(f, "invalid_flip_p").value, std::pow(0.5, 10), 1e-12);
  EXPECT_LT(named(f, "invalid_reliance_p").value, 0.01);
  EXPECT_EQ(named(f, "invalid_flip_rate").interval->method, "Clopper-Pearson");
}

TEST(Focus, WhatBothReplacementsDoIsNotReliance) {
  // Every replacement hurts, whichever class it comes from.
  const auto all = records(40, [](int i) { return replaced(i, -1, -1); });
  const auto f = Focus::findings(Focus::summarise(all, few_draws(), kTwo));
  EXPECT_DOUBLE_EQ(named(f, "invalid_reliance").value, 0);
  EXPECT_DOUBLE_EQ(named(f, "invalid_flip_rate").value, 1);
  EXPECT_DOUBLE_EQ(named(f, "invalid_flip_excess").value, 0);
  EXPECT_EQ(named(f, "invalid_flip_p").value, 1);
  EXPECT_EQ(named(f, "invalid_reliance_p").value, 1);
}

TEST(Focus, SharesAccuraciesAndThePriorAreCounted) {
  const auto all = records(40, [](int i) { return replaced(i, 2, 2); });
  const auto f = Focus::findings(Focus::summarise(all, few_draws(), kTwo));
  EXPECT_NEAR(named(f, "invalid_share").value, 0.1, 1e-12);
  EXPECT_NEAR(named(f, "invalid_enrichment").value, 0.4, 1e-12);
  EXPECT_EQ(named(f, "invalid_share_p").value, 1);
  EXPECT_EQ(named(f, "invalid_share_occlusion").status, FindingStatus::kUndefined);
  EXPECT_DOUBLE_EQ(named(f, "invalid_only_accuracy").value, 0.5);
  EXPECT_DOUBLE_EQ(named(f, "invalid_only_accuracy/cat").value, 1);
  EXPECT_DOUBLE_EQ(named(f, "invalid_only_accuracy/dog").value, 0);
  EXPECT_NEAR(named(f, "invalid_share/camera=left").value, 0.1, 1e-12);
  EXPECT_NEAR(named(f, "invalid_enrichment/dog").value, 0.4, 1e-12);
  EXPECT_DOUBLE_EQ(named(f, "class_prior").value, 0.5);
  EXPECT_DOUBLE_EQ(named(f, "invalid_only_gain").value, 0);
  EXPECT_DOUBLE_EQ(named(f, "inpainted_accuracy").value, 1);
  EXPECT_DOUBLE_EQ(named(f, "inpainted_drop").value, 0);
}

TEST(Focus, AShareThatNoShiftReachesIsNoChance) {
  auto all = records(20, [](int i) { return replaced(i, 2, 2); });
  for (Record& r : all) r.cam.share = 0.6;
  const auto f = Focus::findings(Focus::summarise(all, few_draws(), kTwo));
  EXPECT_NEAR(named(f, "invalid_share_p").value, 1.0 / 401, 1e-9);
}

TEST(Focus, NoFlipIn299IndependentPicturesBoundsTheRateAtOnePercent) {
  const auto all = records(299, [](int i) { return replaced(i, 2, 2); });
  const auto f = Focus::findings(Focus::summarise(all, few_draws(), kTwo));
  const Finding& rate = named(f, "invalid_flip_rate");
  ASSERT_TRUE(std::holds_alternative<Binomial>(rate.evidence));
  EXPECT_EQ(rate.n, 299);
  EXPECT_LE(stats::upper_bound(rate, 0.95), 0.01);  // (1 − 0.01)^299 = 0.0495
}

TEST(Focus, ClustersAreWhatIsIndependent) {
  auto all = records(60, [](int i) { return replaced(i, 2, i % 6 == 0 ? -1 : 1); });
  for (Record& r : all) r.cluster = "part " + std::to_string(r.row / 10);
  const auto result = Focus::summarise(all, few_draws(), kTwo);
  const Finding& rate = named(result.findings, "invalid_flip_rate");
  EXPECT_EQ(rate.n, 6);
  EXPECT_EQ(rate.interval->method, "bootstrap by cluster");
  EXPECT_EQ(named(result.findings, "invalid_reliance").n, 6);
  // Six clusters, all with an effect above 0: 2^-6.
  EXPECT_NEAR(named(result.findings, "invalid_flip_p").value, 1.0 / 64, 1e-12);
  EXPECT_THAT(Focus::present(result).notes,
              testing::Contains(HasSubstr("60 pictures in 6 clusters")));
}

TEST(Focus, ItsPowerIsStatedAndItsNegativeControlIsSilent) {
  Stream stream(3, "noise");
  const auto all = records(120, [&](int i) {
    return replaced(i, 2 + 0.3 * stream.normal(), 2 + 0.3 * stream.normal());
  });
  const auto result = Focus::summarise(all, few_draws(), kTwo);
  const Finding& least = named(result.findings, "detectable_reliance");
  ASSERT_EQ(least.status, FindingStatus::kOk);
  // The mean of 120 differences of deviation 0.3 √2 is known to ±0.039: 2.93 of these, in margins
  // of 2, are noticed nine times in ten, and a little more with the confidence of 100 simulations.
  EXPECT_GT(least.value, 0.05);
  EXPECT_LT(least.value, 0.08);
  EXPECT_GE(*result.power, 0.85);
  EXPECT_LE(*result.false_alarms, 0.12);
  EXPECT_THAT(Focus::present(result).answer,
              HasSubstr("would have been noticed nine times in ten"));
}

TEST(Focus, IdsDependOnLabelsAndGroupsAlone) {
  const auto none = Focus::findings(Focus::summarise({}, few_draws(), kTwo));
  const auto some = Focus::findings(
      Focus::summarise(records(8, [](int i) { return replaced(i, 2, 1); }), few_draws(), kTwo));
  ASSERT_EQ(none.size(), some.size());
  std::set<std::string> ids;
  for (std::size_t i = 0; i < none.size(); ++i) {
    EXPECT_EQ(none[i].id, some[i].id);
    EXPECT_EQ(none[i].status, FindingStatus::kUndefined) << none[i].id;
    EXPECT_FALSE(none[i].note.empty());
    EXPECT_TRUE(ids.insert(none[i].id).second) << none[i].id;
  }
  EXPECT_TRUE(ids.count("invalid_flip_rate/camera=left"));
  EXPECT_FALSE(Focus::present(Focus::summarise({}, few_draws(), kTwo)).answer.empty());
}

TEST(Focus, OneClassOnlyIsSaidNotGuessed) {
  std::vector<Record> all;
  for (int i = 0; i < 10; ++i) all.push_back(seen(2 * i));
  const auto result = Focus::summarise(all, few_draws(), kTwo);
  EXPECT_EQ(named(result.findings, "invalid_reliance").status, FindingStatus::kUndefined);
  EXPECT_THAT(named(result.findings, "invalid_reliance").note, HasSubstr("of one class"));
  EXPECT_EQ(named(result.findings, "invalid_share").status, FindingStatus::kOk);
  EXPECT_THAT(Focus::present(result).answer, HasSubstr("could not be judged"));
}

TEST(Focus, PicturesThatCannotBeJudgedAreCountedWithTheReason) {
  auto all = records(12, [](int i) { return replaced(i, 2, 1); });
  all[0].status = Status::kNoMask;
  all[1].status = Status::kEmpty;
  all[2].status = Status::kFull;
  all[3].status = Status::kNoLabel;
  all[4].status = Status::kNonFinite;
  all[17].status = Status::kNonFinite;
  const auto result = Focus::summarise(all, few_draws(), kTwo);
  EXPECT_EQ(result.pictures, 7);
  EXPECT_EQ(result.judged, 6);
  EXPECT_EQ(named(result.findings, "invalid_reliance").n, 6);
  const Section s = Focus::present(result);
  for (const char* reason :
       {"nothing says which pixels", "empty region", "full region", "no label"})
    EXPECT_THAT(s.notes, testing::Contains(HasSubstr(reason)));
  EXPECT_THAT(s.warnings, testing::Contains(HasSubstr("the model's output is not finite")));
  EXPECT_THAT(s.warnings, testing::Contains(HasSubstr("once invalid pixels were replaced")));
}

TEST(Focus, TheGalleryCanBeSortedByReliance) {
  const auto all = records(40, [](int i) { return replaced(i, 2, 2 - i / 10.0); });
  Focus::Params params = few_draws();
  params.exhibits = 3;
  const Section s = Focus::present(Focus::summarise(all, params, kTwo));
  ASSERT_EQ(s.exhibits.size(), 2u);
  ASSERT_EQ(s.exhibits[0].exhibits.size(), 3u);
  const Exhibit& first = s.exhibits[0].exhibits[0];
  EXPECT_EQ(first.row, 39);
  EXPECT_EQ(first.panels.size(), 4u);  // picture, invalid pixels, both replacements; no map here
  ASSERT_EQ(first.sort_keys.size(), 2u);
  EXPECT_EQ(first.sort_keys[0].first, "reliance");
  EXPECT_NEAR(first.sort_keys[0].second, 3.9 / 2, 1e-9);
}

TEST(Focus, ItsRecordsReadBack) {
  Record r = seen(3);
  r.invalid = {1, 2, 3};
  r.map = {0.5f};
  for (const Record& record : {r, replaced(4, 1, -2)}) {
    const std::string bytes = to_bytes(record);
    EXPECT_EQ(to_bytes(from_bytes<Record>(bytes)), bytes);
  }
}

// ---- which pixels are invalid

TEST(Validity, ABorderIsInPixelsOrAShareOfTheShorterSide) {
  EXPECT_EQ(parse_border("").px(100, 50), 0);
  EXPECT_EQ(parse_border("8px").px(100, 50), 8);
  EXPECT_EQ(parse_border("8 px").px(4, 4), 8);
  EXPECT_EQ(parse_border("5%").px(100, 60), 3);
  EXPECT_EQ(parse_border("0.1%").px(100, 60), 1);
  for (const char* bad : {"8", "px", "-1px", "51%", "nanpx", "1e9px", "8px wide"})
    EXPECT_THAT([&] { parse_border(bad); }, testing::ThrowsMessage<InputError>(HasSubstr(bad)))
        << bad;
}

// ---- from a model to findings

class FocusRun : public CornerWorld {
 protected:
  std::vector<Record> measured(const network::Classifier& classifier,
                               const Focus::Params& params) const {
    return CornerWorld::measured<Focus>(classifier, params, kTwo);
  }
  std::vector<Finding> findings(const network::Classifier& classifier,
                                const Focus::Params& params) const {
    return Focus::findings(Focus::summarise(measured(classifier, params), params, kTwo));
  }
  static Focus::Params quick() {
    Focus::Params params;
    params.replicates = 200;
    params.simulations = 50;
    params.feather_px = 0;
    return params;
  }
};

TEST_F(FocusRun, AModelThatReadsTheMiddleOnlyRestsOnNothingElse) {
  write_pictures(40, [](int i) { return i % 2 == 1; });  // the data would give the class away
  const auto f = findings(middle_reader(), quick());
  EXPECT_NEAR(named(f, "invalid_reliance").value, 0, 1e-5);
  EXPECT_EQ(named(f, "invalid_flip_rate").value, 0);
  EXPECT_EQ(named(f, "invalid_flip_rate").n, 40);
  EXPECT_NEAR(named(f, "invalid_share").value, 0, 1e-6);
  EXPECT_LT(named(f, "invalid_share_occlusion").value, 0.05);
  EXPECT_GT(named(f, "invalid_share_randomised").value, 0.2);
  EXPECT_EQ(named(f, "inpainted_accuracy").value, 1);
  EXPECT_LT(named(f, "invalid_reliance").interval->high, 0.1);
}

TEST_F(FocusRun, AModelThatReadsTheCornerIsCaught) {
  write_pictures(40, [](int i) { return i % 2 == 1; });
  const auto f = findings(corner_reader(), quick());
  // The different class's corner turns the margin round: two margins are lost.
  EXPECT_NEAR(named(f, "invalid_reliance").value, 2, 0.1);
  EXPECT_EQ(named(f, "invalid_flip_rate").value, 1);
  EXPECT_EQ(named(f, "invalid_flip_excess").value, 1);
  EXPECT_EQ(named(f, "invalid_only_accuracy").value, 1);
  EXPECT_EQ(named(f, "invalid_only_gain").value, 0.5);
  EXPECT_NEAR(named(f, "invalid_share").value, 1, 1e-6);
  EXPECT_GT(named(f, "invalid_share_occlusion").value, 0.8);
  EXPECT_LT(named(f, "invalid_share_p").value, 0.01);
  EXPECT_LT(named(f, "invalid_reliance_p").value, 0.01);
  EXPECT_LT(named(f, "invalid_flip_p").value, 1e-6);
  EXPECT_GT(named(f, "inpainted_drop").value, 0.3);
}

TEST_F(FocusRun, ACornerThatSaysNothingOfTheClassIsNoShortcut) {
  // The model looks there and is misled, but not towards the class: the difference sees that.
  write_pictures(160, [](int i) { return i / 2 % 2 == 1; });
  const auto f = findings(reader([](int y, int x) {
                            return (in_middle(y, x) ? 1.0 : 0) + (in_corner(y, x) ? 0.9 : 0);
                          }),
                          quick());
  EXPECT_GT(named(f, "invalid_share").value, 0.2);
  EXPECT_LT(std::abs(named(f, "invalid_reliance").value), 0.5);
  EXPECT_GT(named(f, "invalid_reliance_p").value, 0.01);
}

TEST_F(FocusRun, OfALinearModelTheEffectIsItsClosedForm) {
  write_pictures(16, [](int i) { return i % 3 == 1; });
  const network::Classifier classifier =
      reader([](int y, int x) { return std::sin(0.7 * y + 1.3 * x); });
  Focus::Params params = quick();
  params.occlusion_pictures = 0;
  const auto records = measured(classifier, params);
  ASSERT_EQ(records.size(), 32u);
  const auto picture = [&](std::int64_t row) {
    return imaging::decode(read_file(folder_ / (std::to_string(row) + ".png")), "x");
  };
  for (std::size_t i = 16; i < records.size(); ++i) {
    const Record& r = records[i];
    const auto same = picture(r.same), different = picture(r.different);
    double effect = 0;
    for (int p = 0; p < kWorldSide * kWorldSide * 3; ++p) {
      const int y = p / 3 / kWorldSide, x = p / 3 % kWorldSide;
      if (y >= 4 && y < 12 && x >= 4 && x < 12) continue;
      const auto at = static_cast<std::size_t>(p);
      effect += 10 * std::sin(0.7 * y + 1.3 * x) / 48 *
                (static_cast<double>(same.bytes[at]) - different.bytes[at]) / 255;
    }
    const double sign = r.label == 1 ? 2 : -2;  // margin: z1 − z0 or z0 − z1
    EXPECT_NEAR((r.by_same.label - r.by_same.donor) - (r.by_different.label - r.by_different.donor),
                sign * effect, 1e-3);
    EXPECT_NEAR(r.replaced_area, 0.75, 1e-9);
  }
}

TEST_F(FocusRun, ABorderNeedsNoMask) {
  write_pictures(
      24, [](int i) { return i % 2 == 1; }, "");
  Focus::Params params = quick();
  params.border = "4px";
  const auto f = findings(corner_reader(), params);
  EXPECT_EQ(named(f, "invalid_flip_excess").value, 1);
  EXPECT_NEAR(named(f, "invalid_share").value, 1, 1e-6);
}

TEST_F(FocusRun, AMaskMayMarkWhatIsInvalid) {
  write_pictures(
      24, [](int i) { return i % 2 == 1; }, "box:0 0 4 4");
  Focus::Params params = quick();
  params.mask_marks = "invalid";
  EXPECT_EQ(named(findings(corner_reader(), params), "invalid_flip_excess").value, 1);
  EXPECT_EQ(named(findings(middle_reader(), params), "invalid_flip_rate").value, 0);
}

TEST_F(FocusRun, EmptyAndFullMasksAreStatuses) {
  write_pictures(
      8, [](int) { return true; }, "box:0 0 16 16");
  for (const Record& r : measured(middle_reader(), quick())) EXPECT_EQ(r.status, Status::kEmpty);
  write_pictures(
      8, [](int) { return true; }, "box:0 0 0 0");
  for (const Record& r : measured(middle_reader(), quick())) EXPECT_EQ(r.status, Status::kFull);
}

TEST_F(FocusRun, OneClassOnlyHasNoSecondRound) {
  write_pictures(
      8, [](int) { return true; }, "box:4 4 12 12", [](int) { return 1; });
  Focus::Params params = quick();
  params.occlusion_pictures = 3;
  const auto records = measured(middle_reader(), params);
  EXPECT_EQ(records.size(), 8u + 3u);
  const auto f = Focus::findings(Focus::summarise(records, quick(), kTwo));
  EXPECT_THAT(named(f, "invalid_flip_rate").note, HasSubstr("of one class"));
}

TEST_F(FocusRun, OutputsThatAreNotFiniteAreAStatus) {
  write_pictures(8, [](int i) { return i % 2 == 1; });
  const network::Classifier classifier =
      reader([](int, int) { return std::numeric_limits<double>::quiet_NaN(); });
  for (const Record& r : measured(classifier, quick())) EXPECT_EQ(r.status, Status::kNonFinite);
}

TEST_F(FocusRun, AModelWithoutALayerHasNoClassActivationMap) {
  write_pictures(8, [](int i) { return i % 2 == 1; });
  network::Graph graph("test");
  graph.add_input("x", "float32", true, {network::kFree, 3, kWorldSide, kWorldSide});
  graph.add_constant("w", at::ones({2, 3 * kWorldSide * kWorldSide}));
  graph.add_node(node("Flatten"), {"x"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w"}, {"z"});
  graph.add_output("z");
  graph.finish();
  const std::string file = folder_ / "flat.onnx";
  network::write_onnx(graph, file);
  const auto classifier = network::Classifier::open(file, {}, {}, {});
  const auto result = Focus::summarise(measured(classifier, quick()), quick(), kTwo);
  EXPECT_EQ(named(result.findings, "invalid_share").status, FindingStatus::kUndefined);
  EXPECT_FALSE(named(result.findings, "invalid_share").note.empty());
  EXPECT_EQ(named(result.findings, "invalid_flip_rate").status, FindingStatus::kOk);
  EXPECT_THAT(Focus::present(result).notes,
              testing::Contains(HasSubstr("no class activation map")));
}

TEST_F(FocusRun, RefusesWhatItCannotDoBeforeTheFirstPicture) {
  write_pictures(
      4, [](int) { return true; }, "");
  EXPECT_THAT([&] { measured(middle_reader(), quick()); },
              testing::ThrowsMessage<InputError>(HasSubstr("nothing says which pixels")));
  write_pictures(4, [](int) { return true; });
  Focus::Params params = quick();
  params.layer = "leyer";
  EXPECT_THAT([&] { measured(middle_reader(), params); },
              testing::ThrowsMessage<InputError>(HasSubstr("did you mean \"layer\"?")));
  params = quick();
  params.groups = "lane";
  EXPECT_THAT([&] { measured(middle_reader(), params); },
              testing::ThrowsMessage<InputError>(HasSubstr("no column \"lane\"")));
  params = quick();
  params.border = "wide";
  EXPECT_THAT([&] { measured(middle_reader(), params); },
              testing::ThrowsMessage<InputError>(HasSubstr("border")));
}

TEST_F(FocusRun, AMaskOfAnotherSizeIsRefused) {
  write_file(folder_ / "mask.png", imaging::encode_png({2, 2, 1, 8, {255, 0, 0, 0}}));
  write_pictures(
      4, [](int i) { return i % 2 == 1; }, "mask.png");
  EXPECT_THAT([&] { measured(middle_reader(), quick()); },
              testing::ThrowsMessage<InputError>(HasSubstr("the mask has 2 × 2 px")));
}

}  // namespace
}  // namespace assay::checks
