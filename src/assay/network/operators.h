// What each ONNX operator does, as functions over at::Tensor.
//
// An operator is bound to a node once: its factory reads the attributes, so bad ones are refused at
// load, and returns the kernel that each forward calls. Kernels are pure: they never write to an
// input (which may be a parameter, a kept value or a view of either), keep nothing between calls,
// may run on several threads at once, and autograd sees through them. A result may be a view of an
// input. Semantics follow the operator set version of the node (`Node::opset`, kOldestOpset to
// kNewestOpset), see https://github.com/onnx/onnx/blob/main/docs/Changelog.md. Files' float16,
// bfloat16, float8 and double are read as float32; a kernel that is given doubles computes in them.
// docs/operators.md is written from the tables here (`./ci.sh operators`).
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

inline constexpr int kOldestOpset = 7;
// Of later ones nothing is known. What 22 to 25 changed are element types and operators of their
// own.
inline constexpr int kNewestOpset = 25;

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

// What autograd gives through an operator, from its first output to its floating inputs.
enum class Gradient {
  kExact,            // the derivative, wherever there is one; along the branch that was taken
  kStraightThrough,  // as if nothing was rounded; zero beyond a bound that was hit
  kZero,             // zero: the derivative of steps
  kNone,             // the result is a position, a size, a truth value or a whole number
};

struct Operator {
  std::string_view name;
  MakeKernel make;
  Reads reads = Reads::kData;
  Gradient gradient = Gradient::kExact;
  // The operator sets whose form of it is known: older ones differ, from newer ones it is gone.
  struct Opsets {
    int first = kOldestOpset, last = kNewestOpset;
  } opsets = {};
};

// The operators of one file: what they have in common, and the domain they belong to.
struct OperatorGroup {
  std::string_view title, domain;
  std::span<const Operator> operators;
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
std::span<const Operator> quantize_operators();     // operators_quantize.cc
std::span<const Operator> attention_operators();    // operators_attention.cc
std::span<const Operator> recurrent_operators();    // operators_recurrent.cc
std::span<const Operator> control_operators();      // operators_control.cc
std::span<const Operator> spectral_operators();     // operators_spectral.cc
std::span<const Operator> sample_operators();       // operators_sample.cc
std::span<const Operator> microsoft_operators();    // operators_microsoft.cc

// All of them, for documents and tests.
std::vector<OperatorGroup> operator_groups();
// Null when there is none. "" is ONNX's own domain.
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
// The only number of an integer tensor; `what` it is, for the message.
std::int64_t integer_of(const at::Tensor& tensor, const char* what);
// Axes of an attribute (up to `last_attribute_opset`) or else of input `input`; empty when neither
// is there.
std::vector<std::int64_t> axes_of(const std::vector<std::int64_t>& attribute, const Inputs& in,
                                  std::size_t input);
// Refuses shapes of more than 2^31 items, of more bytes than memory_budget() (numerics.h) or with
// negative sizes: a damaged file must not take all memory.
void check_shape(const std::vector<std::int64_t>& shape, std::int64_t bytes_each = 4);
// `value`, whose gradient is that of `smooth`: the same items before they were rounded. `value`
// itself where no gradient is asked for. Infinities and NaN pass none.
at::Tensor straight_through(const at::Tensor& value, const at::Tensor& smooth);
// Whether autograd follows what is computed from x.
bool follows(const at::Tensor& x);
// The type in which ONNX's element type is computed; all floating ones give float32.
at::ScalarType scalar_type(std::int64_t onnx_type);

}  // namespace assay::network
