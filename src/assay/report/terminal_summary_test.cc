#include "assay/report/terminal_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "assay/report/figure_fixture_test.h"
#include "assay/report/outcome_fixture_test.h"

namespace assay::report {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(TerminalSummary, SaysTheVerdictThenOneAlignedLineARequirement) {
  const std::string text = terminal_summary(clothes_outcome());
  EXPECT_THAT(
      text,
      StartsWith("Verdict: FAIL\nOf 5 requirements 1 is violated, 2 cannot be decided with these "
                 "pictures, 2 are met.\n\n"));
  EXPECT_THAT(
      text,
      HasSubstr("  fail          accuracy     recall/Shirt >= 0.85        0.774 [0.747, 0.799]     "
                "proven <= 0.795\n"));
  EXPECT_THAT(text, HasSubstr("n needed: 14,200 (now 10,000)\n"));
  EXPECT_THAT(text, HasSubstr("Warnings\n  data: 2 of 10,000 pictures could not be read"));
  EXPECT_EQ(text.back(), '\n');
}

TEST(TerminalSummary, SaysWhenNothingWasRequired) {
  EXPECT_EQ(terminal_summary(Outcome{}),
            "Verdict: NONE\nNo requirement was stated, so nothing was decided: the numbers below "
            "are measurements.\n");
}

TEST(TerminalSummary, SaysWhenEverythingIsMet) {
  Outcome outcome;
  outcome.has_requirements = true;
  CheckOutcome check;
  check.decisions = {decided("top1", Comparison::kAtLeast, 0.9, 0.95, Verdict::kPass)};
  outcome.checks = {check};
  EXPECT_THAT(terminal_summary(outcome),
              HasSubstr("The one requirement is met, with statistical proof."));
}

TEST(TerminalSummary, NeverSendsATerminalCommandsOrTornLines) {
  const Outcome outcome = hostile_outcome();
  const std::string text = terminal_summary(outcome);
  for (const char c : text) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 && c != '\n');
  EXPECT_EQ(text.find("\u202E"), text.npos);
  std::size_t requirements = 0, lines = 0;
  for (const auto& check : outcome.checks) requirements += check.decisions.size();
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) ++lines;
  EXPECT_EQ(lines,
            2 + 1 + requirements + 2 + 1 + outcome.checks.size());  // head, blank, rows, warnings
}

}  // namespace
}  // namespace assay::report
