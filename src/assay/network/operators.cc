#include "assay/network/operators.h"

#include <algorithm>
#include <limits>
#include <map>
#include <new>

#include "assay/base/error.h"
#include "assay/network/numerics.h"

namespace assay::network {

namespace {

using Table = std::map<std::pair<std::string_view, std::string_view>, const Operator*>;

const Table& table() {
  static const auto* const kTable = [] {
    auto* all = new Table;
    for (const OperatorGroup& group : operator_groups())
      for (const Operator& op : group.operators)
        if (!all->emplace(std::pair(group.domain, op.name), &op).second)
          throw BugError("operator " + std::string(op.name) + " is in the table twice");
    return all;
  }();
  return *kTable;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string shapes_of(const Inputs& inputs) {
  std::string text;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    text += i == 0 ? "" : ", ";
    if (!inputs.has(i)) {
      text += "none";
      continue;
    }
    text += c10::toString(inputs[i].scalar_type());
    text += "[";
    for (std::int64_t d = 0; d < inputs[i].dim(); ++d)
      text += (d ? "," : "") + std::to_string(inputs[i].size(d));
    text += "]";
  }
  return text;
}

}  // namespace

void refuse(const std::string& what) { throw OperatorError(what); }

std::vector<OperatorGroup> operator_groups() {
  return {{"Arithmetic, comparison and logic", "", elementwise_operators()},
          {"Activations", "", activation_operators()},
          {"Convolutions", "", conv_operators()},
          {"Pooling", "", pool_operators()},
          {"Normalisations", "", norm_operators()},
          {"Products of matrices", "", linear_operators()},
          {"Reductions", "", reduce_operators()},
          {"Shapes and types", "", shape_operators()},
          {"Parts and joints", "", slice_operators()},
          {"Indices", "", index_operators()},
          {"Tensors made from sizes", "", create_operators()},
          {"Resampling", "", resize_operators()},
          {"Sampling at places that data name", "", sample_operators()},
          {"Quantised", "", quantize_operators()},
          {"Attention", "", attention_operators()},
          {"Recurrent", "", recurrent_operators()},
          {"Control flow", "", control_operators()},
          {"Spectra and window functions", "", spectral_operators()},
          {"ONNX Runtime's own (com.microsoft)", "com.microsoft", microsoft_operators()}};
}

const Operator* find_operator(std::string_view domain, std::string_view op) {
  const auto it = table().find({domain, op});
  return it == table().end() ? nullptr : it->second;
}

namespace {

// The names of nodes whose operators are not known, by operator, inner graphs included.
using Missing = std::map<std::string, std::vector<std::string>>;

void find_missing(const Graph& graph, Missing& missing) {
  for (const Node& node : graph.nodes()) {
    for (const auto& [name, attribute] : node.attributes)
      if (const auto* body = std::get_if<GraphPointer>(&attribute)) find_missing(**body, missing);
    const Operator* op = find_operator(node.domain, node.op);
    if (op && node.opset <= op->opsets.last) continue;
    std::string text = node.domain.empty() ? node.op : node.domain + "." + node.op;
    if (op)
      text += " of operator set " + std::to_string(node.opset) + ", known up to " +
              std::to_string(op->opsets.last);
    missing[text].push_back(node.name);
  }
}

}  // namespace

std::vector<Kernel> make_kernels(const Graph& graph) {
  constexpr std::size_t kNamed = 8;  // nodes an operator; a quantised network has hundreds
  Missing missing;
  find_missing(graph, missing);
  if (!missing.empty()) {
    std::string list;
    for (const auto& [op, names] : missing) {
      list += (list.empty() ? "" : "; ") + op + " (";
      for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
        list += (i ? ", " : "") + ("\"" + names[i] + "\"");
      if (names.size() > kNamed) list += " and " + std::to_string(names.size() - kNamed) + " more";
      list += ")";
    }
    throw InputError(graph.file(), "operators that are not supported: " + list);
  }
  std::vector<Kernel> kernels;
  kernels.reserve(graph.nodes().size());
  for (const Node& node : graph.nodes()) {
    try {
      kernels.push_back(find_operator(node.domain, node.op)->make(node));
    } catch (const OperatorError& error) {
      throw InputError(graph.file(), describe(node) + ": " + error.what());
    } catch (const InputError& error) {
      throw InputError(graph.file(), error.what());
    }
  }
  return kernels;
}

Outputs call(const Graph& graph, const Node& node, const Kernel& kernel, const Inputs& inputs) {
  const auto failed = [&](const std::string& what) {
    return InputError(graph.file(), describe(node) + ": " + first_line(what) + "; its inputs are " +
                                        shapes_of(inputs));
  };
  try {
    Outputs outputs = kernel(inputs);
    for (std::size_t i = outputs.size(); i < node.outputs.size(); ++i)
      if (node.outputs[i] != kNoValue)
        refuse("its output " + std::to_string(i) + " is not supported");
    return outputs;
  } catch (const OperatorError& error) {
    throw failed(error.what());
  } catch (const c10::Error& error) {
    throw failed(error.what_without_backtrace());
  } catch (const std::bad_alloc& error) {
    // A TorchScript file's nodes are called before they have a graph.
    const bool named = !node.outputs.empty() && node.outputs[0] != kNoValue &&
                       node.outputs[0] < graph.value_count();
    throw failed((named ? "\"" + graph.name(node.outputs[0]) + "\" " : "") + memory_refusal(error));
  } catch (const BugError&) {
    throw;
  } catch (const std::exception& error) {
    // oneDNN and OpenBLAS wrappers throw runtime errors, containers of impossible sizes others.
    throw failed(error.what());
  }
}

std::int64_t axis_of(std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    refuse("axis " + std::to_string(axis) + " is outside an input of " + std::to_string(rank) +
           " dimensions");
  return axis < 0 ? axis + rank : axis;
}

std::vector<std::int64_t> integers_of(const at::Tensor& tensor) {
  if (!at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false))
    refuse("a list of integers was wanted");
  if (tensor.numel() > (1 << 16)) refuse("a short list of integers was wanted");
  const at::Tensor flat = tensor.to(at::kCPU, at::kLong).contiguous();
  const auto* first = flat.data_ptr<std::int64_t>();
  return {first, first + flat.numel()};
}

std::int64_t integer_of(const at::Tensor& tensor, const char* what) {
  const auto numbers = integers_of(tensor);
  if (numbers.size() != 1) refuse(std::string(what) + " must be a single number");
  return numbers[0];
}

std::vector<std::int64_t> axes_of(const std::vector<std::int64_t>& attribute, const Inputs& in,
                                  std::size_t input) {
  return in.has(input) ? integers_of(in[input]) : attribute;
}

void check_shape(const std::vector<std::int64_t>& shape, std::int64_t bytes_each) {
  std::int64_t items = 1;
  for (const std::int64_t d : shape) {
    if (d < 0) refuse("a size of " + std::to_string(d) + " came out");
    if (d > 0 && items > (std::int64_t{1} << 31) / d) refuse("more than 2^31 items came out");
    items *= d;
  }
  const std::uint64_t bytes = static_cast<std::uint64_t>(items) * bytes_each;
  if (bytes > memory_budget())
    refuse(std::to_string(bytes) + " bytes are wanted, more than the " +
           std::to_string(memory_budget()) + " that may be taken at once");
}

bool follows(const at::Tensor& x) { return at::GradMode::is_enabled() && x.requires_grad(); }

at::Tensor straight_through(const at::Tensor& value, const at::Tensor& smooth) {
  if (!follows(smooth)) return value;
  // smooth - smooth is exactly zero, so the sum is exactly `value`.
  const at::Tensor zero = at::sub(smooth, smooth.detach());
  return at::add(value.detach(), at::where(at::isfinite(smooth), zero, at::zeros_like(zero)));
}

at::ScalarType scalar_type(std::int64_t onnx_type) {
  switch (onnx_type) {  // the numbers are TensorProto.DataType's
    case 1:
    case 10:
    case 11:
    case 16:
    case 17:  // float8, four kinds
    case 18:
    case 19:
    case 20:
      return at::kFloat;
    case 2:
    case 21:  // uint4
      return at::kByte;
    case 3:
    case 22:  // int4
      return at::kChar;
    case 5:
      return at::kShort;
    case 4:  // uint16: libtorch has none, int32 holds it
    case 6:
      return at::kInt;
    case 7:
    case 12:  // uint32
    case 13:  // uint64, up to 2^63 - 1
      return at::kLong;
    case 9:
      return at::kBool;
    default:
      refuse("element type " + std::to_string(onnx_type) + " is not supported");
  }
}

}  // namespace assay::network
