// Sums, means, norms and the like.
#include <cmath>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

// Which dimensions go, and whether as 1: from arguments `dims` and `dims + 1`.
struct Reduction {
  Numbers axes;
  std::int64_t keeps = 0;
};

Reduction reduction(const Call& c, const Traced& x, std::size_t dims) {
  Reduction r;
  if (c.has(dims)) r.axes = c.integers(dims);
  if (r.axes.empty())
    for (std::int64_t d = 0; d < x.trial.dim(); ++d) r.axes.push_back(d);
  for (std::int64_t& axis : r.axes) axis = axis_of(axis, std::max<std::int64_t>(x.trial.dim(), 1));
  r.keeps = c.flag(dims + 1);
  return r;
}

Traced reduce(const Call& c, const char* op, const Traced& x, const Reduction& r) {
  if (r.axes.empty()) return x;
  // ReduceSum alone takes its axes as an input in this operator set.
  if (std::string_view(op) == "ReduceSum")
    return c.emit(op, {x, c.graph.integers(r.axes)}, {{"keepdims", r.keeps}});
  return c.emit(op, {x}, {{"axes", r.axes}, {"keepdims", r.keeps}});
}

// sum(x, dtype) and sum(x, dims, keepdim, dtype); a whole number's sum is int64.
Value sum_or_mean(Call& c, const char* op) {
  if (const List* list = c.as<List>(0)) {  // of a list of numbers
    Number sum{std::int64_t{0}};
    for (std::size_t i = 0; i < (*list)->size(); ++i) sum = combine(c, "Add", sum, c.numbers(0)[i]);
    return sum;
  }
  const bool has_dims = c.size() >= 3;
  Traced x = c.tensor(0);
  const auto type = c.type(has_dims ? 3 : 1);
  if (type)
    x = c.graph.cast(x, *type);
  else if (!at::isFloatingType(x.trial.scalar_type()))
    x = c.graph.cast(x, at::kLong);
  return tensor(reduce(c, op, x, reduction(c, x, has_dims ? 1 : 99)));
}

// amax(x, dims, keepdim); max(x); max(x, dim, keepdim), which gives the places too; max(x, y).
Value extreme(Call& c, const char* reducing, const char* finding, const char* between) {
  if (c.size() == 2 && c.is_tensor(1)) {
    const auto [a, b] = promoted(c, 0, 1);
    return tensor(c.emit(between, {a, b}));
  }
  const Traced x = c.tensor(0);
  if (c.size() < 2) return tensor(reduce(c, reducing, x, reduction(c, x, 99)));
  const Reduction r = reduction(c, x, 1);
  const Value values = tensor(reduce(c, reducing, x, r));
  if (!finding) return values;
  if (r.axes.empty()) return make_tuple({values, Unknown{}});
  return make_tuple(
      {values, tensor(c.emit(finding, {x}, {{"axis", r.axes[0]}, {"keepdims", r.keeps}}))});
}

Value place_of_extreme(Call& c, const char* op) {  // argmax(x, dim, keepdim)
  if (!c.has(1)) throw Untranslated("over all dimensions");
  const Traced x = c.tensor(0);
  return tensor(
      c.emit(op, {x}, {{"axis", c.axis(1, x.trial.dim())}, {"keepdims", std::int64_t{c.flag(2)}}}));
}

Traced norm_of(const Call& c, const Traced& x, double p, const Reduction& r) {
  if (p == 2) return reduce(c, "ReduceL2", x, r);
  if (p == 1) return reduce(c, "ReduceL1", x, r);
  if (std::isinf(p) && p > 0) return reduce(c, "ReduceMax", c.emit("Abs", {x}), r);
  const Traced powers = c.emit("Pow", {c.emit("Abs", {x}), c.constant(p)});
  return c.emit("Pow", {reduce(c, "ReduceSum", powers, r), c.constant(1 / p)});
}

// norm(x, p, dims, keepdim, dtype), linalg_vector_norm(x, p, dims, keepdim, dtype)
Value norm(Call& c) {
  Traced x = c.tensor(0);
  if (const auto type = c.type(4)) x = c.graph.cast(x, *type);
  return tensor(norm_of(c, x, c.real(1, 2), reduction(c, x, 2)));
}

Value frobenius_norm(Call& c) {  // frobenius_norm(x, dims, keepdim)
  const Traced x = c.tensor(0);
  return tensor(norm_of(c, x, 2, reduction(c, x, 1)));
}

// var(x, unbiased), var(x, dims, unbiased or correction, keepdim)
Traced variance(const Call& c) {
  const Traced x = c.tensor(0);
  const bool has_dims = c.size() >= 4;
  Reduction r = reduction(c, x, has_dims ? 1 : 99);
  r.keeps = has_dims && c.flag(3);
  const std::size_t at = has_dims ? 2 : 1;
  const double correction = !c.has(at)                       ? 1
                            : c.number(at).trial.isBoolean() ? double(c.flag(at))
                                                             : c.real(at, 1);
  double count = 1;
  for (const std::int64_t axis : r.axes)
    count *= static_cast<double>(c.graph.decide(c.graph.size(x, axis)));
  const Traced centred = c.emit("Sub", {x, reduce(c, "ReduceMean", x, {r.axes, 1})});
  const Traced mean = reduce(c, "ReduceMean", c.emit("Mul", {centred, centred}), r);
  return c.emit("Mul", {mean, c.constant(count / (count - correction))});
}

Value log_sum_exp(Call& c) {
  const Traced x = c.tensor(0);
  return tensor(reduce(c, "ReduceLogSumExp", x, reduction(c, x, 1)));
}

Value product(Call& c) {  // prod(x, dtype), prod(x, dim, keepdim, dtype)
  const Traced x = c.tensor(0);
  return tensor(reduce(c, "ReduceProd", x, reduction(c, x, c.size() >= 3 ? 1 : 99)));
}

Value cumulative_sum(Call& c) {
  Traced x = c.tensor(0);
  if (const auto type = c.type(2))
    x = c.graph.cast(x, *type);
  else if (!at::isFloatingType(x.trial.scalar_type()))
    x = c.graph.cast(x, at::kLong);
  return tensor(
      c.emit("CumSum", {x, c.constant(static_cast<double>(c.axis(1, x.trial.dim())), at::kLong)}));
}

// any(x), all of a list of bools
Value all_or_any(Call& c, bool all) {
  if (!c.as<List>(0)) throw Untranslated("of a tensor");
  Number result{all};
  for (const Number& n : c.numbers(0)) {
    const bool is = c.graph.decide(n) != 0;
    if (is != all) result.trial = is;
  }
  return result;
}

constexpr ScriptOperator kScriptReductionOperators[] = {
    {"aten::sum", [](Call& c) { return sum_or_mean(c, "ReduceSum"); }},
    {"aten::mean", [](Call& c) { return sum_or_mean(c, "ReduceMean"); }},
    {"aten::amax", [](Call& c) { return extreme(c, "ReduceMax", nullptr, ""); }},
    {"aten::amin", [](Call& c) { return extreme(c, "ReduceMin", nullptr, ""); }},
    {"aten::max", [](Call& c) { return extreme(c, "ReduceMax", "ArgMax", "Max"); }},
    {"aten::min", [](Call& c) { return extreme(c, "ReduceMin", "ArgMin", "Min"); }},
    {"aten::argmax", [](Call& c) { return place_of_extreme(c, "ArgMax"); }},
    {"aten::argmin", [](Call& c) { return place_of_extreme(c, "ArgMin"); }},
    {"aten::norm", norm},
    {"aten::linalg_vector_norm", norm},
    {"aten::frobenius_norm", frobenius_norm},
    {"aten::var", [](Call& c) -> Value { return tensor(variance(c)); }},
    {"aten::std", [](Call& c) -> Value { return tensor(c.emit("Sqrt", {variance(c)})); }},
    {"aten::logsumexp", log_sum_exp},
    {"aten::prod", product},
    {"aten::cumsum", cumulative_sum},
    {"aten::all", [](Call& c) { return all_or_any(c, true); }},
    {"aten::any", [](Call& c) { return all_or_any(c, false); }},
};

}  // namespace

std::span<const ScriptOperator> reduction_translations() { return kScriptReductionOperators; }

}  // namespace assay::network::torchscript
