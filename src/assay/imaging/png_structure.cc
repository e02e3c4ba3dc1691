#include <zlib.h>

#include <cstdint>

#include "assay/imaging/byte_reader.h"
#include "assay/imaging/file_structure.h"

namespace assay::imaging {
namespace {

constexpr std::uint64_t kSignature = 8;
constexpr std::uint64_t kAroundData = 12;  // length, type and CRC of a chunk

struct Chunk {
  std::string_view type, data;
  std::uint64_t next = 0;
  bool critical() const { return (type[0] & 0x20) == 0; }  // the letter's case says so
};

Chunk chunk_at(const ByteReader& in, std::uint64_t at) {
  const std::uint32_t size = in.u32(at);
  if (size > 0x7FFFFFFFu) in.damaged("a chunk of " + std::to_string(size) + " bytes");
  const std::string_view checked = in.bytes(at + 4, std::uint64_t{size} + 4);
  const std::uint32_t crc = in.u32(at + 8 + size);
  if (crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size()) != crc)
    in.damaged("wrong checksum at byte " + std::to_string(at));
  return {checked.substr(0, 4), checked.substr(4), at + kAroundData + size};
}

bool depth_fits_color(int depth, int color) {
  switch (color) {
    case 0:  // grey
      return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case 3:  // palette
      return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2:  // RGB
    case 4:  // grey and alpha
    case 6:  // RGB and alpha
      return depth == 8 || depth == 16;
    default:
      return false;
  }
}

}  // namespace

FileStructure inspect_png(std::string_view bytes, const std::string& name) {
  const ByteReader in(bytes, ByteOrder::kBig, "PNG", name);
  FileStructure s;
  std::uint64_t critical_bytes = kSignature;
  bool pixels = false, palette = false, palette_wanted = false;
  std::uint64_t at = kSignature;
  for (bool end = false; !end;) {
    const Chunk chunk = chunk_at(in, at);
    if (at == kSignature) {
      if (chunk.type == "CgBI") in.unsupported("Apple's variant of PNG");
      if (chunk.type != "IHDR" || chunk.data.size() != 13) in.damaged("no header");
      const std::uint32_t width = in.u32(at + 8), height = in.u32(at + 12);
      check_extent(height, width, name);
      s.width = static_cast<int>(width);
      s.height = static_cast<int>(height);
      const int depth = in.u8(at + 16), color = in.u8(at + 17);
      if (!depth_fits_color(depth, color))
        in.damaged("colour type " + std::to_string(color) + " with " + std::to_string(depth) +
                   " bits");
      palette_wanted = color == 3;
    } else if (chunk.type == "IDAT") {
      pixels = true;
    } else if (chunk.type == "PLTE") {
      palette = true;
    } else if (chunk.type == "IEND") {
      end = true;
    } else if (chunk.type == "eXIf") {
      s.orientation = exif_orientation(chunk.data);
    } else if (chunk.critical()) {
      in.damaged("an unknown part of it is needed to show it");
    }
    if (chunk.critical()) critical_bytes += chunk.next - at;
    at = chunk.next;
  }
  if (!pixels || (palette_wanted && !palette)) in.damaged("no picture in it");

  if (critical_bytes < at) {
    // Ancillary chunks do not change the pixels, but the decoder warns on stderr about profiles
    // that it dislikes and unpacks whatever they hold.
    s.substitute.reserve(critical_bytes);
    s.substitute = in.bytes(0, kSignature);
    for (std::uint64_t from = kSignature; from < at;) {
      const std::uint64_t size = kAroundData + in.u32(from);
      if ((in.u8(from + 4) & 0x20) == 0) s.substitute += in.bytes(from, size);
      from += size;
    }
  }
  return s;
}

}  // namespace assay::imaging
