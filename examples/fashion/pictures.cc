#include "pictures.h"

#include <zlib.h>

#include <array>
#include <memory>

#include "assay/base/error.h"
#include "network.h"

namespace fashion {

namespace {

// The body of a gzipped IDX file of bytes: the magic 0, 0, 8, dimensions; big-endian sizes; the
// bytes.
std::vector<std::uint8_t> read_idx(const std::string& file,
                                   const std::vector<std::uint32_t>& item) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> in(gzopen(file.c_str(), "rb"), gzclose);
  if (!in) throw assay::InputError(file, "no such file (Debian's package dataset-fashion-mnist)");
  const auto read = [&](void* to, std::size_t n) {
    if (gzread(in.get(), to, static_cast<unsigned>(n)) != static_cast<int>(n))
      throw assay::InputError(file, "is truncated or damaged");
  };
  const auto word = [&] {
    std::array<std::uint8_t, 4> b{};
    read(b.data(), b.size());
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  };
  if (word() != 0x800 + 1 + item.size()) throw assay::InputError(file, "is no such IDX file");
  const std::uint32_t count = word();
  if (count == 0 || count > 100'000) throw assay::InputError(file, "has an unlikely count");
  std::size_t bytes = count;
  for (const std::uint32_t size : item) {
    if (word() != size) throw assay::InputError(file, "has items of another size than 28×28");
    bytes *= size;
  }
  std::vector<std::uint8_t> body(bytes);
  read(body.data(), body.size());
  return body;
}

}  // namespace

LabelledPictures read_pictures(const std::string& folder, const std::string& which) {
  LabelledPictures set;
  const std::string stem = folder + "/" + which;
  set.pixels = read_idx(stem + "-images-idx3-ubyte.gz", {kSide, kSide});
  set.labels = read_idx(stem + "-labels-idx1-ubyte.gz", {});
  if (set.pixels.size() != set.labels.size() * kSide * kSide)
    throw assay::InputError(stem, "has another number of labels than of pictures");
  for (const auto label : set.labels)
    if (label >= kClasses) throw assay::InputError(stem, "has a label above 9");
  return set;
}

}  // namespace fashion
