#include "assay/imaging/tiff_strip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "assay/base/error.h"

namespace assay::imaging {
namespace {

std::uint8_t byte_at(std::string_view s, std::size_t i) { return static_cast<std::uint8_t>(s[i]); }

bool packbits_reaches(std::string_view strip, std::uint64_t wanted) {
  std::uint64_t made = 0;
  for (std::size_t at = 0; made < wanted;) {
    if (at >= strip.size()) return false;
    const int n = static_cast<signed char>(strip[at++]);
    if (n == -128) continue;
    const auto read = static_cast<std::size_t>(n >= 0 ? n + 1 : 1);
    if (strip.size() - at < read) return false;
    at += read;
    made += static_cast<std::uint64_t>(n >= 0 ? n + 1 : 1 - n);
  }
  return true;
}

// Codes of 9 to 12 bits, the highest bit first; how long each code's string is suffices.
bool lzw_reaches(std::string_view strip, std::uint64_t wanted) {
  if (strip.size() > 1 && byte_at(strip, 0) == 0 && (byte_at(strip, 1) & 1) != 0)
    return true;  // the older kind, lowest bit first, is not walked
  enum : int { kClear = 256, kEnd = 257, kFirst = 258, kMost = 4096 };
  std::array<std::uint32_t, kMost> length{};
  std::fill_n(length.begin(), 256, 1);
  std::uint64_t made = 0;
  std::uint32_t bits = 0;
  int available = 0, width = 9, next = kFirst, previous = -1;
  for (std::size_t at = 0; made < wanted;) {
    while (available < width) {
      if (at >= strip.size()) return false;
      bits = bits << 8 | byte_at(strip, at++);
      available += 8;
    }
    const int code = static_cast<int>(bits >> (available - width)) & ((1 << width) - 1);
    available -= width;
    if (code == kEnd) return false;
    if (code == kClear) {
      width = 9;
      next = kFirst;
      previous = -1;
      continue;
    }
    if (code >= next && !(code == next && previous >= 0)) return false;
    if (previous < 0 && code > kClear) return false;
    if (previous >= 0 && next < kMost) {
      length[static_cast<std::size_t>(next++)] = length[static_cast<std::size_t>(previous)] + 1;
      // The width grows one code early, as TIFF has it.
      if (next + 1 >= 1 << width && width < 12) ++width;
    }
    made += length[static_cast<std::size_t>(code)];
    previous = code;
  }
  return true;
}

bool deflate_reaches(std::string_view strip, std::uint64_t wanted) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw BugError("zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::vector<Bytef> scratch(1 << 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(strip.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(strip.size());
  for (std::uint64_t made = 0; made < wanted;) {
    stream.next_out = scratch.data();
    stream.avail_out = static_cast<uInt>(scratch.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    made += scratch.size() - stream.avail_out;
    if (made < wanted && status != Z_OK) return false;
  }
  return true;
}

}  // namespace

bool unpacks_to(std::string_view strip, std::uint64_t compression, std::uint64_t wanted_bytes) {
  switch (compression) {
    case 1:
      return strip.size() >= wanted_bytes;
    case 5:
      return lzw_reaches(strip, wanted_bytes);
    case 8:
    case 32946:
      return deflate_reaches(strip, wanted_bytes);
    case 32773:
      return packbits_reaches(strip, wanted_bytes);
    default:
      return true;
  }
}

}  // namespace assay::imaging
