// Rectangles cut out of values, in whichever layout a primitive wants them.
//
// A value's rows lie as [outer, height, width, inner]: [C,H,W,1] is NCHW, [1,H,W,C] is NHWC, and
// [C/16,H,W,16] is oneDNN's blocked form. In all of them a line of a crop is one stretch of memory,
// so that cutting and pasting are copies of lines.
#pragma once

#include <dnnl.hpp>
#include <optional>
#include <vector>

#include "assay/network/primitives.h"
#include "assay/network/torch.h"

namespace assay::network {

struct PlaneLayout {
  std::int64_t outer = 1, inner = 1;
  bool operator==(const PlaneLayout&) const = default;
};

// The memory of some rows, as one flat tensor.
struct Block {
  at::Tensor items;
  PlaneLayout layout;
  std::int64_t height = 0, width = 0;
};

// Memory that is used again once nobody else holds it: batch after batch wants the same sizes, and
// fresh pages are dear. For one thread.
class BlockMemory {
 public:
  at::Tensor take(std::int64_t items, const at::TensorOptions& options);
  // At least this many bytes, until the next call.
  void* scratch(std::size_t bytes);
  void clear() { all_.clear(); }

 private:
  std::vector<at::Tensor> all_;
  at::Tensor scratch_;
};

struct Corner {
  std::int64_t top = 0, left = 0;
};

// The layout that a description of float32 [N,C,H,W] means; nothing for others.
std::optional<PlaneLayout> plane_layout(const dnnl::memory::desc& layout, const Dims& dims);
dnnl::memory::desc described(const Dims& dims, const PlaneLayout& layout);

// [N,…,H,W] of any type as a block: float32 [N,C,H,W] as NHWC unless it lies as NCHW with one
// channel or `plain` is asked for; everything else as [items,H,W,1].
enum class Prefer { kChannelsLast, kPlain };
Block block_of(const at::Tensor& tensor, Prefer prefer);
// The block as a tensor of `sizes` [N,…,H,W], sharing its memory; only plain and NHWC ones.
at::Tensor tensor_of(const Block& block, const std::vector<std::int64_t>& sizes);

// One row of a crop to be laid out: its corner in the plane of the value (which it may leave by
// pads), and where the changed crop lies there.
struct Region {
  Corner at, changed;
};
// For each region, `height` × `width` places of `clean` (one row, the whole plane) with the row's
// own `changed` crop pasted over; places outside the plane hold `fill`. `changed` may be null.
Block laid_out(BlockMemory& memory, const Block& clean, const Block* changed,
               const std::vector<Region>& regions, std::int64_t height, std::int64_t width,
               double fill);

}  // namespace assay::network
