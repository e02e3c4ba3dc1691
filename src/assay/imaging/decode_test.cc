#include "assay/imaging/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <utility>

#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/test_files.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

cv::Mat mat_of(const Picture& p) {  // B, G, R, as OpenCV's encoders want it
  const int depth = p.bits == 8 ? CV_8U : CV_16U;
  cv::Mat mat(p.height, p.width, CV_MAKETYPE(depth, p.channels),
              const_cast<std::uint8_t*>(p.bytes.data()));
  mat = mat.clone();
  if (p.channels == 3) {
    std::vector<cv::Mat> planes;
    cv::split(mat, planes);
    std::swap(planes[0], planes[2]);
    cv::merge(planes, mat);
  }
  return mat;
}

std::string encoded(const std::string& extension, const Picture& p, std::vector<int> options = {}) {
  std::vector<unsigned char> bytes;
  if (!cv::imencode(extension, mat_of(p), bytes, options)) return "";
  return {bytes.begin(), bytes.end()};
}

// A PNG, chunk by chunk.
std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}
std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}
std::string deflated(const std::string& raw) {
  std::string out(compressBound(raw.size()), '\0');
  uLongf n = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(raw.data()),
           raw.size());
  out.resize(n);
  return out;
}
std::string png(std::uint32_t width, std::uint32_t height, int depth, int color,
                const std::string& chunks, const std::string& rows) {
  return "\x89PNG\r\n\x1A\n" +
         chunk("IHDR", big_endian(width) + big_endian(height) + static_cast<char>(depth) +
                           static_cast<char>(color) + std::string(3, '\0')) +
         chunks + chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}

// A little-endian TIFF with one strip: header, pixels, directory.
struct TiffEntry {
  int tag, type, count, value;
};
std::string tiff(int width, int height, const std::string& pixels, std::vector<TiffEntry> entries) {
  const auto u16 = [](int v) {
    return std::string{static_cast<char>(v), static_cast<char>(v >> 8)};
  };
  const auto u32 = [&](int v) { return u16(v & 0xFFFF) + u16(v >> 16); };
  entries.insert(entries.begin(), {{256, 3, 1, width}, {257, 3, 1, height}, {259, 3, 1, 1}});
  entries.push_back({273, 4, 1, 8});
  entries.push_back({278, 3, 1, height});
  entries.push_back({279, 4, 1, static_cast<int>(pixels.size())});
  std::sort(entries.begin(), entries.end(),
            [](const TiffEntry& a, const TiffEntry& b) { return a.tag < b.tag; });
  const std::string padded = pixels + std::string(pixels.size() % 2, '\0');
  std::string file = "II" + u16(42) + u32(static_cast<int>(8 + padded.size())) + padded;
  file += u16(static_cast<int>(entries.size()));
  for (const TiffEntry& e : entries) file += u16(e.tag) + u16(e.type) + u32(e.count) + u32(e.value);
  return file + u32(0);
}

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

TEST(Decode, SeesDamageInsideACompressedTiff) {
  testing::internal::CaptureStderr();
  // 1: none, 5: LZW, 8: Deflate, 32773: PackBits.
  for (const int compression : {1, 5, 8, 32773}) {
    const Picture p = sample_picture(120, 90, 3);
    const std::string whole = encoded(".tiff", p, {cv::IMWRITE_TIFF_COMPRESSION, compression});
    expect_equal(decode(whole, "x"), p);
    if (compression == 1 || compression == 32773) continue;  // there flips are wrong colours
    int seen = 0;
    for (std::size_t i = 0; i < 40; ++i) {
      std::string file = whole;
      const std::size_t at = 10 + i * (whole.size() - 400) / 40;
      file.replace(at, 8, std::string(8, static_cast<char>(i * 37)));
      seen += !error_of([&] { decode(file, "x"); }).empty();
    }
    EXPECT_GE(seen, 10) << compression;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
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

TEST(Decode, RefusesWhatIsNoPictureInOneLine) {
  EXPECT_EQ(error_of([] { decode("", "a.png"); }), "a.png: is an empty file");
  EXPECT_EQ(error_of([] { decode("not a picture at all", "a.png"); }),
            "a.png: is not a JPEG, PNG, BMP, TIFF or WebP picture");
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { read_picture_file(folder.path()); }), HasSubstr("is a folder"));
  EXPECT_THAT(error_of([&] { read_picture_file(folder / "none.png"); }), HasSubstr("no such file"));
  write_file(folder / "zero.jpg", "");
  EXPECT_EQ(error_of([&] { read_picture_file(folder / "zero.jpg"); }),
            folder / "zero.jpg" + ": is an empty file");
}

TEST(Decode, RefusesTheReallyTruncatedJpeg) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  const std::string path = shared_path("data/images/kangaroo/TRUNCATED_00090.jpg");
  const std::string bytes = read_picture_file(path);
  EXPECT_EQ(error_of([&] { decode(bytes, path); }),
            path + ": truncated JPEG file (" + std::to_string(bytes.size()) + " bytes)");
  // Also with an end marker pretended.
  EXPECT_THAT(error_of([&] { decode(bytes + "\xFF\xD9", path); }),
              HasSubstr("its picture data end early"));
}

struct Encoding {
  std::string name, extension;
  Picture picture;
  std::vector<int> options;
};
std::vector<Encoding> encodings() {
  const Picture color = sample_picture(61, 83, 3), gray = sample_picture(61, 83, 1),
                deep = sample_picture(61, 83, 3, 16);
  return {{"jpeg", ".jpg", color, {}},
          {"jpeg progressive", ".jpg", color, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}},
          {"jpeg restarts", ".jpg", color, {cv::IMWRITE_JPEG_RST_INTERVAL, 3}},
          {"jpeg progressive restarts",
           ".jpg",
           gray,
           {cv::IMWRITE_JPEG_PROGRESSIVE, 1, cv::IMWRITE_JPEG_RST_INTERVAL, 2}},
          {"jpeg grey", ".jpg", gray, {}},
          {"png", ".png", color, {}},
          {"png 16", ".png", deep, {}},
          {"bmp", ".bmp", color, {}},
          {"bmp grey", ".bmp", gray, {}},
          {"tiff", ".tiff", color, {}},
          {"tiff raw", ".tiff", color, {cv::IMWRITE_TIFF_COMPRESSION, 1}},
          {"tiff 16", ".tiff", deep, {}},
          {"webp", ".webp", color, {}},
          {"webp lossless", ".webp", color, {cv::IMWRITE_WEBP_QUALITY, 101}}};
}

TEST(Decode, NeverTakesATruncatedFileForAWholePicture) {
  for (const Encoding& e : encodings()) {
    const std::string whole = encoded(e.extension, e.picture, e.options);
    const Picture right = decode(whole, e.name);
    int refused = 0, cuts = 0;
    const auto cut_at = [&](std::size_t n) {
      ++cuts;
      try {
        expect_equal(decode(whole.substr(0, n), e.name), right);
      } catch (const InputError& error) {
        ++refused;
        EXPECT_THAT(error.what(), testing::StartsWith(e.name));
      }
    };
    for (std::size_t i = 0; i < 50; ++i) cut_at(whole.size() * i / 50);
    for (std::size_t i = 1; i < 20; ++i) cut_at(whole.size() - i);
    EXPECT_GE(refused, cuts - 10) << e.name;
  }
}

TEST(Decode, SeesThatTheMiddleOfAJpegIsMissing) {
  testing::internal::CaptureStderr();
  for (const Encoding& e : encodings()) {
    if (e.extension != ".jpg") continue;
    const std::string whole = encoded(e.extension, e.picture, e.options);
    const std::size_t half = whole.size() / 2;
    EXPECT_NE(error_of([&] { decode(whole.substr(0, half) + whole.substr(half + 400), e.name); }),
              "")
        << e.name;
    EXPECT_NE(error_of([&] { decode(whole.substr(0, half) + "\xFF\xD9", e.name); }), "") << e.name;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Decode, IsSilentAboutHarmlessFaults) {
  testing::internal::CaptureStderr();
  const Picture p = sample_picture(16, 16, 3);
  const std::string jpeg = encoded(".jpg", p);
  const std::string extended = jpeg.substr(0, jpeg.size() - 2) + "extra" + "\xFF\xD9";
  expect_equal(decode(extended, "x"), decode(jpeg, "x"));
  expect_equal(decode(jpeg + "trailing", "x"), decode(jpeg, "x"));
  // A colour profile that libpng warns about.
  const std::string profile = chunk("iCCP", std::string("bad\0\0", 5) + deflated("no profile"));
  EXPECT_EQ(decode(png(1, 1, 8, 0, profile, std::string("\0\x07", 2)), "x").bytes[0], 7);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Decode, RefusesDamage) {
  const Picture p = sample_picture(30, 30, 3);
  std::string file = encoded(".png", p);
  file[file.size() / 2] = static_cast<char>(file[file.size() / 2] ^ 1);
  EXPECT_THAT(error_of([&] { decode(file, "a.png"); }), HasSubstr("a.png: damaged PNG file: wrong "
                                                                  "checksum"));
  EXPECT_THAT(error_of([&] { decode(png(1, 1, 7, 0, "", "\0\0"), "x"); }),
              HasSubstr("colour type 0 with 7 bits"));
  // 32-bit floats are no picture of 8 or 16 bits.
  EXPECT_THAT(error_of([] {
                decode(tiff(1, 1, std::string(4, '\0'),
                            {{258, 3, 1, 32}, {262, 3, 1, 1}, {277, 3, 1, 1}, {339, 3, 1, 3}}),
                       "x");
              }),
              HasSubstr("is not supported"));
  // Animated WebP: an extended header that says so.
  std::string webp = "RIFF" + std::string("\x1E\0\0\0", 4) + "WEBPVP8X" +
                     std::string("\x0A\0\0\0\x02\0\0\0\0\0\0\0\0\0", 14) + std::string(12, '\0');
  EXPECT_THAT(error_of([&] { decode(webp, "x"); }), HasSubstr("an animated WebP"));
}

TEST(Decode, RefusesDecompressionBombsFromTheirHeader) {
  EXPECT_THAT(error_of([] { decode(png(100000, 100000, 8, 0, "", ""), "a.png"); }),
              HasSubstr("a.png: claims 100000x100000 pixels"));
  EXPECT_THAT(error_of([] { decode(png(0, 5, 8, 0, "", ""), "a.png"); }),
              HasSubstr("without pixels"));
  std::string jpeg = encoded(".jpg", sample_picture(8, 8, 1));
  const std::size_t frame = jpeg.find("\xFF\xC0");
  jpeg.replace(frame + 5, 4, "\xFF\xF0\xFF\xF0");
  EXPECT_THAT(error_of([&] { decode(jpeg, "x"); }), HasSubstr("claims 65520x65520"));
  EXPECT_THAT(
      error_of([] {
        decode(tiff(1, 1, "x", {{258, 3, 1, 8}, {262, 3, 1, 1}, {273, 4, 0x7FFFFFFF, 8}}), "x");
      }),
      HasSubstr("truncated TIFF"));
}

TEST(Decode, SurvivesAnyFlippedByte) {
  // Whatever comes of it: a picture or an InputError, never a crash (run under the sanitisers).
  testing::internal::CaptureStderr();  // the decoders below may complain of flipped pixels
  Stream draws(1, "flips");
  for (const Encoding& e : encodings()) {
    const std::string whole = encoded(e.extension, e.picture, e.options);
    for (int i = 0; i < 150; ++i) {
      std::string file = whole;
      // Half of the flips in the headers, where they hurt most.
      const std::size_t reach = i % 2 == 0 ? file.size() : std::min<std::size_t>(file.size(), 700);
      for (int k = 0; k <= i % 3; ++k) {
        // TIFF has its directory at the end.
        const std::size_t at = draws.below(reach);
        file[e.extension == ".tiff" ? file.size() - 1 - at : at] = static_cast<char>(draws());
      }
      try {
        const Picture p = decode(file, e.name);
        EXPECT_EQ(p.bytes.size(), static_cast<std::size_t>(p.height * p.width * p.channels) *
                                      static_cast<std::size_t>(p.bits / 8));
      } catch (const InputError&) {
      }
    }
  }
  testing::internal::GetCapturedStderr();
}

TEST(Decode, KnowsPicturesByTheirExtension) {
  for (const char* name : {"a.jpg", "a.JPEG", "b/c.Png", "x.tif", "x.tiff", "x.webp", "x.bmp"})
    EXPECT_TRUE(has_picture_extension(name)) << name;
  for (const char* name : {"jpg", "a.txt", "a.jpg.txt", "a.", "", "a.jpegs", "png/readme"})
    EXPECT_FALSE(has_picture_extension(name)) << name;
}

}  // namespace
}  // namespace assay::imaging
