#include "assay/imaging/encode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>

#include "assay/imaging/decode.h"
#include "assay/imaging/files_test.h"

namespace assay::imaging {
namespace {

TEST(Encode, PngAndTiffGiveBackEverySampleOfAnyDepth) {
  for (const int channels : {1, 3})
    for (const int bits : {8, 16}) {
      const Picture picture = sample_picture(19, 33, channels, bits);
      for (const std::string& bytes :
           {encode_png(picture), encode_png(picture, PngEffort::kFast), encode_tiff(picture)}) {
        const Picture back = decode(bytes, "encoded");
        EXPECT_EQ(back.channels, channels);
        EXPECT_EQ(back.bits, bits);
        EXPECT_EQ(back.height, 19);
        EXPECT_EQ(back.bytes, picture.bytes) << channels << " channels of " << bits << " bits";
      }
    }
}

TEST(Encode, JpegComesCloseToTheColours) {
  Picture picture{16, 16, 3, 8, {}};
  for (int i = 0; i < 256; ++i) picture.bytes.insert(picture.bytes.end(), {200, 120, 40});
  const Picture back = decode(encode_jpeg(picture, 90), "encoded");
  ASSERT_EQ(back.bytes.size(), picture.bytes.size());
  for (std::size_t i = 0; i < back.bytes.size(); ++i)
    EXPECT_NEAR(back.bytes[i], picture.bytes[i], 3) << i;
}

}  // namespace
}  // namespace assay::imaging
