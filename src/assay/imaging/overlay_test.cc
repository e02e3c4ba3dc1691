#include "assay/imaging/overlay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "assay/imaging/decode.h"
#include "assay/imaging/files_test.h"

namespace assay::imaging {
namespace {

Picture flat(int height, int width, std::uint8_t value) {
  Picture p{height, width, 3, 8, {}};
  p.bytes.assign(static_cast<std::size_t>(height * width * 3), value);
  return p;
}
Overlay map_of(int height, int width, std::vector<float> values) {
  Overlay o;
  o.height = height;
  o.width = width;
  o.values = std::move(values);
  return o;
}
int red(const Picture& p, int y, int x) {
  return p.bytes[static_cast<std::size_t>((y * p.width + x) * 3)];
}
// How far the pixel is from the grey it was drawn over.
int tint(const Picture& p, int y, int x, int value) {
  const auto i = static_cast<std::size_t>((y * p.width + x) * 3);
  int most = 0;
  for (std::size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(p.bytes[i + c] - value));
  return most;
}

TEST(Overlay, TintsWhereTheMapIsLarge) {
  const Picture drawn = decode(overlay_png(flat(300, 300, 128), map_of(2, 2, {0, 0, 0, 1})), "x");
  EXPECT_EQ(drawn.height, 300);
  EXPECT_GT(drawn.width, 300) << "no scale bar";
  EXPECT_EQ(tint(drawn, 20, 20, 128), 0);
  EXPECT_EQ(tint(drawn, 20, 280, 128), 0);
  EXPECT_GT(tint(drawn, 290, 290, 128), 60);
  // Bilinear with half-pixel centres: the cell's centre at 3/4 has the full value, 1/2 half of it.
  EXPECT_EQ(tint(drawn, 225, 225, 128), tint(drawn, 299, 299, 128));
  EXPECT_LT(tint(drawn, 150, 290, 128), tint(drawn, 225, 290, 128));
}

TEST(Overlay, TheBrightnessPictureIsAsBrightAsTheMapSupportsIt) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Overlay o = map_of(2, 2, {4, 2, -4, nan});
  o.diverging = true;
  o.scale_max = 4;
  const Picture drawn = decode(brightness_png(flat(240, 240, 200), o), "x");
  EXPECT_EQ(drawn.width, 240) << "no bar";
  EXPECT_EQ(red(drawn, 30, 30), 200);
  EXPECT_EQ(red(drawn, 30, 210), 100);
  EXPECT_NEAR(red(drawn, 30, 119), 200 * (4 - 2 * 59.5 / 120) / 4,
              1);  // between the cells' centres
  EXPECT_EQ(red(drawn, 210, 30), 0) << "what speaks against it is dark";
  EXPECT_EQ(red(drawn, 210, 210), 0);
  o.scale_max = 0;
  o.values = {-1, -1, 0, -2};
  EXPECT_EQ(red(decode(brightness_png(flat(240, 240, 200), o), "x"), 120, 120), 0);
}

TEST(Overlay, ShowsNothingWhereThereIsNoEvidence) {
  const Picture p = sample_picture(240, 250, 3);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  for (const auto& values :
       {std::vector<float>{0, 0, 0, 0}, {-1, -2, -3, -4}, {nan, nan, inf, 0}}) {
    const Picture drawn = decode(overlay_png(p, map_of(2, 2, values)), "x");
    for (int y = 0; y < p.height; ++y)
      for (int x = 0; x < p.width; ++x) ASSERT_EQ(red(drawn, y, x), red(p, y, x));
  }
}

TEST(Overlay, DoesNotStretchWeakMapsOverAGivenScale) {
  Overlay weak = map_of(1, 1, {0.01f});
  weak.scale_max = 1;
  EXPECT_LE(tint(decode(overlay_png(flat(230, 230, 128), weak), "x"), 100, 100, 128), 2);
  weak.scale_max = 0;  // its own maximum
  EXPECT_GT(tint(decode(overlay_png(flat(230, 230, 128), weak), "x"), 100, 100, 128), 60);
  // Above the scale's end nothing wraps round.
  Overlay strong = map_of(1, 1, {50});
  strong.scale_max = 1;
  EXPECT_GT(tint(decode(overlay_png(flat(230, 230, 128), strong), "x"), 100, 100, 128), 60);
}

TEST(Overlay, LeavesWhatTheMapDoesNotCover) {
  Overlay o = map_of(1, 1, {1});
  o.box[0] = 0.25;
  o.box[2] = 0.75;
  Picture drawn = decode(overlay_png(flat(240, 240, 128), o), "x");
  EXPECT_EQ(tint(drawn, 100, 30, 128), 0);
  EXPECT_EQ(tint(drawn, 100, 210, 128), 0);
  EXPECT_GT(tint(drawn, 100, 120, 128), 60);
  EXPECT_EQ(red(drawn, 100, 60), 0) << "no frame round the box";
  // A box beyond the picture, as padding makes it: only the part over the picture is drawn.
  Overlay padded = map_of(2, 1, {0, 1});
  padded.box[1] = 0;
  padded.box[3] = 2;  // the second cell lies below the picture
  drawn = decode(overlay_png(flat(240, 240, 128), padded), "x");
  EXPECT_EQ(tint(drawn, 20, 100, 128), 0);
}

TEST(Overlay, BringsPicturesToAReadableSize) {
  const Overlay o = map_of(1, 1, {0});
  Picture drawn = decode(overlay_png(sample_picture(28, 28, 1), o), "x");
  EXPECT_EQ(drawn.height, 224);
  // Nearest neighbour: an 8x8 block is one colour.
  EXPECT_EQ(red(drawn, 0, 0), red(drawn, 7, 7));
  EXPECT_EQ(red(drawn, 0, 8), sample_picture(28, 28, 1).bytes[1]);
  drawn = decode(overlay_png(sample_picture(1500, 2048, 3), o), "x");
  EXPECT_EQ(drawn.height, 750);
  EXPECT_EQ(decode(overlay_png(sample_picture(500, 375, 3), o), "x").height, 500);
  drawn = decode(overlay_png(sample_picture(3, 400, 3, 16), o), "x");
  EXPECT_GE(drawn.height, 20) << "no room for the scale's numbers";
}

TEST(Overlay, RefusesAMapThatDoesNotFitItsSize) {
  const Picture p = flat(8, 8, 0);
  EXPECT_THROW(overlay_png(p, map_of(2, 2, {1, 2, 3})), BugError);
  EXPECT_THROW(overlay_png(p, Overlay{}), BugError);
  Overlay flipped = map_of(1, 1, {1});
  flipped.box[0] = 1;
  EXPECT_THROW(overlay_png(p, flipped), BugError);
}

TEST(Thumbnail, ShrinksButNeverEnlarges) {
  Picture t = decode(thumbnail_png(sample_picture(300, 600, 3), 200), "x");
  EXPECT_EQ(t.width, 200);
  EXPECT_EQ(t.height, 100);
  t = decode(thumbnail_png(sample_picture(20, 30, 1), 200), "x");
  EXPECT_EQ(t.bytes, sample_picture(20, 30, 1).bytes);
  t = decode(thumbnail_png(sample_picture(20, 30, 3, 16), 200), "x");
  EXPECT_EQ(t.bits, 8);
}

TEST(EncodePng, IsReadBackAsItWas) {
  for (const int bits : {8, 16})
    for (const int channels : {1, 3}) {
      const Picture p = sample_picture(11, 17, channels, bits);
      const Picture back = decode(encode_png(p), "x");
      EXPECT_EQ(back.bits, bits);
      EXPECT_TRUE(back.bytes == p.bytes);
    }
}

}  // namespace
}  // namespace assay::imaging
