// What a sensor recorded, and what its file says of it: camera RAW files (by LibRaw), or a 16-bit mosaic with a description.
//
// Counts are as stored, nothing is taken away. Only Bayer sensors: a file whose data are already three colours, or another
// filter (X-Trans, Foveon), is an InputError that says so.
// Every file is untrusted: what LibRaw is about to take is held against the memory budget; its errors, and truncated data, are
// an InputError of one line. Cost: one unpacking. Source: LibRaw; DNG 1.4 for the meaning of the numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/imaging/camera/mosaic.h"
#include "assay/imaging/picture.h"

namespace assay::imaging {

// What a development must know of a sensor.
struct Sensor {
  Cfa cfa = Cfa::kRggb;                     // of the visible area
  std::array<double, 4> black{0, 0, 0, 0};  // counts, at the 2 × 2 places row by row
  double white = 65535;                     // counts
  std::array<double, 3> as_shot{1, 1, 1};   // gains of red, green and blue, the smallest 1
  std::array<double, 3> daylight{1, 1, 1};  // the same for daylight; ones where unknown
  std::array<double, 9> to_srgb{
      1, 0, 0, 0, 1, 0, 0, 0, 1};  // white-balanced camera RGB to linear sRGB, row by row
};

struct RawFrame {
  int height = 0, width = 0;  // of the whole mosaic
  int top = 0, left = 0;      // where the visible area begins
  int visible_height = 0, visible_width = 0;
  std::vector<std::uint16_t> counts;  // [height][width]
  Sensor sensor;
  std::string maker, model;
  int flip = 0;  // as LibRaw: 0 none, 3 half a turn, 5 and 6 a quarter to the left and to the right
  double iso = 0, seconds = 0;  // 0: unknown

  // The visible area [1,1,H,W], float32 counts.
  at::Tensor visible() const;
};

// `bytes` is the file's content, `name` what errors call it.
RawFrame read_raw(std::string_view bytes, const std::string& name);
// A decoded picture of one channel; levels are refused where white ≤ black.
RawFrame raw_of_mosaic(const Picture& picture, const Sensor& sensor, const std::string& name);
// By its extension: .dng .cr2 .cr3 .crw .nef .nrw .arw .sr2 .raf .orf .rw2 .pef .kdc .dcr .srw .3fr .iiq .mrw .erf .x3f
bool has_raw_extension(std::string_view path);

}  // namespace assay::imaging
