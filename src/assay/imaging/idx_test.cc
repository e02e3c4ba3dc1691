#include "assay/imaging/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "assay/base/file.h"
#include "assay/imaging/files_test.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

std::string u32(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}
std::string images(std::uint32_t n, std::uint32_t h, std::uint32_t w, const std::string& pixels) {
  return u32(0x803) + u32(n) + u32(h) + u32(w) + pixels;
}
std::string labels(std::uint32_t n, const std::string& values) {
  return u32(0x801) + u32(n) + values;
}

std::string gzipped(const std::string& raw) {
  z_stream s{};
  deflateInit2(&s, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&s, raw.size()), '\0');
  s.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  s.avail_in = static_cast<uInt>(raw.size());
  s.next_out = reinterpret_cast<Bytef*>(out.data());
  s.avail_out = static_cast<uInt>(out.size());
  deflate(&s, Z_FINISH);
  out.resize(out.size() - s.avail_out);
  deflateEnd(&s);
  return out;
}

class Idx : public testing::Test {
 protected:
  std::string file(const std::string& bytes) {
    const std::string path = folder_ / "a-idx3-ubyte";
    write_file(path, bytes);
    return path;
  }
  std::string image_error(const std::string& bytes) {
    return error_of([&] { read_idx_images(file(bytes)); });
  }
  std::string label_error(const std::string& bytes) {
    return error_of([&] { read_idx_labels(file(bytes)); });
  }
  TemporaryFolder folder_;
};

TEST_F(Idx, IsReadPlainAndGzipped) {
  const std::string raw = images(2, 1, 3, "abcdef");
  for (const std::string& bytes :
       {raw, gzipped(raw), gzipped(raw.substr(0, 9)) + gzipped(raw.substr(9))}) {
    const IdxImages got = read_idx_images(file(bytes));
    EXPECT_EQ(got.count, 2);
    EXPECT_EQ(got.height, 1);
    EXPECT_EQ(got.width, 3);
    EXPECT_EQ(got.pixels(1), "def");
  }
  EXPECT_EQ(read_idx_labels(file(gzipped(labels(3, "xyz")))).bytes, "xyz");
}

TEST_F(Idx, ThatIsNoneIsRefused) {
  EXPECT_THAT(image_error("hello, world"), HasSubstr("is no IDX file of pictures"));
  EXPECT_THAT(image_error(labels(1, "x")), HasSubstr("it holds labels"));
  EXPECT_THAT(label_error(images(1, 1, 1, "x")), HasSubstr("it holds pictures"));
  EXPECT_THAT(image_error("ab"), HasSubstr("truncated IDX file"));
  EXPECT_THAT(image_error(""), HasSubstr("truncated IDX file"));
  EXPECT_THAT(image_error(u32(0xD03) + u32(1) + u32(1) + u32(1) + "abcd"), HasSubstr("is no IDX"));
}

TEST_F(Idx, OfAnotherLengthThanItSaysIsRefused) {
  EXPECT_THAT(image_error(images(2, 1, 3, "abcde")), HasSubstr("truncated"));
  EXPECT_THAT(image_error(images(2, 1, 3, "abcdefg")), HasSubstr("1 bytes too many"));
  EXPECT_THAT(image_error(images(0, 1, 3, "")), HasSubstr("holds no picture"));
  EXPECT_THAT(label_error(labels(4, "xyz")), HasSubstr("truncated"));
  // Sizes whose product overflows 64 bits or any memory.
  EXPECT_THAT(image_error(images(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, "x")), HasSubstr("damaged"));
  EXPECT_THAT(image_error(images(0xFFFFFFFF, 28, 28, "x")), HasSubstr("damaged"));
  const std::string packed = gzipped(images(2, 1, 3, "abcdef"));
  for (std::size_t n = 2; n < packed.size(); ++n)
    EXPECT_NE(image_error(packed.substr(0, n)), "") << n;
  std::string flipped = packed;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // the CRC
  EXPECT_THAT(image_error(flipped), HasSubstr("damaged gzip"));
}

TEST(IdxStem, IsTheNameWithoutItsTails) {
  EXPECT_EQ(idx_stem("/x/t10k-images-idx3-ubyte.gz"), "t10k-images");
  EXPECT_EQ(idx_stem("t10k-images.idx3-ubyte"), "t10k-images");
  EXPECT_EQ(idx_stem("a/b.gz"), "b");
}

}  // namespace
}  // namespace assay::imaging
