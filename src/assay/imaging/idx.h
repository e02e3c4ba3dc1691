// MNIST's IDX files: pictures of one size, or labels, as bytes; gzipped or not.
//
// Magic number, sizes and the file's end are checked; pictures must be unsigned bytes in three
// dimensions. InputError names the file. Memory: the unpacked content, at most 4 GiB.
// Source: http://yann.lecun.com/exdb/mnist/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::imaging {

struct IdxImages {
  std::int64_t count = 0;
  int height = 0, width = 0;  // px
  std::string bytes;          // the unpacked file; the pixels follow its header

  std::string_view pixels(std::int64_t item) const {
    const std::size_t n = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    return std::string_view(bytes).substr(kHeader + static_cast<std::size_t>(item) * n, n);
  }
  static constexpr std::size_t kHeader = 16;
};

struct IdxLabels {
  std::string bytes;  // one a row
};

IdxImages read_idx_images(const std::string& path);
IdxLabels read_idx_labels(const std::string& path);
// "t10k-images" for "…/t10k-images-idx3-ubyte.gz": what the ids of its pictures begin with.
std::string idx_stem(const std::string& path);

}  // namespace assay::imaging
