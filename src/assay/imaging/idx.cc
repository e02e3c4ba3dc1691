#include "assay/imaging/idx.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <new>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/imaging/byte_reader.h"
#include "assay/imaging/decode.h"

namespace assay::imaging {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

// Unpacks gzip; members may follow each other. Stops beyond kMostBytes: a few packed bytes can
// stand for very many.
std::string gunzip(std::string_view packed, const std::string& name) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw BugError("zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string out;
  std::size_t used = 0;
  bool finished = false;
  while (!finished) {
    constexpr std::size_t kStep = 1 << 20;
    const std::size_t given = std::min(packed.size() - used, kStep);
    const std::size_t before = out.size();
    if (before > kMostBytes) throw InputError(name, "unpacks to more than 4 GiB");
    out.resize(before + kStep);
    stream.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + used));  // zlib only reads it
    stream.avail_in = static_cast<uInt>(given);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kStep);
    const int status = inflate(&stream, Z_NO_FLUSH);
    used += given - stream.avail_in;
    out.resize(out.size() - stream.avail_out);
    if (status == Z_STREAM_END) {
      finished = !packed.substr(used).starts_with("\x1F\x8B");
      if (!finished) inflateReset(&stream);
    } else if (status == Z_BUF_ERROR && used == packed.size()) {
      throw InputError(name, "truncated gzip file (" + std::to_string(packed.size()) + " bytes)");
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw InputError(name, "damaged gzip file");
    }
  }
  out.shrink_to_fit();
  return out;
}

std::string read_unpacked(const std::string& path) {
  std::string bytes = read_file(path, kMostBytes);
  try {
    if (bytes.starts_with("\x1F\x8B")) return gunzip(bytes, path);
  } catch (const std::bad_alloc&) {
    throw InputError(path, "unpacks to more than this machine's memory");
  }
  return bytes;
}

// Checks the magic number: two zero bytes, the type (8: unsigned bytes), the number of dimensions.
ByteReader checked_header(std::string_view bytes, unsigned dimensions, const std::string& path) {
  const ByteReader in(bytes, ByteOrder::kBig, "IDX", path);
  const std::uint32_t magic = in.u32(0), wanted = 0x800 + dimensions;
  if (magic == wanted) return in;
  const char* kind = dimensions == 3 ? "pictures" : "labels";
  std::string got =
      " (its first bytes say " + std::to_string(magic) + ", wanted " + std::to_string(wanted) + ")";
  if (magic == 0x801) got = "; it holds labels";
  if (magic == 0x803) got = "; it holds pictures";
  throw InputError(path, std::string("is no IDX file of ") + kind + got);
}

void check_size(const ByteReader& in, std::uint64_t wanted, const std::string& path) {
  if (in.size() < wanted) in.truncated();
  if (in.size() > wanted)
    throw InputError(path,
                     "damaged IDX file: " + std::to_string(in.size() - wanted) + " bytes too many");
}

}  // namespace

IdxImages read_idx_images(const std::string& path) {
  IdxImages images;
  images.bytes = read_unpacked(path);
  const ByteReader in = checked_header(images.bytes, 3, path);
  const std::uint64_t count = in.u32(4), height = in.u32(8), width = in.u32(12);
  if (count == 0 || height == 0 || width == 0) throw InputError(path, "holds no picture");
  if (height > (1u << 20) || width > (1u << 20) ||
      height * width > static_cast<std::uint64_t>(kMostPixels) ||
      count * height * width > kMostBytes)
    throw InputError(path, "damaged IDX file: " + std::to_string(count) + " pictures of " +
                               std::to_string(width) + "x" + std::to_string(height));
  check_size(in, IdxImages::kHeader + count * height * width, path);
  images.count = static_cast<std::int64_t>(count);
  images.height = static_cast<int>(height);
  images.width = static_cast<int>(width);
  return images;
}

IdxLabels read_idx_labels(const std::string& path) {
  IdxLabels labels;
  labels.bytes = read_unpacked(path);
  const ByteReader in = checked_header(labels.bytes, 1, path);
  constexpr std::size_t kHeader = 8;
  check_size(in, kHeader + std::uint64_t{in.u32(4)}, path);
  labels.bytes.erase(0, kHeader);
  return labels;
}

std::string idx_stem(const std::string& path) {
  std::string stem = path.substr(path.rfind('/') + 1);
  if (stem.ends_with(".gz")) stem.resize(stem.size() - 3);
  for (const std::string_view tail : {"-idx3-ubyte", ".idx3-ubyte", ".idx"})
    if (stem.ends_with(tail)) stem.resize(stem.size() - tail.size());
  return stem;
}

}  // namespace assay::imaging
