#include "assay/checks/focus/focus_donors.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "assay/checks/focus/region_grid.h"

namespace assay::checks {
namespace {

using Record = Focus::Record;

// `each` pictures of three classes, all with the same invalid left half.
std::vector<Record> records(int each, int classes = 3) {
  std::vector<Record> all;
  for (int i = 0; i < each * classes; ++i) {
    Record r;
    r.row = 10 + i;
    r.id = std::to_string(i);
    r.label = i % classes;
    r.height = r.width = 8;
    r.invalid = region_grid(std::vector<std::uint8_t>{1, 0}, 1, 2);
    all.push_back(r);
  }
  return all;
}

const Record& at_row(const std::vector<Record>& all, std::int64_t row) {
  return all[static_cast<std::size_t>(row - 10)];
}

TEST(Donors, AreOfTheSameAndOfADifferentClassAndGiveOnceEach) {
  const auto all = records(20);
  const auto chosen = choose_donors(all, 3);
  ASSERT_EQ(chosen.size(), all.size());
  std::map<std::int64_t, int> same, different;
  for (const Donors& d : chosen) {
    EXPECT_NE(d.row, d.same);
    EXPECT_EQ(at_row(all, d.row).label, at_row(all, d.same).label);
    EXPECT_NE(at_row(all, d.row).label, at_row(all, d.different).label);
    ++same[d.same];
    ++different[d.different];
  }
  for (const auto& [row, times] : same) EXPECT_LE(times, 2);
  for (const auto& [row, times] : different) EXPECT_LE(times, 2);
  EXPECT_GE(same.size(), 50u);
  EXPECT_GE(different.size(), 50u);
}

TEST(Donors, DependOnTheSeedAlone) {
  const auto all = records(20);
  const auto rows = [](const std::vector<Donors>& chosen) {
    std::vector<std::int64_t> list;
    for (const Donors& d : chosen) list.insert(list.end(), {d.row, d.same, d.different});
    return list;
  };
  EXPECT_EQ(rows(choose_donors(all, 3)), rows(choose_donors(all, 3)));
  EXPECT_NE(rows(choose_donors(all, 3)), rows(choose_donors(all, 4)));
}

TEST(Donors, ComeFromAnotherCluster) {
  auto all = records(4);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].cluster = i < 6 ? "a" : "b";
  const auto chosen = choose_donors(all, 1);
  EXPECT_EQ(chosen.size(), all.size());
  for (const Donors& d : chosen) {
    EXPECT_NE(at_row(all, d.row).cluster, at_row(all, d.same).cluster);
    EXPECT_NE(at_row(all, d.row).cluster, at_row(all, d.different).cluster);
  }
  for (Record& r : all) r.cluster = "one";
  EXPECT_TRUE(choose_donors(all, 1).empty());
}

TEST(Donors, AreThoseWhoseRegionFitsBest) {
  auto all = records(8, 2);
  // Half of them are invalid on the other side.
  const auto right = region_grid(std::vector<std::uint8_t>{0, 1}, 1, 2);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i / 2 % 2) all[i].invalid = right;
  int fitting = 0;
  for (const Donors& d : choose_donors(all, 1))
    fitting += at_row(all, d.row).invalid == at_row(all, d.same).invalid;
  EXPECT_GE(fitting, 13);  // of 16; the last to choose take what is left
}

TEST(Donors, AreOnlyReadableOnesOfTheSameSizeWithARegion) {
  auto all = records(4, 2);
  all[0].status = Focus::Status::kEmpty;
  all[1].width = 9;
  for (const Donors& d : choose_donors(all, 1)) {
    EXPECT_GT(d.row, 11);
    EXPECT_GT(d.same, 11);
    EXPECT_GT(d.different, 11);
  }
}

TEST(Donors, OneClassHasNone) {
  EXPECT_TRUE(choose_donors(records(5, 1), 1).empty());
  EXPECT_TRUE(choose_donors({}, 1).empty());
  EXPECT_TRUE(choose_donors(records(1, 3), 1).empty()) << "one picture a class has no twin";
}

}  // namespace
}  // namespace assay::checks
