#include "assay/checks/finding_ids.h"

#include <gtest/gtest.h>

namespace assay::checks {
namespace {

TEST(ClassIds, EscapeTheSlashAndTellTwinsApart) {
  EXPECT_EQ(class_ids("recall", {"cat", "crane", "a/c unit", "crane"}),
            (std::vector<std::string>{"recall/cat", "recall/crane#1", "recall/a%2Fc unit",
                                      "recall/crane#3"}));
}

}  // namespace
}  // namespace assay::checks
