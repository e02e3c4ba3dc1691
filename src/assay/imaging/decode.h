// Picture files to pixels.
//
// JPEG, PNG, BMP, TIFF, WebP; 8 and 16 bit; grey, palette, colour. Alpha is dropped, not blended,
// and colour becomes grey by the integer luma (19595 R + 38470 G + 7471 B + 0x8000) >> 16, both as
// PIL's convert("RGB") and convert("L") do. Of several pages the first is read; animated WebP is
// refused.
//
// A file is checked before the decoder sees it (file_structure.h): the decoders beneath return
// half a picture for half a file without a word. Damaged, truncated, foreign and empty files and
// pictures of more than 2^28 pixels are an InputError of one line that names the file.
// Cost: one decode; the check adds a third of that for JPEG (jpeg_scan.h), the unpacking for
// compressed TIFF, little for the others.
// When the answer lies: damage that leaves the structure whole, such as flipped bits in JPEG data
// that still decode to the right number of blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "assay/imaging/picture.h"

namespace assay::imaging {

inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;
inline constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 30;

struct DecodeOptions {
  bool upright = false;  // obey the orientation tag (EXIF, or the TIFF's own)
  bool gray =
      false;  // one channel whatever the file has; else as the file: 1 for grey, 3 for all others
};

// `bytes` is the file's content, `name` what errors call it.
Picture decode(std::string_view bytes, const std::string& name, DecodeOptions options = {});
// The file's bytes; InputError for a missing, empty or oversized file or a folder.
std::string read_picture_file(const std::string& path);
// A grey copy.
Picture to_gray(const Picture& picture);
// By its extension, as when a folder is searched: .jpg .jpeg .jpe .jfif .png .bmp .tif .tiff .webp
// in any case.
bool has_picture_extension(std::string_view path);

}  // namespace assay::imaging
