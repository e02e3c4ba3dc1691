#include "assay/imaging/file_structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/files_test.h"
#include "assay/imaging/sample_files_test.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

void expect_same(const Picture& a, const Picture& b) {
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.channels, b.channels);
  EXPECT_EQ(a.bits, b.bits);
  EXPECT_TRUE(a.bytes == b.bytes);
}

TEST(FileStructure, SeesDamageInsideACompressedTiff) {
  testing::internal::CaptureStderr();
  // 1: none, 5: LZW, 8: Deflate, 32773: PackBits.
  for (const int compression : {1, 5, 8, 32773}) {
    const Picture p = sample_picture(120, 90, 3);
    const std::string whole = encoded(".tiff", p, {cv::IMWRITE_TIFF_COMPRESSION, compression});
    expect_same(decode(whole, "x"), p);
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

TEST(FileStructure, RefusesWhatIsNoPictureInOneLine) {
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

TEST(FileStructure, RefusesTheReallyTruncatedJpeg) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  const std::string path = shared_path("data/images/kangaroo/TRUNCATED_00090.jpg");
  const std::string bytes = read_picture_file(path);
  EXPECT_EQ(error_of([&] { decode(bytes, path); }),
            path + ": truncated JPEG file (" + std::to_string(bytes.size()) + " bytes)");
  // Also with an end marker pretended.
  EXPECT_THAT(error_of([&] { decode(bytes + "\xFF\xD9", path); }),
              HasSubstr("its picture data end early"));
}

TEST(FileStructure, NeverTakesATruncatedFileForAWholePicture) {
  for (const Encoding& e : encodings()) {
    const std::string whole = encoded(e.extension, e.picture, e.options);
    const Picture right = decode(whole, e.name);
    int refused = 0, cuts = 0;
    const auto cut_at = [&](std::size_t n) {
      ++cuts;
      try {
        expect_same(decode(whole.substr(0, n), e.name), right);
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

TEST(FileStructure, SeesThatTheMiddleOfAJpegIsMissing) {
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

TEST(FileStructure, IsSilentAboutHarmlessFaults) {
  testing::internal::CaptureStderr();
  const Picture p = sample_picture(16, 16, 3);
  const std::string jpeg = encoded(".jpg", p);
  const std::string extended = jpeg.substr(0, jpeg.size() - 2) + "extra" + "\xFF\xD9";
  expect_same(decode(extended, "x"), decode(jpeg, "x"));
  expect_same(decode(jpeg + "trailing", "x"), decode(jpeg, "x"));
  // A colour profile that libpng warns about.
  const std::string profile = chunk("iCCP", std::string("bad\0\0", 5) + deflated("no profile"));
  EXPECT_EQ(decode(png(1, 1, 8, 0, profile, std::string("\0\x07", 2)), "x").bytes[0], 7);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(FileStructure, RefusesDamage) {
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

TEST(FileStructure, RefusesDecompressionBombsFromTheirHeader) {
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

TEST(FileStructure, SurvivesAnyFlippedByte) {
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

}  // namespace
}  // namespace assay::imaging
