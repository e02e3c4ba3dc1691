// Zip archives for tests, taken apart and put together with right checksums: what is damaged inside
// an entry then reaches its reader.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/base/error.h"

namespace assay::network {

struct ArchiveEntry {
  std::string name, content;
};

inline std::string little_endian(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes.push_back(i < 8 ? static_cast<char>(value >> (8 * i)) : 0);
  return bytes;
}

// All entries stored.
inline std::string archive_of(const std::vector<ArchiveEntry>& entries) {
  std::string files, directory;
  for (const auto& [name, content] : entries) {
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    const std::string fields = little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 4) +
                               little_endian(crc, 4) + little_endian(content.size(), 4) +
                               little_endian(content.size(), 4) + little_endian(name.size(), 2) +
                               little_endian(0, 2);
    directory += "PK\x01\x02" + little_endian(20, 2) + little_endian(20, 2) + fields +
                 little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) +
                 little_endian(0, 4) + little_endian(files.size(), 4) + name;
    files += "PK\x03\x04" + little_endian(20, 2) + fields + name + content;
  }
  return files + directory + "PK\x05\x06" + little_endian(0, 4) + little_endian(entries.size(), 2) +
         little_endian(entries.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(files.size(), 4) + little_endian(0, 2);
}

// The entries of an archive without comment and without 64-bit sizes.
inline std::vector<ArchiveEntry> entries_of(std::string_view bytes) {
  const auto number = [&](std::size_t at, int width) {
    std::size_t n = 0;
    for (int i = width; i-- > 0;) n = n << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return n;
  };
  std::vector<ArchiveEntry> entries;
  const std::size_t end = bytes.rfind("PK\x05\x06");
  std::size_t at = number(end + 16, 4);
  for (std::size_t left = number(end + 10, 2); left-- > 0;) {
    const std::size_t packed = number(at + 20, 4), size = number(at + 24, 4),
                      name = number(at + 28, 2), local = number(at + 42, 4);
    const std::size_t start = local + 30 + number(local + 26, 2) + number(local + 28, 2);
    std::string content(bytes.substr(start, packed));
    if (number(at + 10, 2) == 8) {
      std::string unpacked(size, '\0');
      z_stream stream{};
      inflateInit2(&stream, -MAX_WBITS);
      stream.next_in = reinterpret_cast<Bytef*>(content.data());
      stream.avail_in = static_cast<uInt>(content.size());
      stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
      stream.avail_out = static_cast<uInt>(size);
      const int result = inflate(&stream, Z_FINISH);
      inflateEnd(&stream);
      if (result != Z_STREAM_END) throw BugError("a test's archive does not unpack");
      content = unpacked;
    }
    entries.push_back({std::string(bytes.substr(at + 46, name)), content});
    at += 46 + name + number(at + 30, 2) + number(at + 32, 2);
  }
  return entries;
}

}  // namespace assay::network
