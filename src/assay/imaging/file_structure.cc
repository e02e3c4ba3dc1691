#include "assay/imaging/file_structure.h"

#include <array>
#include <cstdint>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"
#include "assay/imaging/byte_reader.h"
#include "assay/imaging/decode.h"

namespace assay::imaging {
namespace {

// A pixel while it is decoded: three samples of 16 bits here and in the decoder, and the first try
// in 8 bits.
constexpr std::uint64_t kDecodingBytes = 15;

using std::string_view_literals::operator""sv;

bool starts_with_at(std::string_view bytes, std::size_t at, std::string_view start) {
  return bytes.size() >= at && bytes.substr(at).starts_with(start);
}

// Do the run lengths of a BMP end with its last row or with the mark for the end?
bool run_lengths_complete(std::string_view data, int bits, int height) {
  std::size_t at = 0;
  for (int y = 0; y < height;) {
    if (at + 2 > data.size()) return false;
    const auto count = static_cast<unsigned char>(data[at]);
    const auto code = static_cast<unsigned char>(data[at + 1]);
    at += 2;
    if (count > 0) continue;
    if (code == 0) {
      ++y;
    } else if (code == 1) {
      return true;  // end of bitmap; what was skipped is background
    } else if (code == 2) {
      if (at + 2 > data.size()) return false;
      y += static_cast<unsigned char>(data[at + 1]);
      at += 2;
    } else {
      std::size_t n = bits == 8 ? code : (code + 1u) / 2;
      n += n % 2;
      if (at + n > data.size()) return false;
      at += n;
    }
  }
  return true;
}

}  // namespace

Format format_of(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return Format::kJpeg;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return Format::kPng;
  if (bytes.starts_with("RIFF"sv) && starts_with_at(bytes, 8, "WEBP")) return Format::kWebp;
  if (bytes.starts_with("II\x2A\0"sv) || bytes.starts_with("MM\0\x2A"sv) ||
      bytes.starts_with("II\x2B\0"sv) || bytes.starts_with("MM\0\x2B"sv))
    return Format::kTiff;
  if (bytes.starts_with("BM"sv)) return Format::kBmp;
  return Format::kUnknown;
}

FileStructure inspect(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) throw InputError(name, "is an empty file");
  switch (format_of(bytes)) {
    case Format::kJpeg:
      return inspect_jpeg(bytes, name);
    case Format::kPng:
      return inspect_png(bytes, name);
    case Format::kBmp:
      return inspect_bmp(bytes, name);
    case Format::kTiff:
      return inspect_tiff(bytes, name);
    case Format::kWebp:
      return inspect_webp(bytes, name);
    case Format::kUnknown:
      break;
  }
  throw InputError(name, "is not a JPEG, PNG, BMP, TIFF or WebP picture");
}

void check_extent(std::uint64_t height, std::uint64_t width, const std::string& name) {
  if (height == 0 || width == 0) throw InputError(name, "is a picture without pixels");
  constexpr std::uint64_t kLongestSide = 1 << 20;  // the decoder's own limit
  if (height > kLongestSide || width > kLongestSide ||
      height * width > static_cast<std::uint64_t>(kMostPixels))
    throw InputError(name, "claims " + std::to_string(width) + "x" + std::to_string(height) +
                               " pixels; at most 2^28 are read, and 2^20 a side");
  const std::uint64_t bytes = height * width * kDecodingBytes;
  if (bytes > memory_budget())
    throw InputError(name, "has " + std::to_string(width) + "x" + std::to_string(height) +
                               " pixels, whose decoding takes up to " + std::to_string(bytes) +
                               " bytes; --max-memory allows " + std::to_string(memory_budget()));
}

FileStructure inspect_bmp(std::string_view bytes, const std::string& name) {
  const ByteReader in(bytes, ByteOrder::kLittle, "BMP", name);
  const std::uint32_t pixels_at = in.u32(10), header = in.u32(14);
  std::int64_t width = 0, height = 0;
  int bits = 0;
  std::uint32_t compression = 0;
  if (header == 12) {  // OS/2
    width = in.u16(18);
    height = in.u16(20);
    bits = in.u16(24);
  } else if (header >= 40 && header <= 1024) {
    width = static_cast<std::int32_t>(in.u32(18));
    height = static_cast<std::int32_t>(in.u32(22));
    bits = in.u16(28);
    compression = in.u32(30);
  } else {
    in.unsupported("a BMP header of " + std::to_string(header) + " bytes");
  }
  if (width <= 0) in.damaged("width " + std::to_string(width));
  const auto rows =
      static_cast<std::uint64_t>(height < 0 ? -height : height);  // negative: top down
  const auto columns = static_cast<std::uint64_t>(width);
  check_extent(rows, columns, name);
  enum : std::uint32_t { kRaw = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3 };
  const bool raw = compression == kRaw &&
                   (bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32);
  const bool masked = compression == kBitFields && (bits == 16 || bits == 32);
  const bool packed = (compression == kRle8 && bits == 8) || (compression == kRle4 && bits == 4);
  if (!raw && !masked && !packed)
    in.unsupported("a BMP of " + std::to_string(bits) + " bits with compression " +
                   std::to_string(compression));
  if (masked && bits == 32 &&
      (in.u32(54) != 0xFF0000 || in.u32(58) != 0xFF00 || in.u32(62) != 0xFF))
    in.unsupported("a BMP with other masks than 8 bits each of blue, green and red");
  if (pixels_at < 14 + header) in.damaged("the pixels begin inside the header");
  if (bits <= 8) {
    const std::uint64_t used = header == 12 ? 0 : in.u32(46);
    if (used > 256) in.damaged("a palette of " + std::to_string(used) + " colours");
    in.bytes(14 + header, (used == 0 ? std::uint64_t{1} << bits : used) * (header == 12 ? 3 : 4));
  }
  if (packed) {
    const std::string_view data =
        in.bytes(pixels_at, bytes.size() - std::min<std::uint64_t>(pixels_at, bytes.size()));
    if (!run_lengths_complete(data, bits, static_cast<int>(rows))) in.truncated();
  } else {
    const std::uint64_t stride = (columns * static_cast<std::uint64_t>(bits) + 31) / 32 * 4;
    in.bytes(pixels_at, stride * rows);
  }
  FileStructure s;
  s.height = static_cast<int>(rows);
  s.width = static_cast<int>(width);
  return s;
}

FileStructure inspect_webp(std::string_view bytes, const std::string& name) {
  const ByteReader in(bytes, ByteOrder::kLittle, "WebP", name);
  // Of what follows the RIFF chunk nothing is read.
  const std::uint64_t end = std::uint64_t{8} + in.u32(4);
  if (end > bytes.size()) in.truncated();
  constexpr std::uint64_t kMostWebp = std::uint64_t{64} << 20;  // the decoder's own limit
  if (bytes.size() > kMostWebp) in.unsupported("a WebP file of more than 64 MiB");
  FileStructure s;
  bool pixels = false;
  for (std::uint64_t at = 12; at + 8 <= end;) {
    const std::string_view type = in.bytes(at, 4);
    const std::uint64_t size = in.u32(at + 4), data = at + 8;
    if (data + size > end) in.truncated();
    if (type == "VP8X") {
      if (in.u8(data) & 2) in.unsupported("an animated WebP");
    } else if (type == "VP8 ") {
      if (size < 10 || in.bytes(data + 3, 3) != "\x9D\x01\x2A"sv) in.damaged("no key frame");
      const std::uint32_t first_partition =
          (in.u8(data) | in.u8(data + 1) << 8 | in.u8(data + 2) << 16) >> 5;
      if (10 + std::uint64_t{first_partition} > size) in.truncated();
      s.width = in.u16(data + 6) & 0x3FFF;
      s.height = in.u16(data + 8) & 0x3FFF;
      pixels = true;
    } else if (type == "VP8L") {
      if (size < 5 || in.u8(data) != 0x2F) in.damaged("no lossless header");
      const std::uint32_t packed = in.u32(data + 1);
      s.width = static_cast<int>(packed & 0x3FFF) + 1;
      s.height = static_cast<int>(packed >> 14 & 0x3FFF) + 1;
      pixels = true;
    } else if (type == "EXIF") {
      s.orientation = exif_orientation(in.bytes(data, size));
    }
    at = data + size + size % 2;
  }
  if (!pixels) in.damaged("no picture in it");
  check_extent(static_cast<std::uint64_t>(s.height), static_cast<std::uint64_t>(s.width), name);
  return s;
}

}  // namespace assay::imaging
