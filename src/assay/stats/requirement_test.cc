#include "assay/stats/requirement.h"

#include <gtest/gtest.h>

#include "assay/base/error.h"

namespace assay::stats {
namespace {

TEST(Requirement, ReadsBothComparisons) {
  const Requirement a = parse_requirement("top1", ">= 0.90");
  EXPECT_EQ(a.finding, "top1");
  EXPECT_EQ(a.comparison, Comparison::kAtLeast);
  EXPECT_EQ(a.bound, 0.9);
  EXPECT_EQ(a.confidence, 0.95);
  const Requirement b = parse_requirement("ece", "  <=5e-2 ");
  EXPECT_EQ(b.comparison, Comparison::kAtMost);
  EXPECT_EQ(b.bound, 0.05);
  EXPECT_EQ(parse_requirement("x", ">= -3").bound, -3);
}

TEST(Requirement, RefusesEverythingElse) {
  for (const char* text : {"", "0.9", "> 0.9", "< 0.9", "== 0.9", ">=", ">= much", ">= 0,9",
                           ">= 0.9 %", ">= 0.9 or so", ">= nan", ">= inf", "<= -inf", ">= 1e999",
                           ">= 0x10", "=> 0.9", ">= >= 0.9"})
    EXPECT_THROW(parse_requirement("top1", text), InputError) << text;
}

TEST(Requirement, SaysWhatItGotAndWhatItWanted) {
  try {
    parse_requirement("top1", "> 0.9");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(), "got \"> 0.9\", wanted >= or <=");
  }
}

TEST(Requirement, IsWrittenAsItIsRead) {
  for (const char* text : {">= 0.9", "<= 0.05", ">= -3", "<= 0.1234567890123456"}) {
    EXPECT_EQ(to_text(parse_requirement("f", text)), text);
  }
}

}  // namespace
}  // namespace assay::stats
