// Reductions along axes, positions of extremes, running sums.
#include <limits>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

using Axes = std::vector<std::int64_t>;
using Reduction = at::Tensor (*)(const at::Tensor&, const Axes&, bool keep);

// `axes` became an input with opset 18 (ReduceSum: 13).
template <Reduction F>
Kernel reduce(const Node& node) {
  const Axes attribute = node.integers("axes");
  const bool keep = node.integer("keepdims", 1) != 0;
  const bool empty_is_none = node.integer("noop_with_empty_axes", 0) != 0;
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    Axes axes = axes_of(attribute, in, 1);
    if (axes.empty() && empty_is_none) return x;
    if (axes.empty())
      for (std::int64_t d = 0; d < x.dim(); ++d) axes.push_back(d);
    for (std::int64_t& axis : axes) axis = axis_of(axis, x.dim());
    return x.dim() == 0 ? F(x.reshape({1}), {0}, false) : F(x, axes, keep);
  });
}

at::Tensor sum(const at::Tensor& x, const Axes& axes, bool keep) {
  return at::sum(x, axes, keep, x.scalar_type());
}
at::Tensor mean(const at::Tensor& x, const Axes& axes, bool keep) {
  if (at::isFloatingType(x.scalar_type())) return at::mean(x, axes, keep);
  return at::mean(x, axes, keep, at::kDouble).to(x.scalar_type());
}
// Of nothing the extreme is the farthest number the other way.
at::Tensor largest(const at::Tensor& x, const Axes& axes, bool keep) {
  if (x.numel() == 0 && at::isFloatingType(x.scalar_type()))
    return at::full_like(sum(x, axes, keep), -std::numeric_limits<double>::infinity());
  return at::amax(x, axes, keep);
}
at::Tensor smallest(const at::Tensor& x, const Axes& axes, bool keep) {
  if (x.numel() == 0 && at::isFloatingType(x.scalar_type()))
    return at::full_like(sum(x, axes, keep), std::numeric_limits<double>::infinity());
  return at::amin(x, axes, keep);
}
at::Tensor product(const at::Tensor& x, const Axes& axes, bool keep) {
  at::Tensor y = x;
  for (const std::int64_t axis : axes) y = at::prod(y, axis, true, x.scalar_type());
  if (keep) return y;
  std::vector<bool> reduced(static_cast<std::size_t>(x.dim()), false);
  for (const std::int64_t axis : axes) reduced[axis] = true;
  std::vector<std::int64_t> shape;
  for (std::int64_t d = 0; d < x.dim(); ++d)
    if (!reduced[d]) shape.push_back(x.size(d));
  return y.reshape(shape);
}
at::Tensor l1(const at::Tensor& x, const Axes& axes, bool keep) {
  return sum(at::abs(x), axes, keep);
}
at::Tensor l2(const at::Tensor& x, const Axes& axes, bool keep) {
  if (at::isFloatingType(x.scalar_type())) return at::norm(x, 2, axes, keep);
  return at::norm(x.to(at::kDouble), 2, axes, keep).to(x.scalar_type());
}
at::Tensor sum_square(const at::Tensor& x, const Axes& axes, bool keep) {
  return sum(at::mul(x, x), axes, keep);
}
at::Tensor log_sum(const at::Tensor& x, const Axes& axes, bool keep) {
  return at::log(sum(x, axes, keep));
}
at::Tensor log_sum_exp(const at::Tensor& x, const Axes& axes, bool keep) {
  return at::logsumexp(x, axes, keep);
}

template <bool kLargest>
Kernel position(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  const bool keep = node.integer("keepdims", 1) != 0;
  const bool last = node.integer("select_last_index", 0) != 0;
  return single([=](const Inputs& in) {
    const std::int64_t d = axis_of(axis, in[0].dim());
    const auto first = [&](const at::Tensor& x) {
      return kLargest ? at::argmax(x, d, keep) : at::argmin(x, d, keep);
    };
    if (!last) return first(in[0]);
    return at::rsub(first(at::flip(in[0], {d})), in[0].size(d) - 1);
  });
}

Kernel top_k(const Node& node) {
  const std::int64_t axis = node.integer("axis", -1);
  const std::int64_t fixed_k = node.integer("k", -1);
  const bool descending = node.integer("largest", 1) != 0;
  return [=](const Inputs& in) -> Outputs {
    const std::int64_t d = axis_of(axis, in[0].dim());
    std::int64_t k = fixed_k;
    if (in.has(1)) k = integer_of(in[1], "K");
    if (k < 0 || k > in[0].size(d)) refuse("K of " + std::to_string(k) + " is out of range");
    // A stable sort, because of equal items ONNX wants the one in front.
    const auto [values, indices] = at::sort(in[0], /*stable=*/true, d, descending);
    return {values.narrow(d, 0, k), indices.narrow(d, 0, k)};
  };
}

Kernel cum_sum(const Node& node) {
  const bool exclusive = node.integer("exclusive", 0) != 0;
  const bool reverse = node.integer("reverse", 0) != 0;
  return single([=](const Inputs& in) {
    const std::int64_t d = axis_of(integer_of(in[1], "axis"), in[0].dim());
    const at::Tensor x = reverse ? at::flip(in[0], {d}) : in[0];
    at::Tensor y = at::cumsum(x, d, x.scalar_type());
    if (exclusive) y = at::sub(y, x);
    return reverse ? at::flip(y, {d}) : y;
  });
}

constexpr Operator kReduceOperators[] = {
    {"ArgMax", position<true>, Reads::kData, Gradient::kNone},
    {"ArgMin", position<false>, Reads::kData, Gradient::kNone},
    {"CumSum", cum_sum},
    {"ReduceL1", reduce<l1>, Reads::kSizes},
    {"ReduceL2", reduce<l2>, Reads::kSizes},
    {"ReduceLogSum", reduce<log_sum>, Reads::kSizes, Gradient::kExact, {.first = 1}},
    {"ReduceLogSumExp", reduce<log_sum_exp>, Reads::kSizes},
    {"ReduceMax", reduce<largest>, Reads::kSizes},
    {"ReduceMean", reduce<mean>, Reads::kSizes},
    {"ReduceMin", reduce<smallest>, Reads::kSizes},
    {"ReduceProd", reduce<product>, Reads::kSizes},
    {"ReduceSum", reduce<sum>, Reads::kSizes},
    {"ReduceSumSquare", reduce<sum_square>, Reads::kSizes},
    {"TopK", top_k, Reads::kSizes},
};

}  // namespace

std::span<const Operator> reduce_operators() { return kReduceOperators; }

}  // namespace assay::network
