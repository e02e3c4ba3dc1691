#include "assay/network/quantize.h"

#include "assay/network/number_format.h"

namespace assay::network {

namespace {

at::Tensor real_number(const at::Tensor& t) { return t.detach().to(at::kDouble); }

double largest_of(const at::Tensor& t) {
  return t.numel() == 0 ? 0 : at::abs(t.detach()).max().item<double>();
}

}  // namespace

Steps Steps::of(const Inputs& in, std::size_t first) {
  Steps steps;
  steps.scale = in[first];
  if (in.has(first + 1)) steps.zero_point = in[first + 1];
  return steps;
}

Steps Steps::along(const at::Tensor& x, std::int64_t axis, std::int64_t block) const {
  return {laid_along(scale, x, axis, block),
          zero_point.defined() ? laid_along(zero_point, x, axis, block) : zero_point};
}

at::Tensor laid_along(const at::Tensor& t, const at::Tensor& x, std::int64_t axis,
                      std::int64_t block) {
  if (t.numel() == 1) return t.reshape({});
  if (t.dim() == x.dim() && block == 0) return t;  // broadcasts as it is
  const std::int64_t d = axis_of(axis, x.dim());
  if (block > 0) {
    if (t.dim() != x.dim()) refuse("block-wise scales must have the dimensions of the input");
    for (std::int64_t i = 0; i < x.dim(); ++i)
      if (t.size(i) != (i == d ? (x.size(i) + block - 1) / block : x.size(i)))
        refuse("block-wise scales do not fit the input");
    return t.repeat_interleave(block, d).narrow(d, 0, x.size(d));
  }
  if (t.dim() != 1 || t.size(0) != x.size(d))
    refuse("wanted one scale and zero point, or " + std::to_string(x.size(d)) + " along axis " +
           std::to_string(d));
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[d] = -1;
  return t.reshape(shape);
}

at::Tensor centred(const at::Tensor& stored, const at::Tensor& zero_point) {
  const auto type = stored.scalar_type();
  const bool wide = type == at::kInt || type == at::kLong || type == at::kDouble;
  const at::Tensor x = stored.to(wide ? at::kDouble : at::kFloat);
  return zero_point.defined() ? at::sub(x, zero_point.to(x.scalar_type())) : x;
}

at::Tensor real_of(const at::Tensor& stored, const Steps& steps) {
  return at::mul(centred(stored, steps.zero_point).to(at::kDouble), real_number(steps.scale));
}

at::Tensor stored_as(const at::Tensor& units, const at::Tensor& zero_point, std::int64_t type,
                     const at::Tensor& like) {
  const NumberRange range = range_of(type);
  const auto moved = [&](const at::Tensor& t) {
    const at::Tensor x = zero_point.defined() ? at::add(t, real_number(zero_point)) : t;
    return at::clamp(x, range.low, range.high);
  };
  const at::Tensor stored = moved(at::round(units.detach()));
  if (!follows(units)) return stored.to(scalar_type(type));
  return straight_through(stored, moved(units))
      .to(like.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

at::Tensor quantised(const at::Tensor& real, const Steps& steps, const at::Tensor& like) {
  const std::int64_t type =
      steps.zero_point.defined() ? onnx_type_of(steps.zero_point) : onnx_type::kUint8;
  return stored_as(at::div(real, real_number(steps.scale)), steps.zero_point, type, like);
}

at::Tensor exact_sums(const at::Tensor& a, const at::Tensor& b, double most,
                      const Product& product) {
  constexpr double kExactInFloat = 1 << 24;
  const bool narrow = a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat &&
                      largest_of(a) * most < kExactInFloat;
  if (narrow) return product(a, b).to(at::kDouble);
  return product(a.to(at::kDouble), b.to(at::kDouble));
}

at::Tensor exact_matmul(const at::Tensor& a, const at::Tensor& b) {
  if (a.dim() < 1 || b.dim() < 1) refuse("wanted matrices");
  const at::Tensor columns = at::sum(at::abs(b.detach()), b.dim() == 1 ? 0 : b.dim() - 2);
  return exact_sums(a, b, largest_of(columns),
                    [](const at::Tensor& x, const at::Tensor& y) { return at::matmul(x, y); });
}

ExactConv exact_conv(const Node& node) {
  const Kernel conv = find_operator("", "Conv")->make(node);
  return [conv](const at::Tensor& x, const at::Tensor& w) {
    if (w.dim() < 3) refuse("input and weights must both have 3, 4 or 5 dimensions");
    const double most = largest_of(at::sum(at::abs(w.detach().flatten(1)), 1));
    return exact_sums(x, w, most, [&conv](const at::Tensor& a, const at::Tensor& b) {
      const at::Tensor* const arguments[] = {&a, &b};
      return conv(Inputs(arguments))[0];
    });
  };
}

}  // namespace assay::network
