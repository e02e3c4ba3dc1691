#include "assay/network/torchscript_operators.h"

#include <unordered_map>

#include "assay/base/error.h"
#include "assay/network/operators.h"

namespace assay::network::torchscript {

namespace {

const std::unordered_map<std::string_view, Translation>& table() {
  static const auto* const kTable = [] {
    auto* all = new std::unordered_map<std::string_view, Translation>;
    for (const auto group : {arithmetic_translations(), activation_translations(),
                             layer_translations(), pool_translations(), attention_translations(),
                             reduction_translations(), view_translations(), shape_translations(),
                             creation_translations(), container_translations()})
      for (const ScriptOperator& op : group)
        if (!all->emplace(op.name, op.translate).second)
          throw BugError("the operator " + std::string(op.name) + " has two translations");
    return all;
  }();
  return *kTable;
}

// x.add_(y): what x + y is, in x's type and shape, written to x. Of lists it is x += y.
Value in_place(Translation translation, Call& call) {
  if (const List* list = call.as<List>(0)) {
    const Value result = translation(call);
    const List* made = result.as<List>();
    if (!made) throw Untranslated("an in-place form that gives no list");
    **list = std::vector<Value>(**made);
    return *list;
  }
  const CellRef target = call.cell(0);
  const Value result = translation(call);
  const CellRef* made = result.as<CellRef>();
  if (!made) throw Untranslated("an in-place form that gives no tensor");
  if (*made != target) {
    const auto type = target->read().trial.scalar_type();
    target->write(call.graph.cast((*made)->read(), type));
  }
  return target;
}

[[noreturn]] void refuse_argument(std::size_t i, const char* wanted) {
  throw Untranslated("argument " + std::to_string(i) + " is not " + wanted);
}

}  // namespace

Translation find_translation(std::string_view name) {
  const auto it = table().find(name);
  return it == table().end() ? nullptr : it->second;
}

Value translate(const std::string& name, Call& call) {
  if (const Translation plain = find_translation(name)) return plain(call);
  if (name.size() > 1 && name.back() == '_' && name[name.size() - 2] != '_')
    if (const Translation plain =
            find_translation(std::string_view(name).substr(0, name.size() - 1)))
      return in_place(plain, call);
  throw Untranslated("");
}

const Value& Call::operator[](std::size_t i) const {
  if (i >= size()) throw Untranslated("argument " + std::to_string(i) + " is missing");
  return arguments_[i];
}

CellRef Call::cell(std::size_t i) const {
  const CellRef* cell = (*this)[i].as<CellRef>();
  if (!cell) refuse_argument(i, "a tensor");
  return *cell;
}

const Number& Call::number(std::size_t i) const {
  const Number* number = (*this)[i].as<Number>();
  if (!number) refuse_argument(i, "a number");
  return *number;
}

const List& Call::list(std::size_t i) const {
  const List* list = (*this)[i].as<List>();
  if (!list) refuse_argument(i, "a list");
  return *list;
}

const std::string& Call::text(std::size_t i) const {
  const std::string* text = (*this)[i].as<std::string>();
  if (!text) refuse_argument(i, "a text");
  return *text;
}

double Call::real(std::size_t i, double fallback) const {
  if (!has(i)) return fallback;
  if (number(i).from_sizes) graph.note_decision();
  return number(i).real();
}

std::vector<Number> Call::numbers(std::size_t i) const {
  if (is_number(i)) return {number(i)};
  std::vector<Number> numbers;
  for (const Value& item : *list(i)) {
    const Number* number = item.as<Number>();
    if (!number) refuse_argument(i, "a list of numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

Numbers Call::integers(std::size_t i) const {
  Numbers integers;
  for (const Number& number : numbers(i)) integers.push_back(graph.decide(number));
  return integers;
}

std::vector<Traced> Call::tensors(std::size_t i) const {
  std::vector<Traced> tensors;
  for (const Value& item : *list(i)) {
    const CellRef* cell = item.as<CellRef>();
    if (!cell) refuse_argument(i, "a list of tensors");
    tensors.push_back((*cell)->read());
  }
  return tensors;
}

std::int64_t Call::axis(std::size_t i, std::int64_t rank) const {
  return axis_of(integer(i), std::max<std::int64_t>(rank, 1));
}

std::optional<at::ScalarType> Call::type(std::size_t i) const {
  if (!has(i)) return std::nullopt;
  const std::int64_t type = integer(i);
  if (type < 0 || type >= static_cast<std::int64_t>(at::ScalarType::NumOptions))
    throw Untranslated("an unknown element type");
  return computed_type(static_cast<at::ScalarType>(type));
}

std::pair<Traced, Traced> promoted(const Call& call, std::size_t a, std::size_t b) {
  const auto common = [&] {
    if (!call.is_tensor(a)) return at::result_type(call.number(a).trial, call.tensor(b).trial);
    if (!call.is_tensor(b)) return at::result_type(call.tensor(a).trial, call.number(b).trial);
    return at::result_type(call.tensor(a).trial, call.tensor(b).trial);
  };
  const at::ScalarType type = computed_type(common());
  const auto operand = [&](std::size_t i) {
    return call.is_tensor(i) ? call.graph.cast(call.tensor(i), type)
                             : call.graph.scalar(call.number(i), type);
  };
  return {operand(a), operand(b)};
}

Numbers repeated(const Call& call, std::size_t i, std::size_t count, std::int64_t fallback) {
  Numbers numbers = call.has(i) ? call.integers(i) : Numbers{};
  if (numbers.empty()) numbers = {fallback};
  if (numbers.size() == 1) numbers.assign(count, numbers[0]);
  if (numbers.size() != count)
    throw OperatorError("argument " + std::to_string(i) + " has " + std::to_string(numbers.size()) +
                        " numbers, wanted " + std::to_string(count));
  return numbers;
}

Numbers both_sides(const Numbers& pads) {
  Numbers both = pads;
  both.insert(both.end(), pads.begin(), pads.end());
  return both;
}

}  // namespace assay::network::torchscript
