// Tensors made from numbers.
#include <cmath>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

constexpr std::int64_t kMostConstantItems = 1 << 26;  // of a constant that a program makes

void check_count(double items) {
  if (!(items <= double(kMostConstantItems))) throw Untranslated("of more than 2^26 items");
}

// A tensor of that shape full of one number.
Traced filled(const Call& c, const std::vector<Number>& shape, const Number& value,
              at::ScalarType type) {
  double items = 1;
  bool fixed = true;
  for (const Number& n : shape) {
    if (n.real() < 0) throw OperatorError("a size below 0");
    items *= n.real();
    fixed = fixed && n.value.empty();
  }
  check_count(items);
  if (!fixed) {
    if (value.from_sizes) c.graph.note_decision();
    const auto one = std::make_shared<const at::Tensor>(at::full({1}, value.trial, type));
    return c.emit("ConstantOfShape", {c.graph.shape(shape)}, {{"value", one}});
  }
  Numbers sizes;
  for (const Number& n : shape) sizes.push_back(c.graph.decide(n));
  if (value.from_sizes) c.graph.note_decision();
  return c.graph.constant(at::full(sizes, value.trial, type));
}

// zeros(size, dtype, …)
Value of_size(Call& c, double value) {
  return tensor(filled(c, c.numbers(0), {value}, c.type(1).value_or(at::kFloat)));
}

at::ScalarType type_of(const Number& n) {
  return n.trial.isBoolean() ? at::kBool : n.trial.isIntegral(false) ? at::kLong : at::kFloat;
}

Value full(Call& c) {  // full(size, value, dtype, …)
  return tensor(filled(c, c.numbers(0), c.number(1), c.type(2).value_or(type_of(c.number(1)))));
}

std::vector<Number> shape_numbers(const Call& c, const Traced& x) {
  std::vector<Number> shape;
  for (std::int64_t d = 0; d < x.trial.dim(); ++d) shape.push_back(c.graph.size(x, d));
  return shape;
}

// zeros_like(x, dtype, …)
Value like(Call& c, double value) {
  const Traced x = c.tensor(0);
  return tensor(filled(c, shape_numbers(c, x), {value}, c.type(1).value_or(x.trial.scalar_type())));
}

Value full_like(Call& c) {  // full_like(x, value, dtype, …); also fill(x, value)
  const Traced x = c.tensor(0);
  const auto type = c.type(2).value_or(x.trial.scalar_type());
  if (c.is_tensor(1))
    return tensor(c.emit("Expand", {c.graph.cast(c.tensor(1), type), c.graph.shape_of(x)}));
  return tensor(filled(c, shape_numbers(c, x), c.number(1), type));
}

// x.copy_(source): the source in x's type and shape.
Value copy(Call& c) {
  if (const List* items = c.as<List>(0)) return make_list(**items);
  const Traced x = c.tensor(0);
  return tensor(
      c.emit("Expand", {c.graph.cast(c.tensor(1), x.trial.scalar_type()), c.graph.shape_of(x)}));
}

// new_zeros(x, size, dtype, …)
Value new_of_size(Call& c, double value) {
  return tensor(
      filled(c, c.numbers(1), {value}, c.type(2).value_or(c.tensor(0).trial.scalar_type())));
}

Value new_full(Call& c) {  // new_full(x, size, value, dtype, …)
  return tensor(
      filled(c, c.numbers(1), c.number(2), c.type(3).value_or(c.tensor(0).trial.scalar_type())));
}

// arange(end, dtype, …), arange(start, end, dtype, …), arange(start, end, step, dtype, …), each
// with four arguments from dtype on.
Value range(Call& c) {
  const std::size_t bounds = c.size() - 4;
  if (c.size() < 5 || bounds > 3) throw Untranslated("in this form");
  const Number start = bounds > 1 ? c.number(0) : Number{std::int64_t{0}};
  const Number end = c.number(bounds > 1 ? 1 : 0);
  const Number step = bounds > 2 ? c.number(2) : Number{std::int64_t{1}};
  const bool whole = start.is_integral() && end.is_integral() && step.is_integral();
  const at::ScalarType type = c.type(bounds).value_or(whole ? at::kLong : at::kFloat);
  if (step.real() == 0) throw OperatorError("a step of 0");
  check_count(std::ceil((end.real() - start.real()) / step.real()));
  if (start.value.empty() && end.value.empty() && step.value.empty()) {
    c.graph.decide(start);
    c.graph.decide(end);
    c.graph.decide(step);
    return tensor(c.graph.constant(at::arange(start.trial, end.trial, step.trial, type)));
  }
  const Traced made =
      c.emit("Range", {c.graph.scalar(start, at::kLong), c.graph.scalar(end, at::kLong),
                       c.graph.scalar(step, at::kLong)});
  return tensor(c.graph.cast(made, type));
}

Value linspace(Call& c) {  // linspace(start, end, steps, dtype, …)
  const std::int64_t steps = c.integer(2);
  check_count(static_cast<double>(steps));
  return tensor(c.graph.constant(
      at::linspace(c.real(0, 0), c.real(1, 0), steps, c.type(3).value_or(at::kFloat))));
}

// The numbers of a list of lists of one length, and those lengths.
void collect(const Value& value, std::size_t depth, Numbers& shape, std::vector<Number>& items) {
  if (const Number* number = value.as<Number>()) {
    if (depth != shape.size()) throw Untranslated("of lists of different depths");
    items.push_back(*number);
    return;
  }
  const List* list = value.as<List>();
  if (!list || depth > 8) throw Untranslated("of something that is no list of numbers");
  const auto length = static_cast<std::int64_t>((*list)->size());
  if (items.empty() && depth == shape.size()) shape.push_back(length);
  if (depth >= shape.size() || shape[depth] != length)
    throw Untranslated("of lists of different lengths");
  for (const Value& item : **list) collect(item, depth + 1, shape, items);
}

// tensor(numbers, dtype, …)
Value tensor_of(Call& c) {
  if (c.is_tensor(0)) return tensor(c.tensor(0));
  if (c.is_number(0))
    return tensor(c.graph.scalar(c.number(0), c.type(1).value_or(type_of(c.number(0)))));
  Numbers shape;
  std::vector<Number> items;
  collect(c[0], 0, shape, items);
  const at::ScalarType type = c.type(1).value_or(items.empty() ? at::kFloat : type_of(items[0]));
  if (at::isIntegralType(type, false)) {
    const Traced flat = c.graph.cast(c.graph.shape(items), type);
    return tensor(shape.size() == 1 ? flat : c.emit("Reshape", {flat, c.graph.integers(shape)}));
  }
  std::vector<double> numbers;
  for (const Number& n : items) {
    if (n.from_sizes) c.graph.note_decision();
    numbers.push_back(n.real());
  }
  return tensor(c.graph.constant(at::tensor(numbers, at::kDouble).to(type).reshape(shape)));
}

Value identity_matrix(Call& c) {  // eye(n, dtype, …)
  if (c.is_number(1) && c.size() > 5) throw Untranslated("that is not square");
  const std::int64_t n = c.integer(0);
  check_count(static_cast<double>(n) * static_cast<double>(n));
  return tensor(c.graph.constant(at::eye(n, c.type(1).value_or(at::kFloat))));
}

constexpr ScriptOperator kScriptCreationOperators[] = {
    {"aten::zeros", [](Call& c) { return of_size(c, 0); }},
    {"aten::ones", [](Call& c) { return of_size(c, 1); }},
    {"aten::empty", [](Call& c) { return of_size(c, 0); }},
    {"aten::full", full},
    {"aten::zeros_like", [](Call& c) { return like(c, 0); }},
    {"aten::ones_like", [](Call& c) { return like(c, 1); }},
    {"aten::empty_like", [](Call& c) { return like(c, 0); }},
    {"aten::zero", [](Call& c) { return like(c, 0); }},
    {"aten::full_like", full_like},
    {"aten::fill", full_like},
    {"aten::copy", copy},
    {"aten::new_zeros", [](Call& c) { return new_of_size(c, 0); }},
    {"aten::new_ones", [](Call& c) { return new_of_size(c, 1); }},
    {"aten::new_empty", [](Call& c) { return new_of_size(c, 0); }},
    {"aten::new_full", new_full},
    {"aten::arange", range},
    {"aten::linspace", linspace},
    {"aten::tensor", tensor_of},
    {"aten::eye", identity_matrix},
};

}  // namespace

std::span<const ScriptOperator> creation_translations() { return kScriptCreationOperators; }

}  // namespace assay::network::torchscript
