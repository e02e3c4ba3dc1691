#include "assay/imaging/contact_sheet.h"

#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/imaging/decode.h"

namespace assay::imaging {
namespace {

Picture plain(int height, int width, std::vector<std::uint8_t> color) {
  Picture p{height, width, static_cast<int>(color.size()), 8, {}};
  for (int i = 0; i < height * width; ++i)
    p.bytes.insert(p.bytes.end(), color.begin(), color.end());
  return p;
}

std::vector<int> pixel(const Picture& p, int x, int y) {
  const auto* at = p.bytes.data() + (y * p.width + x) * 3;
  return {at[0], at[1], at[2]};
}

TEST(ContactSheet, LaysPicturesOutRowByRowWithTheirOwnColours) {
  const Picture sheet = decode(contact_sheet_png({{plain(28, 28, {200}), "one"},
                                                  {plain(28, 28, {1, 2, 3}), "two"},
                                                  {plain(28, 28, {9, 8, 7}), "three"}}),
                               "sheet");
  // Two columns of 28 · 4 px and gaps of 6 px, captions of 16 px.
  EXPECT_EQ(sheet.width, 6 + 2 * (112 + 6));
  EXPECT_EQ(sheet.height, 6 + 2 * (112 + 16 + 6));
  EXPECT_EQ(pixel(sheet, 6, 6), (std::vector{200, 200, 200}));
  EXPECT_EQ(pixel(sheet, 6 + 118 + 111, 6 + 111), (std::vector{1, 2, 3}));
  EXPECT_EQ(pixel(sheet, 6, 6 + 134), (std::vector{9, 8, 7}));
  EXPECT_EQ(pixel(sheet, 6 + 118, 6 + 134), (std::vector{255, 255, 255}));  // no fourth
  EXPECT_EQ(pixel(sheet, 5, 5), (std::vector{255, 255, 255}));
}

TEST(ContactSheet, ShrinksLargePicturesAndCutsLongOrForeignCaptions) {
  const std::string name(300, 'W');
  const Picture sheet =
      decode(contact_sheet_png({{plain(500, 1000, {5}), name}, {plain(1, 3, {5}), "na\xC3\xAFve"}}),
             "sheet");
  EXPECT_EQ(sheet.width, 6 + 2 * (224 + 6));
  EXPECT_EQ(sheet.height, 6 + 1 * (112 + 16 + 6));
  EXPECT_EQ(pixel(sheet, sheet.width - 1, sheet.height - 10), (std::vector{255, 255, 255}));
  EXPECT_THROW(contact_sheet_png({}), BugError);
  const Tile tile{plain(28, 28, {200}), "one"};
  EXPECT_EQ(decode(contact_sheet_png({tile, tile, tile}, 3), "row").width, 6 + 3 * (112 + 6));
}

}  // namespace
}  // namespace assay::imaging
