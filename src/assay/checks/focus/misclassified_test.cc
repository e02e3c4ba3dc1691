#include "assay/checks/focus/misclassified.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/focus/region_grid.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<Misclassified>);

using testing::HasSubstr;
using Record = Misclassified::Record;

const Facts kTwo{{"cat", "dog"}, 7};

const Finding& named(const std::vector<Finding>& findings, const std::string& id) {
  for (const auto& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

Misclassified::Params few() {
  Misclassified::Params params;
  params.worst = 4;
  params.cover = "mean";
  return params;
}

class MisclassifiedRun : public CornerWorld {
 protected:
  // Whose corner, where it contradicts the middle, is stronger.
  network::Classifier misled() const {
    return reader(
        [](int y, int x) { return (in_middle(y, x) ? 1.0 : 0) + (in_corner(y, x) ? 1.5 : 0); });
  }
};

TEST_F(MisclassifiedRun, FindsThePatchThatMisleads) {
  // The corner contradicts the middle in every third picture.
  write_pictures(
      24, [](int i) { return (i % 2 == 1) != (i % 3 == 0); }, "");
  const auto records = measured<Misclassified>(misled(), few(), kTwo);
  ASSERT_EQ(records.size(), 28u);
  const auto result = Misclassified::summarise(records, few(), kTwo);
  EXPECT_EQ(result.errors, 8);
  ASSERT_EQ(result.studied.size(), 4u);
  double last = -1e9;
  for (const Record& r : result.studied) {
    EXPECT_EQ(r.row % 3, 0);
    EXPECT_EQ(r.label, r.row % 2);
    EXPECT_NE(r.predicted, r.label);
    EXPECT_GE(r.margin, last);
    last = r.margin;
    EXPECT_EQ(r.restored.said, r.label);
    EXPECT_LE(r.restored.area, 16.0 / 256);
    EXPECT_GE(r.restored.area, 3.0 / 256);
    // Of two classes, losing the one is saying the other.
    EXPECT_EQ(r.lost.said, r.label);
    EXPECT_NEAR(r.lost.area, r.restored.area, 1.5 / 256);
    const auto cells = cells_of(r.restored.cells);
    for (int y = 0; y < kGrid; ++y)
      for (int x = 0; x < kGrid; ++x)
        EXPECT_TRUE(!cells[static_cast<std::size_t>(y * kGrid + x)] || in_corner(y / 4, x / 4))
            << y << " " << x;
  }
  EXPECT_EQ(named(result.findings, "errors").value, 8);
  EXPECT_EQ(named(result.findings, "restored").value, 1);
  EXPECT_EQ(named(result.findings, "second_right").status, FindingStatus::kUndefined);
  const Section s = Misclassified::present(result);
  EXPECT_THAT(s.answer, HasSubstr("8 of 24"));
  EXPECT_THAT(s.exhibits[0].exhibits[0].caption, HasSubstr("restores the label"));
  EXPECT_EQ(s.exhibits[0].exhibits[0].panels.size(), 5u);
}

TEST_F(MisclassifiedRun, AnotherModelIsAskedToo) {
  write_pictures(
      24, [](int i) { return (i % 2 == 1) != (i % 3 == 0); }, "");
  const auto other = middle_reader();
  std::filesystem::rename(folder_ / "model.onnx", folder_ / "other.onnx");
  auto params = few();
  params.second_model = folder_ / "other.onnx";
  const auto result =
      Misclassified::summarise(measured<Misclassified>(misled(), params, kTwo), params, kTwo);
  EXPECT_EQ(named(result.findings, "second_right").value, 1);
  for (const Record& r : result.studied) {
    EXPECT_EQ(r.second_predicted, r.label);
    EXPECT_FALSE(r.of_second.values.empty());
  }
  const Section s = Misclassified::present(result);
  EXPECT_THAT(s.exhibits[0].exhibits[0].caption, HasSubstr("the second model says"));
  EXPECT_EQ(s.exhibits[0].exhibits[0].panels.size(), 6u);

  params.second_model = folder_ / "missing.onnx";
  EXPECT_THROW(measured<Misclassified>(misled(), params, kTwo), InputError);
}

TEST_F(MisclassifiedRun, WhereNothingSpeaksForTheLabelNoRegionRestoresIt) {
  // It reads the middle the wrong way round: covered by black, a bright picture's class is the dark
  // one's at last; a dark picture stays what it is.
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "");
  const auto classifier = reader([](int y, int x) { return in_middle(y, x) ? -1.0 : 0; });
  auto params = few();
  params.worst = 8;
  params.cover = "black";
  const auto result =
      Misclassified::summarise(measured<Misclassified>(classifier, params, kTwo), params, kTwo);
  EXPECT_EQ(result.errors, 8);
  ASSERT_EQ(result.studied.size(), 8u);
  for (const Record& r : result.studied) EXPECT_EQ(std::isnan(r.restored.area), r.label == 0);
  EXPECT_EQ(named(result.findings, "restored").value, 0.5);
  EXPECT_THAT(Misclassified::present(result).answer, HasSubstr("restores the label in 4"));
}

TEST_F(MisclassifiedRun, WithoutErrorsThereIsNothingToStudy) {
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "");
  const auto records = measured<Misclassified>(middle_reader(), few(), kTwo);
  EXPECT_EQ(records.size(), 8u);
  const auto result = Misclassified::summarise(records, few(), kTwo);
  EXPECT_THAT(named(result.findings, "restored").note, HasSubstr("makes no error"));
  EXPECT_THAT(Misclassified::present(result).answer, HasSubstr("makes no error"));
}

TEST_F(MisclassifiedRun, IdsAreTheSameWithAndWithoutRecords) {
  const auto none = Misclassified::summarise({}, few(), kTwo).findings;
  std::set<std::string> ids;
  for (const Finding& f : none) {
    EXPECT_EQ(f.status, FindingStatus::kUndefined);
    ids.insert(f.id);
  }
  EXPECT_EQ(ids, (std::set<std::string>{"errors", "restored", "restoring_area", "second_right"}));
}

TEST(Misclassified, ItsRecordsReadBack) {
  Record r;
  r.id = "x";
  r.restored.cells = {1, 2};
  r.of_label.values = {0.5f};
  const std::string bytes = to_bytes(r);
  EXPECT_EQ(to_bytes(from_bytes<Record>(bytes)), bytes);
}

}  // namespace
}  // namespace assay::checks
