// Arithmetic, comparison and logic of tensors and of numbers.
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

// -- numbers

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == 0) throw OperatorError("division by zero");
  if (b == -1) return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a));
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t modulo(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) -
                                   static_cast<std::uint64_t>(floor_divide(a, b)) *
                                       static_cast<std::uint64_t>(b));
}

at::Scalar integer_result(const std::string& op, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a), y = static_cast<std::uint64_t>(b);  // wraps around
  if (op == "Add") return static_cast<std::int64_t>(x + y);
  if (op == "Sub") return static_cast<std::int64_t>(x - y);
  if (op == "Mul") return static_cast<std::int64_t>(x * y);
  if (op == "FloorDiv") return floor_divide(a, b);
  if (op == "Mod") return modulo(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  throw BugError("no arithmetic " + op);
}

at::Scalar real_result(const std::string& op, double a, double b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "FloorDiv") return std::floor(a / b);
  if (op == "Mod") return a - b * std::floor(a / b);
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  throw BugError("no arithmetic " + op);
}

Number true_quotient(const Number& a, const Number& b) {
  return {a.real() / b.real(), a.from_sizes || b.from_sizes};
}

Number power(const Number& a, const Number& b) {
  const double result = std::pow(a.real(), b.real());
  const bool sizes = a.from_sizes || b.from_sizes;
  if (a.is_integral() && b.is_integral() && b.real() >= 0 && std::abs(result) < 9e15)
    return {static_cast<std::int64_t>(result), sizes};
  return {result, sizes};
}

template <class Compare>
Number compared(const Number& a, const Number& b, Compare compare) {
  const bool integral = a.is_integral() && b.is_integral();
  const bool result = integral ? compare(a.trial.to<std::int64_t>(), b.trial.to<std::int64_t>())
                               : compare(a.real(), b.real());
  return {result, a.from_sizes || b.from_sizes};
}

// -- tensors

Value binary(Call& c, const std::string& op) {
  const auto [a, b] = promoted(c, 0, 1);
  return tensor(c.emit(op, {a, b}));
}

// The second operand times `alpha`, argument 2.
Value sum_of(Call& c, const std::string& op) {
  auto [a, b] = promoted(c, 0, 1);
  if (c.has(2) && c.real(2, 1) != 1)
    b = c.emit("Mul", {b, c.graph.scalar(c.number(2), b.trial.scalar_type())});
  return tensor(c.emit(op, {a, b}));
}

bool are_numbers(const Call& c) { return c.is_number(0) && c.is_number(1); }

Value add(Call& c) {
  if (are_numbers(c)) return combine(c, "Add", c.number(0), c.number(1));
  if (const List* a = c.as<List>(0)) {
    std::vector<Value> joined = **a;
    joined.insert(joined.end(), c.list(1)->begin(), c.list(1)->end());
    if (joined.size() > 1'000'000) throw Untranslated("a list of more than a million items");
    return make_list(std::move(joined));
  }
  if (c.as<std::string>(0)) {
    if (c.text(0).size() + c.text(1).size() > 1'000'000) throw Untranslated("a text of a megabyte");
    return c.text(0) + c.text(1);
  }
  return sum_of(c, "Add");
}

Value subtract(Call& c) {
  if (are_numbers(c)) return combine(c, "Sub", c.number(0), c.number(1));
  return sum_of(c, "Sub");
}

Value subtract_from(Call& c) {  // rsub(x, y) = y - alpha x
  auto [a, b] = promoted(c, 0, 1);
  if (c.has(2) && c.real(2, 1) != 1)
    a = c.emit("Mul", {a, c.graph.scalar(c.number(2), a.trial.scalar_type())});
  return tensor(c.emit("Sub", {b, a}));
}

Value multiply(Call& c) {
  if (are_numbers(c)) return combine(c, "Mul", c.number(0), c.number(1));
  if (const List* items = c.as<List>(0)) {
    const std::int64_t count = std::max<std::int64_t>(c.integer(1), 0);
    if (count > 0 && (*items)->size() > 1'000'000 / static_cast<std::size_t>(count))
      throw Untranslated("a list of more than a million items");
    std::vector<Value> repeated;
    for (std::int64_t i = 0; i < count && !(*items)->empty(); ++i)
      repeated.insert(repeated.end(), (*items)->begin(), (*items)->end());
    return make_list(std::move(repeated));
  }
  return binary(c, "Mul");
}

// Towards minus infinity, as Python's //.
Traced floored_quotient(const Call& c, const Traced& a, const Traced& b) {
  if (at::isFloatingType(a.trial.scalar_type())) return c.emit("Floor", {c.emit("Div", {a, b})});
  return c.emit("Div", {c.emit("Sub", {a, c.emit("Mod", {a, b})}), b});
}

Value divide(Call& c) {
  const std::string rounding = c.has(2) ? c.text(2) : "";
  if (are_numbers(c)) return true_quotient(c.number(0), c.number(1));
  auto [a, b] = promoted(c, 0, 1);
  if (rounding == "floor") return tensor(floored_quotient(c, a, b));
  if (rounding == "trunc") {
    const Traced quotient = c.emit("Div", {a, b});  // of integers it is rounded so already
    if (!at::isFloatingType(a.trial.scalar_type())) return tensor(quotient);
    return tensor(
        c.emit("Mul", {c.emit("Sign", {quotient}), c.emit("Floor", {c.emit("Abs", {quotient})})}));
  }
  return tensor(c.emit("Div", {c.graph.cast(a, at::kFloat), c.graph.cast(b, at::kFloat)}));
}

Value floor_division(Call& c) {
  if (are_numbers(c)) return combine(c, "FloorDiv", c.number(0), c.number(1));
  const auto [a, b] = promoted(c, 0, 1);
  return tensor(floored_quotient(c, a, b));
}

Value remainder(Call& c) {
  if (are_numbers(c)) return combine(c, "Mod", c.number(0), c.number(1));
  const auto [a, b] = promoted(c, 0, 1);
  if (!at::isFloatingType(a.trial.scalar_type())) return tensor(c.emit("Mod", {a, b}));
  return tensor(c.emit("Sub", {a, c.emit("Mul", {b, floored_quotient(c, a, b)})}));
}

Value raise(Call& c) {
  if (are_numbers(c)) return power(c.number(0), c.number(1));
  return binary(c, "Pow");
}

// How often `for i in range(start, end, step)` runs, and what i is the nth time.
Value range_length(Call& c) {
  const Number &start = c.number(0), &end = c.number(1), &step = c.number(2);
  if (step.real() == 0) throw OperatorError("a range with a step of 0");
  const double count = std::ceil((end.real() - start.real()) / step.real());
  if (!(std::abs(count) < 9e15)) throw OperatorError("an endless range");
  return Number{std::max<std::int64_t>(static_cast<std::int64_t>(count), 0),
                start.from_sizes || end.from_sizes || step.from_sizes};
}

Value range_item(Call& c) {  // __derive_index(n, start, step)
  return combine(c, "Add", c.number(1), combine(c, "Mul", c.number(0), c.number(2)));
}

template <class Compare>
Value compare(Call& c, const char* op, Compare compare_numbers) {
  if (are_numbers(c)) return compared(c.number(0), c.number(1), compare_numbers);
  return binary(c, op);
}

// Whether two Python values are the same, where no tensor is among them.
bool equal(const Call& c, const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (const Number* n = a.as<Number>()) {
    c.graph.decide(*n);
    c.graph.decide(*b.as<Number>());
    return n->real() == b.as<Number>()->real();
  }
  if (const std::string* text = a.as<std::string>()) return *text == *b.as<std::string>();
  if (const List* list = a.as<List>()) {
    const List& other = *b.as<List>();
    if ((*list)->size() != other->size()) return false;
    for (std::size_t i = 0; i < other->size(); ++i)
      if (!equal(c, (**list)[i], (*other)[i])) return false;
    return true;
  }
  if (a.is_none()) return true;
  throw Untranslated("compares values that are neither numbers, texts nor lists of them");
}

bool has_tensor(const Call& c) { return c.is_tensor(0) || c.is_tensor(1); }

Value equals(Call& c) {
  if (has_tensor(c)) return binary(c, "Equal");
  if (are_numbers(c)) return compared(c.number(0), c.number(1), std::equal_to<>());
  return Number{equal(c, c[0], c[1])};
}

Value differs(Call& c) {
  if (has_tensor(c)) {
    const auto [a, b] = promoted(c, 0, 1);
    return tensor(c.emit("Not", {c.emit("Equal", {a, b})}));
  }
  if (are_numbers(c)) return compared(c.number(0), c.number(1), std::not_equal_to<>());
  return Number{!equal(c, c[0], c[1])};
}

bool truth(const Call& c, std::size_t i) { return c.graph.decide(c.number(i)) != 0; }

Traced as_bool(const Call& c, std::size_t i) {
  return c.is_tensor(i) ? c.graph.cast(c.tensor(i), at::kBool)
                        : c.graph.scalar(c.number(i), at::kBool);
}

// Python's `and`, or & of tensors of bools.
Value logical(Call& c, const char* op, bool (*of_numbers)(bool, bool)) {
  if (are_numbers(c)) {
    const Number &a = c.number(0), &b = c.number(1);
    const bool result =
        of_numbers(a.trial.to<std::int64_t>() != 0, b.trial.to<std::int64_t>() != 0);
    return Number{result, a.from_sizes || b.from_sizes};
  }
  return tensor(c.emit(op, {as_bool(c, 0), as_bool(c, 1)}));
}

// & of tensors: of bools only.
Value bitwise(Call& c, const char* op, bool (*of_numbers)(bool, bool)) {
  for (const std::size_t i : {0, 1}) {
    const bool is_bool = c.is_tensor(i) ? c.tensor(i).trial.scalar_type() == at::kBool
                                        : c.number(i).trial.isBoolean();
    if (!is_bool) throw Untranslated("of integers");
  }
  return logical(c, op, of_numbers);
}

Value negate_logic(Call& c) {
  if (c.is_number(0)) return Number{!truth(c, 0)};
  return tensor(c.emit("Not", {as_bool(c, 0)}));
}

Value negate(Call& c) {
  if (c.is_number(0)) {
    const Number& n = c.number(0);
    if (n.is_integral()) return combine(c, "Sub", Number{std::int64_t{0}}, n);
    return Number{-n.real(), n.from_sizes};
  }
  return tensor(c.emit("Neg", {c.tensor(0)}));
}

// A function of one number or of each item.
Value unary(Call& c, const char* op, double (*of_number)(double)) {
  if (c.is_number(0)) return Number{of_number(c.number(0).real()), c.number(0).from_sizes};
  Traced x = c.tensor(0);
  if (std::string_view(op) != "Abs" && std::string_view(op) != "Sign")
    x = c.graph.cast(
        x, at::isFloatingType(x.trial.scalar_type()) ? x.trial.scalar_type() : at::kFloat);
  return tensor(c.emit(op, {x}));
}

Value whole(Call& c, const char* op, double (*of_number)(double)) {  // ceil, floor of numbers: ints
  if (!c.is_number(0)) return unary(c, op, of_number);
  const double result = of_number(c.number(0).real());
  if (!(std::abs(result) < 9e18)) throw OperatorError("a number beyond int64");
  return Number{static_cast<std::int64_t>(result), c.number(0).from_sizes};
}

Value extreme(Call& c, const char* op) {  // maximum(x, y), min of two numbers
  if (are_numbers(c)) return combine(c, op, c.number(0), c.number(1));
  return binary(c, op);
}

Value reciprocal_root(Call& c) {
  return tensor(c.emit("Reciprocal", {c.emit("Sqrt", {c.tensor(0)})}));
}
Value square(Call& c) { return tensor(c.emit("Mul", {c.tensor(0), c.tensor(0)})); }

Value where(Call& c) {
  if (c.size() < 3) throw Untranslated("the places of a mask");
  const auto [a, b] = promoted(c, 1, 2);
  return tensor(c.emit("Where", {as_bool(c, 0), a, b}));
}

Value masked_fill(Call& c) {
  const Traced x = c.tensor(0);
  const Traced value = c.is_tensor(2) ? c.graph.cast(c.tensor(2), x.trial.scalar_type())
                                      : c.graph.scalar(c.number(2), x.trial.scalar_type());
  return tensor(c.emit("Where", {as_bool(c, 1), value, x}));
}

// clamp(x, min, max), each a number, a tensor or None.
Value clamp_between(const Call& c, std::size_t low, std::size_t high) {
  Traced x = c.tensor(0);
  const auto bound = [&](std::size_t i, const char* op) {
    if (!c.has(i)) return;
    const Traced b = c.is_tensor(i) ? c.graph.cast(c.tensor(i), x.trial.scalar_type())
                                    : c.graph.scalar(c.number(i), x.trial.scalar_type());
    x = c.emit(op, {x, b});
  };
  if (c.has(low) && c.has(high) && c.is_number(low) && c.is_number(high)) {
    const auto type = x.trial.scalar_type();
    return tensor(c.emit(
        "Clip", {x, c.graph.scalar(c.number(low), type), c.graph.scalar(c.number(high), type)}));
  }
  bound(low, "Max");
  bound(high, "Min");
  return tensor(x);
}

Value scaled_product(Call& c, const char* op) {  // addcmul(x, a, b, value)
  Traced product = c.emit(op, {c.tensor(1), c.tensor(2)});
  if (c.real(3, 1) != 1) product = c.emit("Mul", {product, c.constant(c.real(3, 1))});
  return tensor(c.emit("Add", {c.tensor(0), product}));
}

// -- numbers out of tensors, and back

Number number_of(const Call& c, at::ScalarType type) {
  if (c.is_number(0)) return c.number(0);
  if (const std::string* text = c.as<std::string>(0))
    throw Untranslated("a number out of the text \"" + text->substr(0, 40) + "\"");
  const Traced x = c.tensor(0);
  if (x.items == Follows::kData)
    throw Untranslated("the program reads the picture's content as a number");
  if (x.trial.numel() != 1) throw OperatorError("a number out of a tensor of several items");
  Number number{x.trial.item(), x.items == Follows::kShapes};
  if (number.from_sizes && type == at::kLong && x.trial.scalar_type() == at::kLong)
    number.value = x.trial.dim() == 0 ? x.name : c.emit("Reshape", {x, c.graph.integers({})}).name;
  return number;
}

Value to_integer(Call& c) {
  const Number n = number_of(c, at::kLong);
  if (n.trial.isIntegral(false)) return n;
  if (!n.trial.isBoolean() && !(std::abs(n.real()) < 9e18))
    throw OperatorError("a number beyond int64");
  return Number{
      n.trial.isBoolean() ? n.trial.to<std::int64_t>() : static_cast<std::int64_t>(n.real()),
      n.from_sizes};
}
Value to_real(Call& c) {
  const Number n = number_of(c, at::kFloat);
  return Number{n.real(), n.from_sizes};
}
Value to_truth(Call& c) {
  const Number n = number_of(c, at::kFloat);
  return Number{n.real() != 0, n.from_sizes};
}
Value to_number(Call& c) { return number_of(c, at::kLong); }

Value number_to_tensor(Call& c) {
  const Number& n = c.number(0);
  const auto type = n.trial.isBoolean()         ? at::kBool
                    : n.trial.isIntegral(false) ? at::kLong
                                                : at::kFloat;
  return tensor(c.graph.scalar(n, type));
}

#define UNARY(name, op, f)                                 \
  {                                                        \
    "aten::" name, [](Call& c) { return unary(c, op, f); } \
  }

constexpr ScriptOperator kScriptArithmeticOperators[] = {
    {"aten::add", add},
    {"aten::sub", subtract},
    {"aten::rsub", subtract_from},
    {"aten::mul", multiply},
    {"aten::div", divide},
    {"aten::true_divide", divide},
    {"aten::floordiv", floor_division},
    {"aten::floor_divide", floor_division},
    {"aten::remainder", remainder},
    {"aten::pow", raise},
    {"aten::__range_length", range_length},
    {"aten::__derive_index", range_item},
    {"aten::neg", negate},
    {"aten::square", square},
    {"aten::rsqrt", reciprocal_root},
    {"aten::maximum", [](Call& c) { return extreme(c, "Max"); }},
    {"aten::minimum", [](Call& c) { return extreme(c, "Min"); }},
    {"aten::addcmul", [](Call& c) { return scaled_product(c, "Mul"); }},
    {"aten::addcdiv", [](Call& c) { return scaled_product(c, "Div"); }},

    UNARY("abs", "Abs", std::fabs),
    UNARY("exp", "Exp", std::exp),
    UNARY("log", "Log", std::log),
    UNARY("sqrt", "Sqrt", std::sqrt),
    UNARY("erf", "Erf", std::erf),
    UNARY("sin", "Sin", std::sin),
    UNARY("cos", "Cos", std::cos),
    UNARY("tan", "Tan", std::tan),
    UNARY("asin", "Asin", std::asin),
    UNARY("acos", "Acos", std::acos),
    UNARY("atan", "Atan", std::atan),
    UNARY("sinh", "Sinh", std::sinh),
    UNARY("cosh", "Cosh", std::cosh),
    UNARY("tanh", "Tanh", std::tanh),
    UNARY("reciprocal", "Reciprocal", [](double x) { return 1 / x; }),
    UNARY("sign", "Sign", [](double x) { return double(x > 0) - double(x < 0); }),
    {"aten::ceil", [](Call& c) { return whole(c, "Ceil", std::ceil); }},
    {"aten::floor", [](Call& c) { return whole(c, "Floor", std::floor); }},
    {"aten::round", [](Call& c) { return whole(c, "Round", std::nearbyint); }},

    {"aten::eq", equals},
    {"aten::ne", differs},
    {"aten::lt", [](Call& c) { return compare(c, "Less", std::less<>()); }},
    {"aten::le", [](Call& c) { return compare(c, "LessOrEqual", std::less_equal<>()); }},
    {"aten::gt", [](Call& c) { return compare(c, "Greater", std::greater<>()); }},
    {"aten::ge", [](Call& c) { return compare(c, "GreaterOrEqual", std::greater_equal<>()); }},
    {"aten::__and__",
     [](Call& c) { return bitwise(c, "And", [](bool a, bool b) { return a && b; }); }},
    {"aten::__or__",
     [](Call& c) { return bitwise(c, "Or", [](bool a, bool b) { return a || b; }); }},
    {"aten::__xor__",
     [](Call& c) { return bitwise(c, "Xor", [](bool a, bool b) { return a != b; }); }},
    {"aten::bitwise_and",
     [](Call& c) { return bitwise(c, "And", [](bool a, bool b) { return a && b; }); }},
    {"aten::bitwise_or",
     [](Call& c) { return bitwise(c, "Or", [](bool a, bool b) { return a || b; }); }},
    {"aten::logical_and",
     [](Call& c) { return logical(c, "And", [](bool a, bool b) { return a && b; }); }},
    {"aten::logical_or",
     [](Call& c) { return logical(c, "Or", [](bool a, bool b) { return a || b; }); }},
    {"aten::logical_xor",
     [](Call& c) { return logical(c, "Xor", [](bool a, bool b) { return a != b; }); }},
    {"aten::__not__", negate_logic},
    {"aten::logical_not", negate_logic},
    {"aten::bitwise_not", negate_logic},

    {"aten::where", where},
    {"aten::masked_fill", masked_fill},
    {"aten::clamp", [](Call& c) { return clamp_between(c, 1, 2); }},
    {"aten::clip", [](Call& c) { return clamp_between(c, 1, 2); }},
    {"aten::hardtanh", [](Call& c) { return clamp_between(c, 1, 2); }},
    {"aten::clamp_min", [](Call& c) { return clamp_between(c, 1, 9); }},
    {"aten::clamp_max", [](Call& c) { return clamp_between(c, 9, 1); }},

    {"aten::Int", to_integer},
    {"aten::IntImplicit", to_integer},
    {"aten::Float", to_real},
    {"aten::FloatImplicit", to_real},
    {"aten::Bool", to_truth},
    {"aten::item", to_number},
    {"aten::ScalarImplicit", to_number},
    {"prim::NumToTensor", number_to_tensor},
    {"aten::scalar_tensor", number_to_tensor},
};

#undef UNARY

}  // namespace

Number combine(const Call& c, const std::string& op, const Number& a, const Number& b) {
  Number result;
  result.from_sizes = a.from_sizes || b.from_sizes;
  if (!a.is_integral() || !b.is_integral()) {
    result.trial = real_result(op, a.real(), b.real());
    return result;
  }
  result.trial = integer_result(op, a.trial.to<std::int64_t>(), b.trial.to<std::int64_t>());
  if (a.value.empty() && b.value.empty()) return result;
  const Traced x = c.graph.scalar(a, at::kLong), y = c.graph.scalar(b, at::kLong);
  result.value = (op == "FloorDiv" ? floored_quotient(c, x, y) : c.emit(op, {x, y})).name;
  return result;
}

std::span<const ScriptOperator> arithmetic_translations() { return kScriptArithmeticOperators; }

}  // namespace assay::network::torchscript
