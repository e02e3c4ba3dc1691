// A TIFF file made of its entries, for tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace assay::imaging {

// A little-endian TIFF with one strip: header, pixels, directory.
struct TiffEntry {
  int tag, type, count, value;
};
inline std::string tiff(int width, int height, const std::string& pixels,
                        std::vector<TiffEntry> entries) {
  const auto u16 = [](int v) {
    return std::string{static_cast<char>(v), static_cast<char>(v >> 8)};
  };
  const auto u32 = [&](int v) { return u16(v & 0xFFFF) + u16(v >> 16); };
  entries.insert(entries.begin(), {{256, 3, 1, width}, {257, 3, 1, height}, {259, 3, 1, 1}});
  entries.push_back({273, 4, 1, 8});
  if (std::none_of(entries.begin(), entries.end(), [](const TiffEntry& e) { return e.tag == 278; }))
    entries.push_back({278, 3, 1, height});
  entries.push_back({279, 4, 1, static_cast<int>(pixels.size())});
  std::sort(entries.begin(), entries.end(),
            [](const TiffEntry& a, const TiffEntry& b) { return a.tag < b.tag; });
  const std::string padded = pixels + std::string(pixels.size() % 2, '\0');
  std::string file = "II" + u16(42) + u32(static_cast<int>(8 + padded.size())) + padded;
  file += u16(static_cast<int>(entries.size()));
  for (const TiffEntry& e : entries) file += u16(e.tag) + u16(e.type) + u32(e.count) + u32(e.value);
  return file + u32(0);
}

}  // namespace assay::imaging
