// Pictures and manifests made to hurt: each is refused in one line or read rightly; none crashes,
// hangs or takes more memory than it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "assay/base/damage_test.h"
#include "assay/base/file.h"
#include "assay/base/memory_budget.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/file_structure.h"
#include "assay/imaging/sample_files_test.h"

namespace assay::imaging {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(std::string_view bytes) {
  std::string refusal = error_of([&] { decode(bytes, "picture"); });
  EXPECT_EQ(refusal.find('\n'), std::string::npos) << refusal;
  return refusal;
}

TEST(HostilePictures, WhateverIsCutOffOrFlippedDoesNoWorseThanARefusal) {
  for (const Encoding& e : encodings()) {
    SCOPED_TRACE(e.name);
    const std::string bytes =
        encoded(e.extension, sample_picture(17, 23, e.picture.channels, e.picture.bits), e.options);
    ASSERT_EQ(refusal_of(bytes), "");
    for (const std::string& part : truncations(bytes)) EXPECT_NE(refusal_of(part), "");
    for (int i = 0; i < flip_count(); ++i)
      refusal_of(flipped(bytes, static_cast<std::uint64_t>(i)));
  }
}

std::string patched(std::string bytes, std::size_t at, const std::string& with) {
  return bytes.replace(at, with.size(), with);
}

TEST(HostilePictures, SizesBeyondAnyPictureAreRefusedFromTheHeader) {
  const Picture small = sample_picture(8, 8, 3);
  const std::string jpeg = encoded(".jpg", small), bmp = encoded(".bmp", small),
                    webp = encoded(".webp", small, {cv::IMWRITE_WEBP_QUALITY, 101});
  const std::size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (const std::uint32_t side : {0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU, 1U << 20, 1U << 15}) {
    EXPECT_NE(refusal_of(png(side, side, 8, 2, "", std::string(100, '\0'))), "") << side;
    EXPECT_NE(refusal_of(png(side, 1, 16, 6, "", std::string(100, '\0'))), "") << side;
    std::string little = big_endian(side);
    std::reverse(little.begin(), little.end());
    EXPECT_NE(refusal_of(patched(patched(bmp, 18, little), 22, little)), "") << side;
    EXPECT_NE(refusal_of(tiff(static_cast<int>(side & 0xFFFF), static_cast<int>(side & 0xFFFF),
                              std::string(100, 'x'), {{258, 3, 1, 8}, {262, 3, 1, 1}})),
              "")
        << side;
  }
  EXPECT_NE(refusal_of(patched(jpeg, frame + 5, "\xFF\xFF\xFF\xFF")), "");
  EXPECT_NE(refusal_of(patched(webp, 21, "\xFF\xFF\xFF\x0F")), "");
}

// The decoder's own limit of a million a side lies below ours: what it refuses is no black picture.
TEST(HostilePictures, WhatTheDecoderRefusesIsRefused) {
  for (const int width : {1'000'001, 1 << 20})
    EXPECT_NE(refusal_of(png(width, 1, 8, 0, "", std::string(width + 1, '\x7F'))), "") << width;
  EXPECT_EQ(refusal_of(png(1'000'000, 1, 8, 0, "", std::string(1'000'001, '\0'))), "");
}

// The decoder takes memory for as many rows as a strip says it has, the picture's or not.
TEST(HostilePictures, TiffStripsTallerThanThePictureAreCutForTheDecoder) {
  const std::vector<TiffEntry> plain = {{258, 3, 1, 8}, {262, 3, 1, 1}};
  for (const int rows : {4, 0xFFFF, 1 << 20, -1}) {
    std::vector<TiffEntry> tall = plain;
    tall.push_back({278, 4, 1, rows});
    const std::string file = tiff(1000, 3, std::string(3000, 'g'), tall);
    EXPECT_EQ(refusal_of(file), "") << rows;
    EXPECT_EQ(inspect(file, "picture").substitute, tiff(1000, 3, std::string(3000, 'g'),
                                                        [&] {
                                                          std::vector<TiffEntry> fitting = plain;
                                                          fitting.push_back({278, 4, 1, 3});
                                                          return fitting;
                                                        }()))
        << rows;
  }
}

TEST(HostilePictures, TiffTilesBeyondTheBudgetAreRefused) {
  const std::vector<TiffEntry> tiled = {{258, 3, 1, 8},      {262, 3, 1, 1}, {322, 3, 1, 0x2000},
                                        {323, 3, 1, 0x2000}, {324, 4, 1, 8}, {325, 4, 1, 64}};
  const std::uint64_t before = memory_budget();
  set_memory_budget(64 << 20);
  EXPECT_THAT(refusal_of(tiff(8, 8, std::string(64, 'g'), tiled)), HasSubstr("--max-memory"));
  set_memory_budget(before);
}

// 2^28 pixels of nothing in a few hundred kilobytes.
TEST(HostilePictures, DecompressionBombsAreRefusedByTheBudget) {
  const std::uint64_t before = memory_budget();
  set_memory_budget(64 << 20);
  const std::string bomb = png(16384, 16384, 1, 0, "", std::string(16384 * (16384 / 8 + 1), '\0'));
  EXPECT_LT(bomb.size(), 1U << 20);
  const std::string refusal = refusal_of(bomb);
  EXPECT_THAT(refusal, HasSubstr("16384x16384"));
  EXPECT_THAT(refusal, HasSubstr(std::to_string(64 << 20)));
  EXPECT_EQ(refusal_of(encoded(".png", sample_picture(500, 500, 3))), "");
  set_memory_budget(before);
}

TEST(HostilePictures, MoreDataThanTheHeaderSaysChangesNothing) {
  // A small PNG whose data unpack to a gigabyte.
  const std::string row(1 + 4 * 3, '\0');
  std::string rows;
  for (int i = 0; i < 4; ++i) rows += row;
  const std::string bomb = png(4, 4, 8, 2, "", rows + std::string(std::size_t{1} << 28, '\0'));
  EXPECT_LT(bomb.size(), 1U << 20);
  refusal_of(bomb);
  // Text chunks that unpack to as much.
  const std::string text = "k" + std::string(2, '\0') + deflated(std::string(1 << 28, 'a'));
  EXPECT_EQ(refusal_of(png(4, 4, 8, 2, chunk("zTXt", text), rows)), "");
}

TEST(HostilePictures, TiffDirectoriesThatLeadAnywhereAreRefused) {
  const std::string pixels(64, 'p');
  const std::vector<TiffEntry> plain = {{258, 3, 1, 8}, {262, 3, 1, 1}};
  ASSERT_EQ(refusal_of(tiff(8, 8, pixels, plain)), "");
  for (const int value : {-1, 0x7FFFFFFF, 1 << 30, 7}) {
    std::vector<TiffEntry> many = plain;
    many.push_back({258, 3, value, value});
    refusal_of(tiff(8, 8, pixels, many));
    many.back() = {320, 3, value, value};
    refusal_of(tiff(8, 8, pixels, many));
    many.back() = {322, 4, 1, value};  // tiles
    refusal_of(tiff(8, 8, pixels, many));
    const std::string file = tiff(8, 8, pixels, plain);
    std::string little = big_endian(static_cast<std::uint32_t>(value));
    std::reverse(little.begin(), little.end());
    EXPECT_NE(refusal_of(patched(file, 4, little)), "") << value;  // where the directory lies
  }
  const std::string file = tiff(8, 8, pixels, plain);
  const std::string itself = file.substr(4, 4);
  EXPECT_EQ(refusal_of(patched(file, file.size() - 4, itself)),
            "");  // a next page that is this one
}

// -- manifests

class HostileManifest : public ::testing::Test {
 protected:
  std::string refusal_of_manifest(const std::string& text) {
    const std::string path = folder_ / "manifest.csv";
    write_file(path, text);
    std::string refusal = error_of([&] {
      DataSource source;
      source.manifest = path;
      DataSet::open(source, {2, {"cat", "dog"}});
    });
    EXPECT_EQ(refusal.find('\n'), std::string::npos) << refusal;
    return refusal;
  }
  TemporaryFolder folder_;
};

TEST_F(HostileManifest, RowsOfAMillionColumnsEnd) {
  write_file(folder_ / "a.png", "x");
  std::string header = "path,label", row = "a.png,cat";
  for (int i = 0; i < 1'000'000; ++i) {
    header += ",g" + std::to_string(i);
    row += ",";
  }
  EXPECT_EQ(refusal_of_manifest(header + "\n" + row + "\n"), "");
  EXPECT_THAT(refusal_of_manifest(header + ",g7\n"), HasSubstr("\"g7\""));
  EXPECT_THAT(refusal_of_manifest("path,label\n" + row + "\n"), HasSubstr("fields"));
  EXPECT_THAT(refusal_of_manifest(header.substr(5)), HasSubstr("no column \"path\""));
}

TEST_F(HostileManifest, ZeroBytesPipesAndDevicesAreRefused) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const std::string zero(1, '\0');
  for (const std::string& text :
       {"path,label\na" + zero + ".png,cat\n", "path,label\n\"a" + zero + ".png\",cat\n",
        std::string("path,label\n\"never closed"), std::string("path,label\n,cat\n"),
        "pa" + zero + "th,label\n", std::string(1000, '\0'), std::string("path,path\n"),
        "path,label\n" + std::string(1'000'000, 'a') + ",cat\n"})
    EXPECT_NE(refusal_of_manifest(text), "");
  // Whether a pipe can be read turns out when it is: at once, without waiting for a writer.
  if (refusal_of_manifest("path,label\npipe,cat\n").empty()) {
    EXPECT_NE(error_of([&] { read_picture_file(folder_ / "pipe"); }), "");
  }
  EXPECT_NE(error_of([&] { read_picture_file("/dev/zero"); }), "");
}

TEST_F(HostileManifest, DamagedOnesDoNoWorseThanARefusal) {
  write_file(folder_ / "a.png", "x");
  const std::string text = "path,label,mask,line\r\n\"a.png\",cat,a.png,\"1,\"\"2\"\r\n";
  ASSERT_EQ(refusal_of_manifest(text), "");
  for (const std::string& part : truncations(text)) refusal_of_manifest(part);
  for (int i = 0; i < flip_count(); ++i)
    refusal_of_manifest(flipped(text, static_cast<std::uint64_t>(i)));
}

}  // namespace
}  // namespace assay::imaging
