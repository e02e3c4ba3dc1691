#include "assay/imaging/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/base/file.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/files_test.h"
#include "assay/imaging/sample_files_test.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

void expect_equal(const Picture& a, const Picture& b) {
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.channels, b.channels);
  EXPECT_EQ(a.bits, b.bits);
  EXPECT_TRUE(a.bytes == b.bytes);
}

TEST(Decode, GivesTheReferencesPixelsToTheBit) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  // File and SHA-256 of its RGB pixels, from reference/preprocess/preprocess.json.
  const std::pair<const char*, const char*> rows[] = {
      {"data/images/imagenet_samples/n02128925_jaguar.JPEG",
       "96e8be6ac382b7500213c70c9ebbcc4c89ed36b7969c886d1546b09f7c65f5aa"},
      {"data/images/imagenet_samples/n03908714_pencil_sharpener.JPEG",
       "c387c7d4b7084fad574ef6158b3b790279bc3a8ad20cde2dc204adaf1fdba183"},
      {"data/images/imagenet_samples/n02977058_cash_machine.JPEG",
       "00aedccd49066fc1753465f01c20012c5e522c1f1ab748f75a5aa2673ec994f2"},
      {"data/images/cifar10_lossless/cat/0000.png",
       "7b2377bdde00562e124afd873c38d96a9372e316f8f97aa1a27b56aa55b02019"},
      {"data/images/xai_single/both_dog_cat.png",
       "ab2fbafe8d0302f3ae2c9e835f48b05e238a4740a9392dc391abc0f9e9dfa6eb"},
      {"reference/preprocess/inputs/alpha_ramp.png",
       "cf4f56914af5f9ec2b7bfc5257922daeb07cd0817ea6d03dc507aa36ea95250d"},
      {"reference/preprocess/inputs/exif_orientation6.jpg",
       "178e798e001eee1933cc62ebfe11aacd84097b021801ecab1612e64bb6c6c304"}};
  for (const auto& [file, digest] : rows) {
    const std::string path = shared_path(file);
    const Picture p = decode(read_picture_file(path), path);
    std::string rgb;
    for (const std::uint8_t b : p.bytes) rgb.append(p.channels == 1 ? 3 : 1, static_cast<char>(b));
    EXPECT_EQ(sha256_hex(rgb), digest) << file;
  }
}

TEST(Decode, ObeysTheOrientationOnlyWhenUpright) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  const std::string path = shared_path("reference/preprocess/inputs/exif_orientation6.jpg");
  const std::string bytes = read_picture_file(path);
  const Picture stored = decode(bytes, path);
  EXPECT_EQ(stored.width, 437);
  const Picture upright = decode(bytes, path, {.upright = true});
  EXPECT_EQ(upright.width, 247);
  EXPECT_EQ(upright.height, 437);
  const std::string_view pixels(reinterpret_cast<const char*>(upright.bytes.data()),
                                upright.bytes.size());
  EXPECT_EQ(sha256_hex(pixels), "d717d813e65a814f7b9479703833ce886512937428bf94bd1edbe5990d2f6c0b");
}

TEST(Decode, KnowsAllEightOrientationsInEveryFormatThatHasThem) {
  // Upright, the corner that the tag calls top left must hold the first stored pixel's neighbours.
  const Picture p = sample_picture(2, 3, 1);  // a b c / d e f
  const auto a = p.bytes[0], b = p.bytes[1], c = p.bytes[2], d = p.bytes[3], e = p.bytes[4],
             f = p.bytes[5];
  const std::vector<std::vector<std::uint8_t>> wanted = {
      {a, b, c, d, e, f}, {c, b, a, f, e, d}, {f, e, d, c, b, a}, {d, e, f, a, b, c},
      {a, d, b, e, c, f}, {d, a, e, b, f, c}, {f, c, e, b, d, a}, {c, f, b, e, a, d}};
  const std::string pixels(p.bytes.begin(), p.bytes.end());
  for (int tag = 1; tag <= 8; ++tag) {
    const std::string exif = tiff(1, 1, "", {{274, 3, 1, tag}});
    const std::string rows =
        std::string(1, '\0') + pixels.substr(0, 3) + std::string(1, '\0') + pixels.substr(3);
    const std::string files[] = {
        png(3, 2, 8, 0, chunk("eXIf", exif), rows),
        tiff(3, 2, pixels, {{258, 3, 1, 8}, {262, 3, 1, 1}, {274, 3, 1, tag}, {277, 3, 1, 1}})};
    for (const std::string& file : files) {
      expect_equal(decode(file, "x"), p);
      const Picture upright = decode(file, "x", {.upright = true});
      EXPECT_EQ(upright.height, tag >= 5 ? 3 : 2);
      EXPECT_EQ(upright.bytes, wanted[static_cast<std::size_t>(tag - 1)]) << tag;
    }
  }
  // Nonsense in the tag costs nothing.
  EXPECT_EQ(
      decode(png(1, 1, 8, 0, chunk("eXIf", "II*"), std::string(2, '\0')), "x", {.upright = true})
          .width,
      1);
}

TEST(Decode, KeepsSixteenBits) {
  for (const int channels : {1, 3}) {
    const Picture p = sample_picture(9, 14, channels, 16);
    expect_equal(decode(encoded(".png", p), "x"), p);
    expect_equal(decode(encoded(".tiff", p), "x"), p);
  }
}

TEST(Decode, ReadsLosslessFormatsBack) {
  for (const int channels : {1, 3}) {
    const Picture p = sample_picture(21, 35, channels);
    for (const char* extension : {".png", ".bmp", ".tiff"})
      expect_equal(decode(encoded(extension, p), extension), p);
  }
  const Picture color = sample_picture(21, 35, 3);
  expect_equal(decode(encoded(".webp", color, {cv::IMWRITE_WEBP_QUALITY, 101}), "x"), color);
}

TEST(Decode, MakesGreyAsPil) {
  Picture p{1, 4, 3, 8, {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 30}};
  const Picture gray = decode(encoded(".png", p), "x", {.gray = true});
  EXPECT_EQ(gray.channels, 1);
  EXPECT_EQ(gray.bytes, (std::vector<std::uint8_t>{76, 150, 29, 124}));
  expect_equal(to_gray(p), gray);
  // Grey as colour becomes the same grey.
  p.bytes = {0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255};
  EXPECT_EQ(to_gray(p).bytes, (std::vector<std::uint8_t>{0, 1, 128, 255}));
}

TEST(Decode, DropsAlphaWithoutBlending) {
  const std::string rgba("\0\x0A\x14\x1E\0\x28\x32\x3C\x80", 9);  // one row: filter 0, two pixels
  const std::vector<std::uint8_t> rgb{10, 20, 30, 40, 50, 60};
  EXPECT_EQ(decode(png(2, 1, 8, 6, "", rgba), "x").bytes, rgb);
  for (const int extra : {0, 1, 2})  // unspecified, associated, unassociated
    EXPECT_EQ(decode(tiff(2, 1, rgba.substr(1),
                          {{258, 3, 1, 8}, {262, 3, 1, 2}, {277, 3, 1, 4}, {338, 3, 1, extra}}),
                     "x")
                  .bytes,
              rgb)
        << extra;
  // Grey with alpha is grey.
  const std::string gray_alpha("\0\x0A\x14\x28\x32", 5);
  const std::vector<std::uint8_t> gray{10, 40};
  EXPECT_EQ(decode(png(2, 1, 8, 4, "", gray_alpha), "x", {.gray = true}).bytes, gray);
  EXPECT_EQ(decode(tiff(2, 1, gray_alpha.substr(1),
                        {{258, 3, 1, 8}, {262, 3, 1, 1}, {277, 3, 1, 2}, {338, 3, 1, 2}}),
                   "x")
                .bytes,
            gray);
}

TEST(Decode, ReadsPalettesAndFewBits) {
  const std::string palette = chunk("PLTE", std::string("\x01\x02\x03\xC8\x64\x32", 6));
  const std::string transparent = chunk("tRNS", std::string("\x00", 1));
  const std::string one_bit("\0\x40", 2);  // 0, 1
  const std::vector<std::uint8_t> colors{1, 2, 3, 200, 100, 50};
  EXPECT_EQ(decode(png(2, 1, 1, 3, palette, one_bit), "x").bytes, colors);
  EXPECT_EQ(decode(png(2, 1, 1, 3, palette + transparent, one_bit), "x").bytes, colors);
  const Picture bilevel = decode(png(2, 1, 1, 0, "", one_bit), "x");
  EXPECT_EQ(bilevel.channels, 1);
  EXPECT_EQ(bilevel.bytes, (std::vector<std::uint8_t>{0, 255}));
  const Picture white_is_zero =
      decode(tiff(2, 1, "\x0A\xFF", {{258, 3, 1, 8}, {262, 3, 1, 0}, {277, 3, 1, 1}}), "x");
  EXPECT_EQ(white_is_zero.bytes, (std::vector<std::uint8_t>{245, 0}));
}

TEST(Decode, ReadsBmpOfEveryKind) {
  const auto u16 = [](int v) {
    return std::string{static_cast<char>(v), static_cast<char>(v >> 8)};
  };
  const auto u32 = [&](int v) { return u16(v & 0xFFFF) + u16(v >> 16); };
  const auto bmp = [&](int height, int bits, int compression, const std::string& palette,
                       const std::string& pixels) {
    const int at = static_cast<int>(54 + palette.size());
    return "BM" + u32(at + static_cast<int>(pixels.size())) + u32(0) + u32(at) + u32(40) + u32(3) +
           u32(height) + u16(1) + u16(bits) + u32(compression) + u32(0) + u32(0) + u32(0) +
           u32(static_cast<int>(palette.size() / 4)) + u32(0) + palette + pixels;
  };
  const std::string palette("\x0A\x14\x1E\0\x28\x32\x3C\0", 8);  // blue, green, red, 0
  // 0 1 1 over 1 1 0, stored from the bottom up; each row padded to 4 bytes.
  const std::vector<std::uint8_t> rows{30, 20, 10, 60, 50, 40, 60, 50, 40,
                                       60, 50, 40, 60, 50, 40, 30, 20, 10};
  const std::string indices("\1\1\0\0\0\1\1\0", 8);
  EXPECT_EQ(decode(bmp(2, 8, 0, palette, indices), "x").bytes, rows);
  EXPECT_EQ(decode(bmp(-2, 8, 0, palette, indices.substr(4) + indices.substr(0, 4)), "x").bytes,
            rows);
  EXPECT_EQ(decode(bmp(2, 1, 0, palette, std::string("\xC0\0\0\0\x60\0\0\0", 8)), "x").bytes, rows);
  // Run lengths: two of 1, one of 0, end of line; three given one by one, end of bitmap.
  const std::string runs("\2\1\1\0\0\0\0\3\0\1\1\0\0\1", 14);
  EXPECT_EQ(decode(bmp(2, 8, 1, palette, runs), "x").bytes, rows);
  for (std::size_t n = 0; n < runs.size(); ++n)
    EXPECT_THAT(error_of([&] { decode(bmp(2, 8, 1, palette, runs.substr(0, n)), "x"); }),
                HasSubstr("truncated BMP"))
        << n;
  const std::string wide("\x1E\x14\x0A\0\x1E\x14\x0A\0\x1E\x14\x0A\0", 12);
  EXPECT_EQ(decode(bmp(1, 32, 0, "", wide), "x").bytes,
            (std::vector<std::uint8_t>{10, 20, 30, 10, 20, 30, 10, 20, 30}));
  EXPECT_THAT(error_of([&] { decode(bmp(1, 24, 4, "", wide), "x"); }), HasSubstr("not supported"));
}

TEST(Decode, ReadsCmykAsAdobeMeansIt) {
  // 8x8, Adobe's inverted C, M, Y, K = 200, 100, 50, 220; made with libjpeg.
  std::string hex = "ffd8ffee000e41646f626500640000000000ffdb004300";
  for (int i = 0; i < 64; ++i) hex += "01";  // the quantisation table
  hex +=
      "ffc000140800080008044311004d11005911004b1100ffc4001500010100000000000000000000000000000a"
      "08ffc40014100100000000000000000000000000000000ffda000e0443004d0059004b00003f0048087c63cb"
      "81ffd9";
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  const Picture p = decode(bytes, "x");
  EXPECT_EQ(p.channels, 3);
  EXPECT_NEAR(p.bytes[0], 173, 1);  // PIL's
  EXPECT_NEAR(p.bytes[1], 86, 1);
  EXPECT_NEAR(p.bytes[2], 43, 1);
}

TEST(Decode, KnowsPicturesByTheirExtension) {
  for (const char* name : {"a.jpg", "a.JPEG", "b/c.Png", "x.tif", "x.tiff", "x.webp", "x.bmp"})
    EXPECT_TRUE(has_picture_extension(name)) << name;
  for (const char* name : {"jpg", "a.txt", "a.jpg.txt", "a.", "", "a.jpegs", "png/readme"})
    EXPECT_FALSE(has_picture_extension(name)) << name;
}

}  // namespace
}  // namespace assay::imaging
