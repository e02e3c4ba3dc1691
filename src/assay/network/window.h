// The sliding window of a convolution or pooling node: kernel, strides, dilations and pads, with
// ONNX's `auto_pad`.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::network {

enum class AutoPad { kNone, kSameUpper, kSameLower, kValid };

struct Pads {
  std::vector<std::int64_t> begin, end;  // one a spatial dimension, px
  bool symmetric() const { return begin == end; }
};

struct Window {
  std::vector<std::int64_t> kernel, strides, dilations,
      pads;  // empty until sized; pads: begins, then ends
  AutoPad auto_pad = AutoPad::kNone;

  // Reads a node's attributes. Refuses strides, dilations and kernel sizes below 1.
  static Window of(const Node& node);
  // The same for `dims` spatial dimensions: defaults filled in, lengths checked.
  Window sized(std::int64_t dims) const;
  // The pads for an input whose spatial sizes are those of x [N,C,…]. Needs a sized window.
  Pads pads_for(const at::Tensor& x) const;
  // How far the window reaches, px: (kernel - 1) * dilation + 1.
  std::int64_t reach(std::size_t dim) const { return (kernel[dim] - 1) * dilations[dim] + 1; }
};

// The argument of at::constant_pad_nd: the last dimension first, begin and end of each.
std::vector<std::int64_t> constant_pad_argument(const Pads& pads);

}  // namespace assay::network
