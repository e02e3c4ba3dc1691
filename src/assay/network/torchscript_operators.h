// What each operator of TorchScript ("aten::conv2d") means in ONNX's.
//
// One table, filled by one file a kind of operator. A translation serves every overload of its
// operator: it looks at what it is given. In-place forms ("aten::add_") need no row: they are the
// plain operator, whose result is written to the first argument. Forms that no translation knows
// are Untranslated; shapes that do not fit are the kernels' to refuse.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/network/torchscript_cell.h"
#include "assay/network/torchscript_recorder.h"
#include "assay/network/torchscript_value.h"

namespace assay::network::torchscript {

// One call of an operator. Arguments stand in the order of its schema; those beyond the given ones
// and None are absent.
class Call {
 public:
  Call(Recorder& graph, std::span<const Value> arguments) : graph(graph), arguments_(arguments) {}

  Recorder& graph;

  std::size_t size() const { return arguments_.size(); }
  const Value& operator[](std::size_t i) const;
  bool has(std::size_t i) const { return i < size() && !arguments_[i].is_none(); }
  template <class T>
  const T* as(std::size_t i) const {
    return i < size() ? arguments_[i].as<T>() : nullptr;
  }
  bool is_tensor(std::size_t i) const { return as<CellRef>(i) != nullptr; }
  bool is_number(std::size_t i) const { return as<Number>(i) != nullptr; }

  CellRef cell(std::size_t i) const;
  Traced tensor(std::size_t i) const { return cell(i)->read(); }
  const Number& number(std::size_t i) const;
  const List& list(std::size_t i) const;
  const std::string& text(std::size_t i) const;
  // Numbers that the graph wants as attributes: sizes among them are decided on.
  std::int64_t integer(std::size_t i) const { return graph.decide(number(i)); }
  std::int64_t integer(std::size_t i, std::int64_t fallback) const {
    return has(i) ? integer(i) : fallback;
  }
  double real(std::size_t i, double fallback) const;
  bool flag(std::size_t i) const { return has(i) && integer(i) != 0; }
  Numbers integers(std::size_t i) const;  // a list, or one number
  std::vector<Number> numbers(std::size_t i) const;
  std::vector<Traced> tensors(std::size_t i) const;
  std::int64_t axis(std::size_t i, std::int64_t rank) const;  // counted from the front
  std::optional<at::ScalarType> type(std::size_t i) const;

  // Short ways to write constants and nodes.
  Traced constant(double value, at::ScalarType type = at::kFloat) const {
    return graph.scalar({value}, type);
  }
  Traced emit(const std::string& op, const std::vector<Traced>& inputs,
              Attributes attributes = {}) const {
    return graph.emit(op, inputs, std::move(attributes));
  }

 private:
  std::span<const Value> arguments_;
};

using Translation = Value (*)(Call&);
struct ScriptOperator {
  std::string_view name;  // "aten::relu"
  Translation translate;
};

std::span<const ScriptOperator> arithmetic_translations();  // torchscript_arithmetic.cc
std::span<const ScriptOperator> activation_translations();  // torchscript_activation.cc
std::span<const ScriptOperator> layer_translations();       // torchscript_layer.cc
std::span<const ScriptOperator> pool_translations();        // torchscript_pool.cc
std::span<const ScriptOperator> attention_translations();   // torchscript_attention.cc
std::span<const ScriptOperator> reduction_translations();   // torchscript_reduction.cc
std::span<const ScriptOperator> view_translations();        // torchscript_view.cc
std::span<const ScriptOperator> shape_translations();       // torchscript_shape.cc
std::span<const ScriptOperator> creation_translations();    // torchscript_creation.cc
std::span<const ScriptOperator> container_translations();   // torchscript_container.cc

// Null when there is none.
Translation find_translation(std::string_view name);
// What the operator gives. Untranslated where it has no translation.
Value translate(const std::string& name, Call& call);

// -- what several translations need

inline Value tensor(Traced made) { return Cell::of(std::move(made)); }
// Both as tensors of the type that libtorch would compute in; numbers as constants.
std::pair<Traced, Traced> promoted(const Call& call, std::size_t a, std::size_t b);
// `count` numbers from a list of that many or of one; `fallback` where it is empty or absent.
Numbers repeated(const Call& call, std::size_t i, std::size_t count, std::int64_t fallback);
Numbers both_sides(const Numbers& pads);  // the same pads before and behind, as ONNX lists them
// a ∘ b for a scalar operator ("Add", "Sub", "Mul", "FloorDiv", "Mod", …).
Number combine(const Call& call, const std::string& op, const Number& a, const Number& b);
// The part start ≤ i < end of a dimension.
Traced slice(const Call& call, const Traced& x, std::int64_t dim, const Number& start,
             const Number& end, std::int64_t step = 1);
inline constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();
Traced softmax(const Call& call, const Traced& x, std::int64_t axis);
Traced swapped(const Call& call, const Traced& x, std::int64_t a, std::int64_t b);  // transposed
Traced linear(const Call& call, const Traced& x, const Traced& weight, const Traced* bias);

}  // namespace assay::network::torchscript
