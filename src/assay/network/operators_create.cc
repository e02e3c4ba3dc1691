// Tensors made from sizes, and triangles of matrices.
#include <algorithm>
#include <cmath>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

// Constant nodes become constants of the graph when the file is read; this stands for graphs built
// otherwise.
Kernel constant(const Node& node) {
  const TensorPointer value = node.tensor("value");
  if (!value) refuse("value is missing");
  return single([value](const Inputs&) { return *value; });
}

Kernel constant_of_shape(const Node& node) {
  const TensorPointer value = node.tensor("value");
  if (value && value->numel() != 1) refuse("value must be a single number");
  return single([value](const Inputs& in) {
    const std::vector<std::int64_t> shape = integers_of(in[0]);
    check_shape(shape);
    if (!value) return at::zeros(shape, at::kFloat);
    return at::full(shape, value->item(), value->options());
  });
}

Kernel range(const Node&) {
  return single([](const Inputs& in) {
    for (const std::size_t i : {0, 1, 2})
      if (in[i].numel() != 1) refuse("start, limit and delta must be single numbers");
    const auto type = in[0].scalar_type();
    if (at::isIntegralType(type, false)) {
      const auto start = in[0].item<std::int64_t>(), limit = in[1].item<std::int64_t>();
      const auto delta = in[2].item<std::int64_t>();
      if (delta == 0) refuse("a delta of 0");
      check_shape({static_cast<std::int64_t>(
          std::min(std::max((double(limit) - double(start)) / double(delta), 0.0), 1e18))});
      if ((delta > 0) != (limit > start)) return at::empty({0}, type);
      return at::arange(start, limit, delta, type);
    }
    const double start = in[0].item<double>(), delta = in[2].item<double>();
    const double count = std::max(std::ceil((in[1].item<double>() - start) / delta), 0.0);
    if (!(count < 2e9)) refuse("the range is endless");
    return at::add(at::mul(at::arange(static_cast<std::int64_t>(count), type), delta), start);
  });
}

Kernel eye_like(const Node& node) {
  const std::int64_t diagonal = node.integer("k", 0);
  const std::int64_t type = node.integer("dtype", 0);
  return single([=](const Inputs& in) {
    if (in[0].dim() != 2) refuse("wanted a matrix");
    const at::ScalarType made = type == 0 ? in[0].scalar_type() : scalar_type(type);
    const at::Tensor row = at::arange(in[0].size(0), at::kLong).unsqueeze(1);
    const at::Tensor column = at::arange(in[0].size(1), at::kLong).unsqueeze(0);
    return at::eq(at::sub(column, row), diagonal).to(made);
  });
}

Kernel trilu(const Node& node) {
  const bool upper = node.integer("upper", 1) != 0;
  return single([=](const Inputs& in) {
    std::int64_t k = 0;
    if (in.has(1)) k = std::clamp<std::int64_t>(integer_of(in[1], "k"), -(1LL << 40), 1LL << 40);
    return upper ? at::triu(in[0], k) : at::tril(in[0], k);
  });
}

constexpr Operator kCreateOperators[] = {
    {"Constant", constant, Reads::kData, Gradient::kNone, {.first = 1}},
    {"ConstantOfShape", constant_of_shape, Reads::kAllSizes, Gradient::kNone},
    {"EyeLike", eye_like, Reads::kData, Gradient::kNone},
    {"Range", range, Reads::kAllSizes, Gradient::kNone},
    {"Trilu", trilu},
};

}  // namespace

std::span<const Operator> create_operators() { return kCreateOperators; }

}  // namespace assay::network
