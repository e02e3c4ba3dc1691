// Where buffers lie in one block of memory: those that are alive at the same step apart, others
// perhaps in the same place.
#pragma once

#include <cstddef>
#include <vector>

namespace assay::network {

class Arena {
 public:
  // A buffer that is first written at `step`. Returns its index.
  int add(std::size_t bytes, int step);
  void use(int buffer, int step);
  // Gives every buffer its place, the largest first, each as low as it fits. Returns the bytes of
  // the block. Cost: quadratic in the number of buffers.
  std::size_t lay_out();
  std::vector<std::size_t> offsets() const;  // bytes, multiples of 64

 private:
  struct Buffer {
    std::size_t bytes;
    int first, last;  // steps
    std::size_t offset;
  };
  std::size_t place_of(const Buffer& buffer, const std::vector<const Buffer*>& placed) const;

  std::vector<Buffer> buffers_;
};

}  // namespace assay::network
