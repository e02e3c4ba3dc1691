// Is a picture file whole, and what does its header say? Asked before any decoder sees it.
//
// JPEG: every marker segment up to EOI, and a code for every block; PNG: every chunk with its CRC
// up to IEND; BMP: room for all rows, run lengths to the last row; TIFF: the first page's
// directory, every strip or tile within the file and unpacking to its size; WebP: RIFF size and
// every chunk. All throw InputError(name, …). Cost: jpeg_scan.h and tiff_strip.h; a checksum of the
// bytes for PNG; a few reads for the others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::imaging {

enum class Format { kUnknown, kJpeg, kPng, kBmp, kTiff, kWebp };

struct FileStructure {
  int height = 0,
      width = 0;        // px, as stored (before orientation); not yet checked against any limit
  int orientation = 1;  // EXIF's 1 to 8; 1: upright
  // What the decoder is to be given instead of the file where a part of it would mislead the
  // decoder or make it print; empty: the file itself.
  std::string substitute;
};

Format format_of(std::string_view bytes);  // by the first bytes
FileStructure inspect(std::string_view bytes, const std::string& name);

FileStructure inspect_jpeg(std::string_view bytes, const std::string& name);
FileStructure inspect_png(std::string_view bytes, const std::string& name);
FileStructure inspect_bmp(std::string_view bytes, const std::string& name);
FileStructure inspect_tiff(std::string_view bytes, const std::string& name);
FileStructure inspect_webp(std::string_view bytes, const std::string& name);

// InputError unless there are pixels, and no more of them than are read (decode.h). Called before
// memory is taken.
void check_extent(std::uint64_t height, std::uint64_t width, const std::string& name);

// The orientation in an EXIF block (a TIFF header and directory); 1 when there is none or the block
// is damaged: a bad tag must not cost the picture.
int exif_orientation(std::string_view exif);

}  // namespace assay::imaging
