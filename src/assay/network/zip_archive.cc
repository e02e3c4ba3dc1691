#include "assay/network/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "assay/base/error.h"

namespace assay::network {

namespace {

constexpr std::uint64_t kMostInflated = std::uint64_t{1} << 28;  // bytes, of all entries together
constexpr std::uint32_t kLocalHeader = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;

struct Entry {
  std::string name;
  std::uint64_t packed = 0, size = 0, offset = 0;
  std::uint32_t crc = 0;
  std::uint16_t flags = 0, method = 0;
};

class Archive {
 public:
  Archive(const std::string& path, std::string_view bytes) : path_(path), bytes_(bytes) {}

  std::vector<std::string> check() {
    std::vector<std::string> names;
    for (const Entry& entry : entries()) {
      check_content(entry);
      names.push_back(entry.name);
    }
    return names;
  }

 private:
  [[noreturn]] void damaged(const std::string& how) const {
    throw InputError(path_, "is a damaged archive: " + how + " (the file has " +
                                std::to_string(bytes_.size()) + " bytes)");
  }

  // A little-endian number of `width` bytes.
  std::uint64_t number(std::uint64_t at, int width) const {
    if (at > bytes_.size() || bytes_.size() - at < static_cast<std::uint64_t>(width))
      damaged("it ends too early");
    std::uint64_t n = 0;
    for (int i = width; i-- > 0;)
      n = n << 8 | static_cast<unsigned char>(bytes_[at + static_cast<std::uint64_t>(i)]);
    return n;
  }

  // Where the list of entries begins and how many there are.
  std::pair<std::uint64_t, std::uint64_t> directory() const {
    constexpr std::uint64_t kEndSize = 22, kLongestComment = 65535;
    if (bytes_.size() < kEndSize) damaged("it ends too early");
    const std::uint64_t last = bytes_.size() - kEndSize;
    for (std::uint64_t back = 0; back <= std::min(last, kLongestComment); ++back) {
      const std::uint64_t at = last - back;
      if (number(at, 4) != kEnd || number(at + 20, 2) != back) continue;
      const std::uint64_t count = number(at + 10, 2), offset = number(at + 16, 4);
      if (count != 0xffff && offset != 0xffffffff) return {offset, count};
      if (at < 20 || number(at - 20, 4) != kEnd64Locator) return {offset, count};
      const std::uint64_t end64 = number(at - 20 + 8, 8);
      if (number(end64, 4) != kEnd64) damaged("its directory is not where it says");
      return {number(end64 + 48, 8), number(end64 + 32, 8)};
    }
    damaged("it has no directory");
  }

  std::vector<Entry> entries() const {
    auto [at, count] = directory();
    std::vector<Entry> entries;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (number(at, 4) != kEntry) damaged("its directory is broken");
      Entry entry;
      entry.flags = static_cast<std::uint16_t>(number(at + 8, 2));
      entry.method = static_cast<std::uint16_t>(number(at + 10, 2));
      entry.crc = static_cast<std::uint32_t>(number(at + 16, 4));
      entry.packed = number(at + 20, 4);
      entry.size = number(at + 24, 4);
      entry.offset = number(at + 42, 4);
      const std::uint64_t name = number(at + 28, 2), extra = number(at + 30, 2);
      number(at + 46 + name + extra, 0);
      entry.name = bytes_.substr(at + 46, name);
      for (const char c : entry.name)
        if (static_cast<unsigned char>(c) < 0x20) damaged("a name holds control characters");
      read_large(at + 46 + name, extra, entry);
      at += 46 + name + extra + number(at + 32, 2);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  // Sizes beyond 32 bits stand in an extra field.
  void read_large(std::uint64_t at, std::uint64_t length, Entry& entry) const {
    const std::uint64_t end = at + length;
    while (at + 4 <= end) {
      const std::uint64_t id = number(at, 2), size = number(at + 2, 2);
      std::uint64_t field = at + 4;
      if (id == 1)
        for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.offset})
          if (*value == 0xffffffff && field + 8 <= end) {
            *value = number(field, 8);
            field += 8;
          }
      at += 4 + size;
    }
  }

  void check_content(const Entry& entry) {
    const std::string what = "its \"" + entry.name.substr(0, 100) + "\" ";
    if (entry.flags & 1) damaged(what + "is encrypted");
    if (number(entry.offset, 4) != kLocalHeader) damaged(what + "is not where its directory says");
    const std::uint64_t start =
        entry.offset + 30 + number(entry.offset + 26, 2) + number(entry.offset + 28, 2);
    if (start > bytes_.size() || bytes_.size() - start < entry.packed) damaged(what + "is cut off");
    packed_ += entry.packed;
    if (packed_ > bytes_.size()) damaged("its entries overlap");
    const std::string_view packed = bytes_.substr(start, entry.packed);
    std::uint32_t crc = 0;
    if (entry.method == 0) {
      if (entry.packed != entry.size) damaged(what + "has two sizes");
      crc = checksum(packed);
    } else if (entry.method == 8) {
      inflated_ += entry.size;
      if (entry.size > kMostInflated || inflated_ > kMostInflated)
        throw InputError(path_, what + "and others unpack to more than 256 MiB");
      crc = checksum(inflate(packed, entry.size, what));
    } else {
      damaged(what + "is packed by method " + std::to_string(entry.method));
    }
    if (crc != entry.crc) damaged(what + "does not match its checksum");
  }

  static std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  }

  std::string inflate(std::string_view packed, std::uint64_t size, const std::string& what) const {
    std::string out(size + 1, '\0');  // one more, to see that it ends
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw BugError("zlib does not start");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(std::min<std::uint64_t>(packed.size(), kMostInflated));
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = ::inflate(&stream, Z_FINISH);
    const std::uint64_t made = stream.total_out;
    inflateEnd(&stream);
    if (result != Z_STREAM_END || made != size) damaged(what + "does not unpack");
    out.resize(size);
    return out;
  }

  const std::string& path_;
  std::string_view bytes_;
  std::uint64_t packed_ = 0, inflated_ = 0;  // of the entries so far
};

}  // namespace

bool is_zip_archive(std::string_view bytes) { return bytes.substr(0, 4) == "PK\x03\x04"; }

std::vector<std::string> check_zip_archive(const std::string& path, std::string_view bytes) {
  return Archive(path, bytes).check();
}

}  // namespace assay::network
