// What each ONNX operator does, as functions over at::Tensor.
//
// An operator is bound to a node once: its factory reads the attributes, so bad ones are refused at
// load, and returns the kernel that each forward calls. Kernels are pure: they never write to an
// input (which may be a parameter, a kept value or a view of either), keep nothing between calls,
// may run on several threads at once, and autograd sees through them. A result may be a view of an
// input. Semantics follow the operator set version of the node (`Node::opset`, 7 to 21), see
// https://github.com/onnx/onnx/blob/main/docs/Changelog.md. float16, bfloat16 and double are
// computed as float32.
#pragma once

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::network {

// What a kernel throws for inputs that it cannot take; the node's name is added where it is caught.
class OperatorError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
[[noreturn]] void refuse(const std::string& what);

// The inputs of one call, not owned. Optional ones that the node leaves out are absent.
class Inputs {
 public:
  explicit Inputs(std::span<const at::Tensor* const> tensors) : tensors_(tensors) {}
  std::size_t size() const { return tensors_.size(); }
  bool has(std::size_t i) const { return i < tensors_.size() && tensors_[i] != nullptr; }
  const at::Tensor& operator[](std::size_t i) const {
    if (!has(i)) refuse("input " + std::to_string(i) + " is missing");
    return *tensors_[i];
  }

 private:
  std::span<const at::Tensor* const> tensors_;
};

using Outputs = std::vector<at::Tensor>;
using Kernel = std::function<Outputs(const Inputs&)>;
using MakeKernel = Kernel (*)(const Node&);

// A kernel from a function that gives the only output.
template <class F>
Kernel single(F f) {
  return [f = std::move(f)](const Inputs& in) {
    Outputs out;
    out.push_back(f(in));
    return out;
  };
}

// What an operator may read from its inputs, for folding (fold.h).
enum class Reads {
  kData,       // the output's shape follows from the inputs' shapes
  kSizes,      // inputs from the second on say how large the output is (Reshape, Slice, …)
  kAllSizes,   // all inputs do (Range, ConstantOfShape)
  kShapeOnly,  // only the input's shape is read (Shape, Size)
  kDataSizes,  // the output's shape depends on data (NonZero)
};

struct Operator {
  std::string_view name;
  MakeKernel make;
  Reads reads = Reads::kData;
};

std::span<const Operator> elementwise_operators();  // operators_elementwise.cc
std::span<const Operator> activation_operators();   // operators_activation.cc
std::span<const Operator> conv_operators();         // operators_conv.cc
std::span<const Operator> pool_operators();         // operators_pool.cc
std::span<const Operator> norm_operators();         // operators_norm.cc
std::span<const Operator> linear_operators();       // operators_linear.cc
std::span<const Operator> reduce_operators();       // operators_reduce.cc
std::span<const Operator> shape_operators();        // operators_shape.cc
std::span<const Operator> slice_operators();        // operators_slice.cc
std::span<const Operator> index_operators();        // operators_index.cc
std::span<const Operator> create_operators();       // operators_create.cc
std::span<const Operator> resize_operators();       // operators_resize.cc

// Null when there is none. Only ONNX's own domain so far.
const Operator* find_operator(std::string_view domain, std::string_view op);
// One kernel a node. All operators that are not supported are listed, with their nodes, in one
// InputError.
std::vector<Kernel> make_kernels(const Graph& graph);
// Runs one kernel; whatever goes wrong becomes an InputError that names the node and its inputs'
// types and shapes.
Outputs call(const Graph& graph, const Node& node, const Kernel& kernel, const Inputs& inputs);

// -- what several operators need

// `axis` counted from the front; refused outside [-rank, rank).
std::int64_t axis_of(std::int64_t axis, std::int64_t rank);
// The numbers of an integer tensor such as a shape or list of axes.
std::vector<std::int64_t> integers_of(const at::Tensor& tensor);
// Axes of an attribute (up to `last_attribute_opset`) or else of input `input`; empty when neither
// is there.
std::vector<std::int64_t> axes_of(const std::vector<std::int64_t>& attribute, const Inputs& in,
                                  std::size_t input);
// Refuses shapes of more than 2^31 items or with negative sizes: a damaged file must not take all
// memory.
void check_shape(const std::vector<std::int64_t>& shape);
// The type in which ONNX's element type is computed; float16, bfloat16 and double give float32.
at::ScalarType scalar_type(std::int64_t onnx_type);

}  // namespace assay::network
