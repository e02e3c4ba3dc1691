// What weld-draw is asked for, and doing it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "frame.h"

namespace weld {

struct DrawRequest {
  Plan plan;
  std::int64_t count = 600;
  int size = 256;      // px
  int threads = 0;     // 0: one a core
  bool sheet = false;  // only a contact sheet, as the JPEG file `out`
  std::string out;
};

// The command line's words after the program's name; InputError names the option.
DrawRequest parse_draw(const std::vector<std::string>& words);
std::string draw_usage();
// The table of causes as Markdown: what weld-draw --causes prints and causes.md holds.
std::string causes_page();

// Writes DIR/manifest.csv and, numbered alike, DIR/pictures/*.png (8-bit sRGB), DIR/raw/*.tiff (16
// bits a pixel) with a sidecar *.yaml each, DIR/masks/*.png and DIR/defects/*.png. Files that are
// there already are replaced. Every file is the same for any number of threads. InputError where
// something cannot be written.
void write_pictures(const DrawRequest& request);

// One RAW frame's sidecar as YAML: black_level, white_level, cfa, white_balance, color_matrix.
struct Sidecar;
std::string sidecar_text(const Sidecar& sidecar);
std::string manifest_text(const Plan& plan, std::int64_t count);

}  // namespace weld
