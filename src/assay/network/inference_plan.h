// A forward pass laid out ahead for one shape of the input: which primitive or kernel runs when, in
// which layout, and where in one block of memory each value lies.
//
// Chains of fusion.h that oneDNN has a fast form for become primitives with packed weights; all else
// runs by the operators' own kernels on [N,H,W,C] memory. Buffers of values that are never alive
// together share their place; a residual is added in the place of its first addend. The plan is read
// only: what a run writes to is in a Workspace, one for each run at a time.
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "assay/network/fusion.h"
#include "assay/network/operators.h"

namespace assay::network {

// Weights in the layouts of the primitives that read them, shared by all plans of a network.
class PackedWeights {
 public:
  // The weights of the convolution `node`, in `layout`.
  dnnl::memory of(int node, const at::Tensor& weights, const std::vector<std::int64_t>& dims,
                  const dnnl::memory::desc& layout);

 private:
  struct Packed {
    int node;
    dnnl::memory memory;
  };
  std::vector<Packed> all_;
};

struct InferencePlan {
  // Where values lie: in a buffer of the workspace, or (-1) in a tensor that a kernel made.
  struct Place {
    dnnl::memory::desc layout;
    int buffer = -1;
  };
  struct RunPrimitive {
    dnnl::primitive primitive;
    std::vector<std::pair<int, int>> places;            // argument, place
    std::vector<std::pair<int, dnnl::memory>> weights;  // argument, memory
    dnnl::memory::desc scratch;
  };
  struct CallKernel {
    int node = 0;
    std::vector<int> inputs, outputs;  // tensors; -1: absent
  };
  struct BindTensor {  // lays the tensor out as the place wants it, and points the place to it
    int tensor = 0, place = 0;
    bool channels_last = false;
  };
  using Step = std::variant<RunPrimitive, CallKernel, BindTensor>;
  struct View {  // a tensor that is a place's memory
    int tensor = 0, place = 0;
    std::vector<std::int64_t> sizes, strides;
  };

  std::vector<Step> steps;
  std::vector<std::vector<int>> release;  // by step: tensors that nobody reads after it
  std::vector<Place> places;
  std::vector<std::size_t> offsets;  // of the buffers, bytes
  std::size_t bytes = 0, scratch_bytes = 0;
  int tensors = 0;
  std::vector<std::pair<int, at::Tensor>> constants;
  std::vector<View> views;
  int input = 0;            // tensor
  std::vector<int> wanted;  // tensors
};

// `wanted` besides the result may be any values that follow from the input.
InferencePlan make_inference_plan(const Graph& graph, const GraphFacts& facts, ValueId input,
                                  ValueId result, const std::vector<ValueId>& wanted,
                                  PackedWeights& weights);

}  // namespace assay::network
