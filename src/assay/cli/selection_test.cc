#include "assay/cli/selection.h"

#include <gmock/gmock.h>

#include "assay/base/error.h"

namespace assay::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kLabels{"good", "burn, through", "3", "crack"};

std::string refusal(const std::string& text) {
  try {
    classes_named(text, kLabels, "--class");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Selection, NamesComeBeforeNumbersAndEachClassIsTakenOnce) {
  EXPECT_EQ(class_named("3", kLabels, ""), 2);
  EXPECT_THAT(classes_named("crack,0-1,good", kLabels, ""), ElementsAre(3, 0, 1));
  EXPECT_THAT(classes_named("burn, through", kLabels, ""), ElementsAre(1));
  EXPECT_THAT(classes_named("all", kLabels, ""), ElementsAre(0, 1, 2, 3));
}

TEST(Selection, WhatThereIsNotIsRefusedWithTheNearestName) {
  EXPECT_THAT(refusal("god"), HasSubstr("did you mean good?"));
  EXPECT_THAT(refusal("4"), HasSubstr("0 to 3"));
  for (const char* text : {"", ",", "0-4", "2-1", "-1", "0-99999999999999999999"})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(Selection, ChannelsAreNumbersBelowTheirCount) {
  EXPECT_THAT(numbers_named("0-2,5", 6, ""), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(numbers_named("all", 2, ""), ElementsAre(0, 1));
  for (const char* text : {"6", "good", "", "0-6", "1.5"})
    EXPECT_THROW(numbers_named(text, 6, "--channel"), InputError) << text;
}

}  // namespace
}  // namespace assay::cli
