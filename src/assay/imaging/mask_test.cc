#include "assay/imaging/mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

std::string drawn(const Mask& mask) {
  std::string text;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x)
      text += mask.marked[static_cast<std::size_t>(y * mask.width + x)] ? '#' : '.';
    text += '\n';
  }
  return text;
}

std::string mask_error(const std::string& shapes) {
  try {
    shapes_mask(shapes, 4, 4, "val.csv:3");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Mask, ABoxHoldsThePixelsWhoseMiddleItHolds) {
  EXPECT_EQ(drawn(shapes_mask("box:1 0 3 2", 3, 4, "")), ".##.\n.##.\n....\n");
  EXPECT_EQ(drawn(shapes_mask("box:0.6 0.4 2.4 1.4", 3, 4, "")), ".#..\n....\n....\n");
  EXPECT_EQ(drawn(shapes_mask("box:-5 -5 100 100", 2, 2, "")), "##\n##\n");
}

TEST(Mask, APolygonFollowsTheEvenOddRule) {
  // A triangle with its corner at the top left.
  EXPECT_EQ(drawn(shapes_mask("polygon:0 0 4 0 0 4", 4, 4, "")), "###.\n##..\n#...\n....\n");
  // A square run through twice the other way round leaves its middle empty.
  EXPECT_EQ(drawn(shapes_mask("polygon:0 0 4 0 4 4 0 4 0 0 1 1 3 1 3 3 1 3 1 1", 4, 4, "")),
            "####\n#..#\n#..#\n####\n");
}

TEST(Mask, SeveralShapesMarkTheirUnion) {
  EXPECT_EQ(drawn(shapes_mask("box:0 0 2 1; box:1 0 3 2", 2, 4, "")), "###.\n.##.\n");
}

TEST(Mask, OutsideThePictureNothingIsMarked) {
  EXPECT_EQ(drawn(shapes_mask("box:10 10 20 20", 2, 2, "")), "..\n..\n");
  EXPECT_EQ(drawn(shapes_mask("polygon:-9 -9 -1 -9 -5 -1", 2, 2, "")), "..\n..\n");
}

TEST(Mask, RunLengthsGoDownTheColumns) {
  EXPECT_EQ(drawn(shapes_mask("rle:2 3 1 2 2 1", 2, 3, "")), ".#.\n#.#\n");
  EXPECT_EQ(drawn(shapes_mask("rle:2 3 0 6;box:0 0 1 1", 2, 3, "")), "###\n###\n");
}

TEST(Mask, WhatIsNoShapeIsRefusedWithItsPlace) {
  EXPECT_THAT(mask_error("box:1 2 3"), HasSubstr("val.csv:3: "));
  EXPECT_THAT(mask_error("box:3 0 1 2"), HasSubstr("LEFT up to RIGHT"));
  EXPECT_THAT(mask_error("box:a b c d"), HasSubstr("numbers"));
  EXPECT_THAT(mask_error("box:nan 0 1 1"), HasSubstr("numbers"));
  EXPECT_THAT(mask_error("box:0 0 1e300 1"), HasSubstr("a million"));
  EXPECT_THAT(mask_error("polygon:0 0 1 1"), HasSubstr("three corners"));
  EXPECT_THAT(mask_error("polygon:0 0 1 1 2 2 3"), HasSubstr("two numbers each"));
  EXPECT_THAT(mask_error("box:0 0 1 1;circle:3"), HasSubstr("no shape"));
  EXPECT_THAT(mask_error("rle:4 4 3"), HasSubstr("HEIGHT × WIDTH"));
  EXPECT_THAT(mask_error("rle:4 4 3.5 12.5"), HasSubstr("run lengths"));
  EXPECT_THAT(mask_error("rle:4 4 20 -4"), HasSubstr("run lengths"));
  EXPECT_THAT(mask_error("rle:1e9 1e9 1e12"), HasSubstr("HEIGHT × WIDTH"));
  EXPECT_THAT(mask_error("rle:2 4 8"), HasSubstr("the mask has 4 × 2 px, its picture 4 × 4"));
}

TEST(Mask, APictureIsMarkedWhereAnyChannelReachesHalf) {
  EXPECT_EQ(drawn(mask_of({1, 3, 1, 8, {127, 128, 255}})), ".##\n");
  EXPECT_EQ(drawn(mask_of({1, 2, 3, 8, {0, 127, 12, 0, 0, 200}})), ".#\n");
  EXPECT_EQ(drawn(mask_of({1, 2, 1, 16, {0xFF, 0x7F, 0x00, 0x80}})), ".#\n");
}

TEST(Mask, PathsAreNoShapes) {
  EXPECT_FALSE(is_shapes("masks/box.png"));
  EXPECT_TRUE(is_shapes("box:0 0 1 1"));
  EXPECT_TRUE(is_shapes("polygon:0 0 1 1 2 2"));
}

}  // namespace
}  // namespace assay::imaging
