// oneDNN's primitives behind one spelling for its versions 2 and 3, all for inference on the CPU.
//
// Each function gives a description of the fastest form that the library has, or nothing where it
// has none but its slow reference form. Scratch memory is the caller's, so that a primitive may run
// on several threads at once. Source: https://oneapi-src.github.io/oneDNN/
#pragma once

#include <dnnl.hpp>
#include <optional>
#include <string>
#include <vector>

#include "assay/network/fusion.h"

namespace assay::network {

const dnnl::engine& cpu();

using Dims = dnnl::memory::dims;

// A float32 layout. Of 4-D values: [N,C,H,W] in memory, or [N,H,W,C].
dnnl::memory::desc contiguous(const Dims& dims);
dnnl::memory::desc channels_last(const Dims& dims);
// Whatever the primitive likes best.
dnnl::memory::desc any_layout(const Dims& dims);

struct Primitive {
  dnnl::primitive run;
  std::vector<dnnl::memory::desc> sources;  // as it wants them
  dnnl::memory::desc weights, bias, destination, scratch;
};

struct Sliding {
  Dims kernel, strides, dilations, begin, end;  // dilations: 1 is dense; pads in px
};

enum class ConvolutionForm { kDirect, kWinograd };

struct ConvolutionShape {
  dnnl::memory::desc source, destination;  // or any_layout
  Dims weights;                            // [O,I,kh,kw], or [group,O/group,I/group,kh,kw]
  Sliding window;
  Activation activation;
  bool adds_to_destination = false;  // + what the destination held, before the activation
};
std::optional<Primitive> convolution(const ConvolutionShape& shape, ConvolutionForm form);

// [N,I] × [O,I]ᵀ + [O]
std::optional<Primitive> inner_product(const Dims& source, const Dims& weights);

enum class Pooling { kMax, kAverage, kAverageWithPad };
std::optional<Primitive> pooling(Pooling kind, const dnnl::memory::desc& source, const Dims& result,
                                 const Sliding& window);
std::optional<Primitive> sum(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                             const Dims& dims, const Activation& activation);
std::optional<Primitive> concatenation(const std::vector<dnnl::memory::desc>& sources, int axis);
std::optional<Primitive> reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to);

}  // namespace assay::network
