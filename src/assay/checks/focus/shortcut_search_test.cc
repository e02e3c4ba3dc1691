#include "assay/checks/focus/shortcut_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "assay/checks/focus/corner_world_test.h"
#include "assay/checks/focus/shortcut_search_candidates.h"

namespace assay::checks {
namespace {

static_assert(MeasuringCheck<ShortcutSearch>);

using testing::HasSubstr;
using Record = ShortcutSearch::Record;

const Facts kTwo{{"cat", "dog"}, 7};

const Finding& named(const std::vector<Finding>& findings, const std::string& id) {
  for (const auto& f : findings)
    if (f.id == id) return f;
  throw BugError("no finding " + id);
}

ShortcutSearch::Params quick() {
  ShortcutSearch::Params params;
  params.replicates = 500;
  params.recipients = 20;
  params.feather_px = 0;
  return params;
}

std::vector<std::uint8_t> cells(const std::function<bool(int, int)>& inside) {
  std::vector<std::uint8_t> all;
  for (int y = 0; y < kCells; ++y)
    for (int x = 0; x < kCells; ++x) all.push_back(inside(y, x));
  return all;
}

TEST(ShortcutCandidates, CellsAreTextAndMasks) {
  const auto some = cells([](int y, int x) { return (y < 2 && x < 3) || (y == 9 && x > 13); });
  EXPECT_EQ(cells_of_hex(hex_of_cells(some)), some);
  EXPECT_EQ(hex_of_cells(some).size(), 64u);
  const double whole[4] = {0, 0, 1, 1}, inner[4] = {0.25, 0, 0.75, 1};
  EXPECT_EQ(shapes_of_cells(some, 160, 320, whole), "box:0 0 60 20;box:280 90 320 100");
  EXPECT_EQ(shapes_of_cells(some, 160, 320, inner), "box:80 0 110 20;box:220 90 240 100");
  EXPECT_EQ(shapes_of_cells(cells([](int, int) { return false; }), 16, 16, whole), "");
  EXPECT_THROW(cells_of_hex("xyz"), BugError);
}

// A picture of class k whose evidence lies in the cell (y, x), with a little everywhere.
Record mapped(std::int64_t row, int k, int y, int x) {
  Record r;
  r.row = row;
  r.id = std::to_string(row);
  r.predicted = k;
  r.margin = 1;
  r.picture_height = r.picture_width = 64;
  const auto at = cells([&](int i, int j) { return i == y && j == x; });
  Stream noise(1, "noise", static_cast<std::uint64_t>(row));
  for (std::size_t c = 0; c < at.size(); ++c)
    r.map.push_back(at[c] ? 0.745F : static_cast<float>(0.001 * (0.9 + 0.2 * noise.uniform())));
  return r;
}

TEST(ShortcutCandidates, GroupsOfAClassHaveTheirOwnPatch) {
  std::vector<Record> records;
  for (int i = 0; i < 60; ++i)
    records.push_back(mapped(i, i % 2, i % 2 ? 8 : i % 4 ? 3 : 12, i % 2 ? 8 : 3));
  const auto found = find_candidates(records, quick(), 1);
  ASSERT_EQ(found.size(), 3u);
  std::set<std::vector<std::uint8_t>> patches;
  for (const auto& c : found) {
    patches.insert(c.cells);
    EXPECT_EQ(c.members.size(), c.label == 0 ? 15u : 30u);
    EXPECT_NEAR(c.share, 0.745, 1e-4);
    EXPECT_NEAR(c.area, 1.0 / 256, 1e-12);
  }
  EXPECT_TRUE(patches.count(cells([](int y, int x) { return y == 3 && x == 3; })));
  EXPECT_TRUE(patches.count(cells([](int y, int x) { return y == 12 && x == 3; })));
  EXPECT_TRUE(patches.count(cells([](int y, int x) { return y == 8 && x == 8; })));

  const auto transplants = choose_transplants(found, records, quick(), 1);
  ASSERT_EQ(transplants.size(), 60u);
  for (const Transplant& t : transplants) {
    const auto& candidate = found[static_cast<std::size_t>(t.candidate)];
    EXPECT_NE(t.recipient % 2, candidate.label);
    EXPECT_EQ(t.control % 2, t.recipient % 2);
    EXPECT_NE(t.control, t.recipient);
    EXPECT_TRUE(std::count(candidate.members.begin(), candidate.members.end(), t.donor));
  }
}

using ShortcutRun = CornerWorld;

TEST_F(ShortcutRun, TheCornerThatAModelReadsIsTheLikeliestPatch) {
  write_pictures(
      60, [](int i) { return i % 2 == 1; }, "");
  const auto records = measured<ShortcutSearch>(corner_reader(), quick(), kTwo);
  const auto result = ShortcutSearch::summarise(records, quick(), kTwo);
  ASSERT_FALSE(result.candidates.empty());
  const auto& first = result.candidates.front();
  for (int y = 0; y < kCells; ++y)
    for (int x = 0; x < kCells; ++x)
      EXPECT_TRUE(!first.cells[static_cast<std::size_t>(y * kCells + x)] || in_corner(y, x))
          << y << " " << x;
  EXPECT_GT(first.effect, 0.8);  // half of the corner's evidence, to and fro
  EXPECT_LT(first.q, 0.01);
  const auto f = ShortcutSearch::findings(result);
  EXPECT_GE(named(f, "suspects").value, 1);
  EXPECT_LT(named(f, "lowest_q").value, 0.01);
  const Section s = ShortcutSearch::present(result);
  EXPECT_THAT(s.answer, HasSubstr("only you can say"));
  ASSERT_EQ(s.tables.size(), 2u);
  EXPECT_THAT(s.tables[1].rows[0][2], testing::StartsWith("box:"));
  EXPECT_EQ(s.exhibits[0].exhibits[0].panels.size(), 5u);
}

TEST_F(ShortcutRun, WhereTheEvidenceIsSpreadNoPatchTurnsTheDecision) {
  // The class is the sign of a weighed sum over the noise: each patch holds its share and no more.
  write_pictures(
      60, [](int i) { return i / 2 % 2 == 1; }, "");
  const auto classifier = reader([](int y, int x) {
    return in_middle(y, x) || in_corner(y, x) ? 0
                                              : std::sin(12.9898 * y + 78.233 * x + 0.3 * y * x);
  });
  const auto result =
      ShortcutSearch::summarise(measured<ShortcutSearch>(classifier, quick(), kTwo), quick(), kTwo);
  ASSERT_FALSE(result.candidates.empty());
  for (const auto& c : result.candidates) EXPECT_LT(c.turned, 0.5);
}

TEST_F(ShortcutRun, OneClassOnlyIsSaidNotGuessed) {
  write_pictures(
      16, [](int) { return true; }, "", [](int) { return 1; });
  const auto records = measured<ShortcutSearch>(middle_reader(), quick(), kTwo);
  EXPECT_EQ(records.size(), 16u);
  const auto result = ShortcutSearch::summarise(records, quick(), kTwo);
  EXPECT_EQ(named(result.findings, "suspects").status, FindingStatus::kUndefined);
  EXPECT_THAT(named(result.findings, "suspects").note, HasSubstr("says one class"));
  EXPECT_THAT(ShortcutSearch::present(result).answer, HasSubstr("Nothing was searched"));
}

TEST_F(ShortcutRun, IdsDependOnTheLabelsAlone) {
  write_pictures(
      24, [](int i) { return i % 2 == 1; }, "");
  const auto records = measured<ShortcutSearch>(corner_reader(), quick(), kTwo);
  const auto some = ShortcutSearch::summarise(records, quick(), kTwo).findings;
  const auto none = ShortcutSearch::summarise({}, quick(), kTwo).findings;
  ASSERT_EQ(some.size(), none.size());
  for (std::size_t i = 0; i < none.size(); ++i) {
    EXPECT_EQ(none[i].id, some[i].id);
    EXPECT_EQ(none[i].status, FindingStatus::kUndefined);
    EXPECT_FALSE(none[i].note.empty());
  }
}

TEST_F(ShortcutRun, OutputsThatAreNotFiniteAreCounted) {
  write_pictures(
      8, [](int i) { return i % 2 == 1; }, "");
  const auto classifier = reader([](int, int) { return std::numeric_limits<double>::quiet_NaN(); });
  const auto result =
      ShortcutSearch::summarise(measured<ShortcutSearch>(classifier, quick(), kTwo), quick(), kTwo);
  EXPECT_EQ(result.nonfinite, 8);
  EXPECT_THAT(ShortcutSearch::present(result).warnings, testing::Contains(HasSubstr("not finite")));
}

}  // namespace
}  // namespace assay::checks
