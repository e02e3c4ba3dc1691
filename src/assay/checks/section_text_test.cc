#include "assay/checks/section_text.h"

#include <gtest/gtest.h>

#include "assay/base/error.h"

namespace assay::checks {
namespace {

TEST(SectionText, SaysFindingsAndCounts) {
  Finding f;
  f.id = "top1";
  f.value = 0.3101;
  EXPECT_EQ(value_cell(f), "0.31");
  f.interval = Interval{0.2, 0.42, 0.95, "t"};
  EXPECT_EQ(value_cell(f), "0.31 (0.2 to 0.42)");
  const std::vector<Finding> findings{f};
  EXPECT_EQ(finding_named(findings, "top1").value, 0.3101);
  EXPECT_THROW(finding_named(findings, "top5"), BugError);
  f.status = FindingStatus::kUndefined;
  EXPECT_EQ(value_cell(f), "–");
  EXPECT_EQ(pictures_text(1), "1 picture");
  EXPECT_EQ(pictures_text(0), "0 pictures");
  EXPECT_EQ(percent(0.0421), "4.2\u00a0%");
  EXPECT_EQ(class_name({"cat"}, 0), "cat");
  EXPECT_EQ(class_name({"cat"}, 1), "?");
  EXPECT_EQ(class_name({"cat"}, -1), "?");
}

}  // namespace
}  // namespace assay::checks
