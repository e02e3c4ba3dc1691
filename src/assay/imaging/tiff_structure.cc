#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "assay/imaging/byte_reader.h"
#include "assay/imaging/file_structure.h"
#include "assay/imaging/tiff_strip.h"

namespace assay::imaging {
namespace {

using std::string_view_literals::operator""sv;

enum Tag : std::uint16_t {
  kWidth = 256,
  kHeight = 257,
  kBitsPerSample = 258,
  kCompression = 259,
  kPhotometric = 262,
  kStripOffsets = 273,
  kOrientation = 274,
  kSamplesPerPixel = 277,
  kRowsPerStrip = 278,
  kStripByteCounts = 279,
  kPlanarConfiguration = 284,
  kTileWidth = 322,
  kTileHeight = 323,
  kTileOffsets = 324,
  kTileByteCounts = 325,
  kExtraSamples = 338,
  kSampleFormat = 339,
};

// The first directory of a TIFF file or an EXIF block: unsigned whole numbers by tag.
class Directory {
 public:
  explicit Directory(const ByteReader& in) : in_(in), big_(in.u16(2) == 43) {
    if (big_ && in.u16(4) != 8) in.damaged("offset size");
    const std::uint64_t at = big_ ? in.u64(8) : in.u32(4);
    entries_ = big_ ? in.u64(at) : in.u16(at);
    first_ = at + (big_ ? 8 : 2);
    if (entries_ > in.size() / entry_bytes()) in.truncated();
    in.bytes(first_, entries_ * entry_bytes());
  }

  // Where the values of `tag` lie, and how many of which size.
  struct Field {
    std::uint64_t at = 0, count = 0;
    int item_bytes = 0;
  };
  std::optional<Field> field(Tag tag) const {
    for (std::uint64_t i = 0; i < entries_; ++i) {
      const std::uint64_t at = first_ + i * entry_bytes();
      if (in_.u16(at) != tag) continue;
      const int type = in_.u16(at + 2);
      Field f;
      f.item_bytes = type == 1 ? 1 : type == 3 ? 2 : type == 4 ? 4 : type == 16 ? 8 : 0;
      if (f.item_bytes == 0) return std::nullopt;
      f.count = big_ ? in_.u64(at + 4) : in_.u32(at + 4);
      f.at = at + (big_ ? 12 : 8);
      if (f.count > in_.size()) in_.truncated();
      if (f.count * static_cast<std::uint64_t>(f.item_bytes) > (big_ ? 8u : 4u))
        f.at = big_ ? in_.u64(f.at) : in_.u32(f.at);
      in_.bytes(f.at, f.count * static_cast<std::uint64_t>(f.item_bytes));
      return f;
    }
    return std::nullopt;
  }
  std::uint64_t item(const Field& f, std::uint64_t i) const {
    const std::uint64_t at = f.at + i * static_cast<std::uint64_t>(f.item_bytes);
    switch (f.item_bytes) {
      case 1:
        return in_.u8(at);
      case 2:
        return in_.u16(at);
      case 4:
        return in_.u32(at);
      default:
        return in_.u64(at);
    }
  }
  std::uint64_t number(Tag tag, std::uint64_t otherwise) const {
    const auto f = field(tag);
    return f && f->count > 0 ? item(*f, 0) : otherwise;
  }
  // All values are `wanted` (or the field is absent).
  bool all(Tag tag, std::uint64_t wanted) const {
    const auto f = field(tag);
    for (std::uint64_t i = 0; f && i < f->count; ++i)
      if (item(*f, i) != wanted) return false;
    return true;
  }

 private:
  std::uint64_t entry_bytes() const { return big_ ? 20 : 12; }

  const ByteReader& in_;
  bool big_;
  std::uint64_t first_ = 0, entries_ = 0;
};

ByteOrder order_of(std::string_view bytes) {
  return bytes.starts_with("MM"sv) ? ByteOrder::kBig : ByteOrder::kLittle;
}

struct Kind {
  std::uint64_t bits, samples, photometric, planar;
};

// What the decoder reads rightly. Everything else would come out scaled, inverted or in the wrong
// order.
bool is_supported(const Kind& k) {
  enum : std::uint64_t { kWhiteIsZero, kBlackIsZero, kRgb, kPalette, kCmyk = 5, kYcbcr = 6 };
  const bool gray = k.photometric == kWhiteIsZero || k.photometric == kBlackIsZero;
  switch (k.bits) {
    case 1:
      return gray && k.samples == 1;
    case 4:
      return k.photometric == kPalette && k.samples == 1;
    case 8:
      return (gray && k.samples <= 2) || (k.photometric == kPalette && k.samples == 1) ||
             (k.photometric == kRgb && (k.samples == 3 || k.samples == 4)) ||
             (k.photometric == kYcbcr && k.samples == 3) ||
             (k.photometric == kCmyk && k.samples == 4);
    case 16:
      return ((k.photometric == kBlackIsZero && k.samples == 1) ||
              (k.photometric == kRgb && (k.samples == 3 || k.samples == 4))) &&
             (k.planar == 1 || k.samples == 1);
    default:
      return false;
  }
}

// Every strip or tile of the page lies within the file and, where it is not compressed, is as long
// as it must be.
void check_pieces(const Directory& directory, const ByteReader& in, const Kind& kind,
                  std::uint64_t height, std::uint64_t width) {
  const bool tiled = directory.field(kTileOffsets).has_value();
  const auto offsets = directory.field(tiled ? kTileOffsets : kStripOffsets);
  const auto counts = directory.field(tiled ? kTileByteCounts : kStripByteCounts);
  if (!offsets || !counts) in.damaged("it does not say where its pixels are");
  const std::uint64_t piece_height =
      tiled ? directory.number(kTileHeight, 0)
            : std::min(directory.number(kRowsPerStrip, height), height);
  const std::uint64_t piece_width = tiled ? directory.number(kTileWidth, 0) : width;
  constexpr std::uint64_t kLongestSide = 1 << 20;
  if (piece_height == 0 || piece_width == 0 || piece_height > kLongestSide ||
      piece_width > kLongestSide)
    in.damaged("the size of its tiles");
  check_extent(piece_height, piece_width, in.name());
  const std::uint64_t planes = kind.planar == 2 ? kind.samples : 1;
  const std::uint64_t pieces = (height + piece_height - 1) / piece_height *
                               ((width + piece_width - 1) / piece_width) * planes;
  if (offsets->count < pieces || counts->count < pieces) in.damaged("strips are missing");
  const std::uint64_t compression = directory.number(kCompression, 1);
  const std::uint64_t row_bytes = (piece_width * kind.bits * (kind.samples / planes) + 7) / 8;
  constexpr std::uint64_t kMostPieceBytes = std::uint64_t{1} << 30;  // the decoder's own limit
  if (piece_height * row_bytes > kMostPieceBytes) in.damaged("the size of its tiles");
  const bool subsampled = kind.photometric == 6;  // fewer bytes than its samples
  for (std::uint64_t i = 0; i < pieces; ++i) {
    const std::string_view piece =
        in.bytes(directory.item(*offsets, i), directory.item(*counts, i));
    const std::uint64_t above = i % (pieces / planes) * piece_height;  // rows; for strips
    const std::uint64_t rows = tiled ? piece_height : std::min(piece_height, height - above);
    if (piece.empty()) in.truncated();
    if (!subsampled && !unpacks_to(piece, compression, rows * row_bytes))
      in.damaged("the pixels of a strip end early");
  }
}

// Writes `value` over the first item of a field.
void overwrite(std::string& file, const Directory::Field& f, std::uint64_t value, ByteOrder order) {
  const auto n = static_cast<std::uint64_t>(f.item_bytes);
  for (std::uint64_t i = 0; i < n; ++i)
    file[f.at + (order == ByteOrder::kBig ? n - 1 - i : i)] = static_cast<char>(value >> (8 * i));
}

}  // namespace

int exif_orientation(std::string_view exif) {
  if (exif.starts_with("Exif\0\0"sv)) exif.remove_prefix(6);
  if (!exif.starts_with("II"sv) && !exif.starts_with("MM"sv)) return 1;
  try {
    const std::string nameless;
    const ByteReader in(exif, order_of(exif), "EXIF", nameless);
    const std::uint64_t tag = Directory(in).number(kOrientation, 1);
    return tag >= 1 && tag <= 8 ? static_cast<int>(tag) : 1;
  } catch (const InputError&) {
    return 1;
  }
}

FileStructure inspect_tiff(std::string_view bytes, const std::string& name) {
  const ByteOrder order = order_of(bytes);
  const ByteReader in(bytes, order, "TIFF", name);
  const Directory directory(in);
  const std::uint64_t width = directory.number(kWidth, 0), height = directory.number(kHeight, 0);
  check_extent(height, width, name);
  const Kind kind{directory.number(kBitsPerSample, 1), directory.number(kSamplesPerPixel, 1),
                  directory.number(kPhotometric, 99), directory.number(kPlanarConfiguration, 1)};
  if (!directory.all(kBitsPerSample, kind.bits) || !directory.all(kSampleFormat, 1) ||
      !is_supported(kind))
    in.unsupported("a TIFF of " + std::to_string(kind.samples) + " samples of " +
                   std::to_string(kind.bits) + " bits, sample format " +
                   std::to_string(directory.number(kSampleFormat, 1)) + ", photometric " +
                   std::to_string(kind.photometric) + ", planar configuration " +
                   std::to_string(kind.planar));
  check_pieces(directory, in, kind, height, width);

  FileStructure s;
  s.height = static_cast<int>(height);
  s.width = static_cast<int>(width);
  const auto substitute = [&](Tag tag, std::uint64_t value) {
    if (s.substitute.empty()) s.substitute = bytes;
    overwrite(s.substitute, *directory.field(tag), value, order);
  };
  const std::uint64_t orientation = directory.number(kOrientation, 1);
  if (orientation >= 2 && orientation <= 8) {
    // The decoder would obey it in any case.
    s.orientation = static_cast<int>(orientation);
    substitute(kOrientation, 1);
  }
  if (kind.bits == 8 && directory.number(kExtraSamples, 0) == 2) {
    // Unassociated alpha: the decoder would blend with black. Called associated (1), it is left
    // alone.
    substitute(kExtraSamples, 1);
  }
  if (!directory.field(kTileOffsets) && directory.number(kRowsPerStrip, 0) > height) {
    // The decoder would take memory for rows that are not there.
    substitute(kRowsPerStrip, height);
  }
  return s;
}

}  // namespace assay::imaging
