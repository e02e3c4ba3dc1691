#include "assay/checks/performance/labelled_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "assay/base/error.h"

namespace assay::checks {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

CleanRecord record(int label, std::vector<float> logits, std::string cluster = "") {
  CleanRecord r;
  r.label = label;
  r.logits = std::move(logits);
  r.cluster = std::move(cluster);
  return r;
}

TEST(LabelledRows, LeavesOutWhatCannotBeJudgedAndCountsIt) {
  CleanRecord broken = record(0, {});
  broken.problem = "truncated";
  const std::vector<CleanRecord> records{record(1, {0, 1}),
                                         broken,
                                         record(-1, {0, 1}),
                                         record(2, {0, 1}),
                                         record(0, {0, std::nanf("")}),
                                         record(0, {0, kInf}),
                                         record(0, {-kInf, -kInf}),
                                         record(0, {0, -kInf})};
  const auto kept = labelled_rows(records, 2, Unusable::kKeep);
  EXPECT_EQ(kept.size(), 5u);
  EXPECT_EQ(kept.unreadable, 1);
  EXPECT_EQ(kept.unlabelled, 2);
  EXPECT_EQ(kept.unusable, 3);
  EXPECT_EQ(kept.usable, (std::vector<bool>{true, false, false, false, true}));
  const auto left = labelled_rows(records, 2, Unusable::kLeaveOut);
  EXPECT_EQ(left.size(), 2u);
  EXPECT_EQ(left.unusable, 3);
  EXPECT_THAT(left.notes(), testing::ElementsAre("1 picture that could not be read is left out.",
                                                 "2 pictures without a label are left out."));
}

TEST(LabelledRows, ViewsTheRecordsLogits) {
  const std::vector<CleanRecord> records{record(1, {0, 1}), record(0, {5, 1})};
  const auto rows = labelled_rows(records, 2, Unusable::kKeep);
  EXPECT_EQ(rows.predictions.rows[1].data(), records[1].logits.data());
  EXPECT_EQ(rows.records[1], &records[1]);
  EXPECT_TRUE(rows.predictions.clusters.empty());
  EXPECT_EQ(rows.independent(), 2);
}

TEST(LabelledRows, RowsWithoutAClusterStandAlone) {
  const std::vector<CleanRecord> records{record(0, {0, 1}, "a"), record(0, {0, 1}),
                                         record(0, {0, 1}, "b"), record(0, {0, 1}, "a"),
                                         record(0, {0, 1})};
  const auto rows = labelled_rows(records, 2, Unusable::kKeep);
  EXPECT_EQ(rows.predictions.clusters, (std::vector<std::int64_t>{0, 1, 2, 0, 3}));
  EXPECT_EQ(rows.independent(), 4);
  EXPECT_EQ(rows.notes().size(), 1u);
}

TEST(LabelledRows, ARecordOfAnotherModelIsADefect) {
  const std::vector<CleanRecord> records{record(0, {0, 1, 2})};
  EXPECT_THROW(labelled_rows(records, 2, Unusable::kKeep), BugError);
}

}  // namespace
}  // namespace assay::checks
