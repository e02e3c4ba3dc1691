// Fashion-MNIST as it lies in Debian's package dataset-fashion-mnist: gzipped IDX files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fashion {

struct LabelledPictures {
  std::vector<std::uint8_t> pixels;  // 28·28 a picture, row-major
  std::vector<std::uint8_t> labels;  // 0–9
  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

// `which` is "train" or "t10k". InputError where a file is missing or is not what its header says.
LabelledPictures read_pictures(const std::string& folder, const std::string& which);

}  // namespace fashion
