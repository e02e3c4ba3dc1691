// Python's lists, dictionaries and texts.
#include <algorithm>

#include "assay/base/error.h"
#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

constexpr std::size_t kMostItems = 1'000'000;

std::size_t place(const Call& c, std::size_t argument, std::size_t length) {
  const std::int64_t given = c.integer(argument), size = static_cast<std::int64_t>(length);
  const std::int64_t i = given < 0 ? given + size : given;
  if (i < 0 || i >= size)
    throw OperatorError("index " + std::to_string(given) + " of a list of " + std::to_string(size));
  return static_cast<std::size_t>(i);
}

// Keys are texts or numbers.
bool same_key(const Value& a, const Value& b) {
  if (const std::string* text = a.as<std::string>())
    return b.as<std::string>() && *text == *b.as<std::string>();
  if (const Number* n = a.as<Number>())
    return b.as<Number>() && n->real() == b.as<Number>()->real();
  return false;
}

const Value* find(const Dict& dict, const Value& key) {
  for (const auto& [k, v] : *dict)
    if (same_key(k, key)) return &v;
  return nullptr;
}

// Whether `container` is somewhere inside `value`.
bool holds(const Value& value, const void* container) {
  const auto in = [&](const Value& item) { return holds(item, container); };
  if (const List* list = value.as<List>())
    return list->get() == container || std::any_of((*list)->begin(), (*list)->end(), in);
  if (const Tuple* tuple = value.as<Tuple>())
    return std::any_of((*tuple)->items.begin(), (*tuple)->items.end(), in);
  if (const Dict* dict = value.as<Dict>())
    return dict->get() == container ||
           std::any_of((*dict)->begin(), (*dict)->end(),
                       [&](const auto& entry) { return in(entry.second); });
  return false;
}

// Everything that is put into a list or dictionary comes by here: one that holds itself would end no
// recursion and never be freed.
const Value& taken_into(const void* container, const Value& value) {
  if (holds(value, container)) throw Untranslated("a list or dictionary that holds itself");
  return value;
}

Value item(Call& c) {
  if (const Dict* dict = c.as<Dict>(0)) {
    const Value* found = find(*dict, c[1]);
    if (!found) throw OperatorError("a key that the dictionary lacks");
    return *found;
  }
  if (const std::string* text = c.as<std::string>(0))
    return std::string(1, (*text)[place(c, 1, text->size())]);
  const List& list = c.list(0);
  return (*list)[place(c, 1, list->size())];
}

Value set_item(Call& c) {
  if (const Dict* dict = c.as<Dict>(0)) {
    for (auto& [k, v] : **dict)
      if (same_key(k, c[1])) {
        v = taken_into(dict->get(), c[2]);
        return std::monostate{};
      }
    if ((*dict)->size() >= kMostItems)
      throw Untranslated("a dictionary of more than a million keys");
    (*dict)->emplace_back(c[1], taken_into(dict->get(), c[2]));
    return std::monostate{};
  }
  const List& list = c.list(0);
  (*list)[place(c, 1, list->size())] = taken_into(list.get(), c[2]);
  return list;
}

Value append(Call& c) {
  if (c.list(0)->size() >= kMostItems) throw Untranslated("a list of more than a million items");
  c.list(0)->push_back(taken_into(c.list(0).get(), c[1]));
  return c.list(0);
}

Value extend(Call& c) {
  const std::vector<Value> more = *c.list(1);  // perhaps the same list
  if (c.list(0)->size() + more.size() > kMostItems)
    throw Untranslated("a list of more than a million items");
  for (const Value& value : more) taken_into(c.list(0).get(), value);
  c.list(0)->insert(c.list(0)->end(), more.begin(), more.end());
  return std::monostate{};
}

Value insert(Call& c) {
  const List& list = c.list(0);
  if (list->size() >= kMostItems) throw Untranslated("a list of more than a million items");
  const auto size = static_cast<std::int64_t>(list->size());
  std::int64_t at = c.integer(1);
  at = std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  list->insert(list->begin() + at, taken_into(list.get(), c[2]));
  return std::monostate{};
}

Value pop(Call& c) {
  const List& list = c.list(0);
  if (list->empty()) throw OperatorError("an item out of an empty list");
  const std::size_t at = c.has(1) ? place(c, 1, list->size()) : list->size() - 1;
  const Value taken = (*list)[at];
  list->erase(list->begin() + static_cast<std::ptrdiff_t>(at));
  return taken;
}

Value reverse(Call& c) {
  std::reverse(c.list(0)->begin(), c.list(0)->end());
  return std::monostate{};
}

Value clear(Call& c) {
  c.list(0)->clear();
  return std::monostate{};
}

Value length(Call& c) {
  std::size_t n = 0;
  if (const List* list = c.as<List>(0))
    n = (*list)->size();
  else if (const Dict* dict = c.as<Dict>(0))
    n = (*dict)->size();
  else if (const std::string* text = c.as<std::string>(0))
    n = text->size();
  else if (const Tuple* tuple = c.as<Tuple>(0))
    n = (*tuple)->items.size();
  else
    return c.graph.size(c.tensor(0), 0);
  return Number{static_cast<std::int64_t>(n)};
}

Value contains(Call& c) {
  if (const Dict* dict = c.as<Dict>(0)) return Number{find(*dict, c[1]) != nullptr};
  const List& list = c.list(0);
  return Number{
      std::any_of(list->begin(), list->end(), [&](const Value& v) { return same_key(v, c[1]); })};
}

Value of_dict(Call& c, bool keys, bool values) {
  const Dict* dict = c.as<Dict>(0);
  if (!dict) throw Untranslated("of something that is no dictionary");
  std::vector<Value> items;
  for (const auto& [k, v] : **dict)
    items.push_back(keys && values ? Value(make_tuple({k, v})) : keys ? k : v);
  return make_list(std::move(items));
}

Value list_of(Call& c) {
  if (const std::string* text = c.as<std::string>(0)) {
    std::vector<Value> letters;
    for (const char letter : *text) letters.push_back(std::string(1, letter));
    return make_list(std::move(letters));
  }
  return make_list(*c.list(0));
}

// `is` and `is not`, which programs ask of None, and attention of its query, key and value.
Value is(Call& c, bool wanted) {
  const CellRef *a = c.as<CellRef>(0), *b = c.as<CellRef>(1);
  if (a && b) return Number{(*a == *b) == wanted};
  if (!c[0].is_none() && !c[1].is_none())
    throw Untranslated("of two values that are neither None nor tensors");
  return Number{(c[0].is_none() && c[1].is_none()) == wanted};
}

// Only in messages, and to ask whether there is one.
Value written(Call& c) {
  if (const std::string* text = c.as<std::string>(0)) return *text;
  if (const Number* n = c.as<Number>(0))
    return n->is_integral() ? std::to_string(n->trial.to<std::int64_t>())
                            : std::to_string(n->real());
  return std::string("...");
}

Value find_text(Call& c) {  // find(text, part, start, end)
  const std::string& text = c.text(0);
  if (c.integer(2, 0) != 0) throw Untranslated("from a place of its own");
  const auto at = text.find(c.text(1));
  return Number{at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(at)};
}

Value nothing(Call&) { return std::monostate{}; }

// Of two numbers or of a list.
Value extreme_number(Call& c, const char* op) {
  if (c.is_number(0) && c.is_number(1)) return combine(c, op, c.number(0), c.number(1));
  const std::vector<Number> numbers = c.numbers(0);
  if (c.size() > 1 || numbers.empty()) throw Untranslated("of two lists, or of none");
  Number result = numbers[0];
  for (const Number& n : numbers) result = combine(c, op, result, n);
  return result;
}

constexpr ScriptOperator kScriptContainerOperators[] = {
    {"aten::__getitem__", item},
    {"aten::_set_item", set_item},
    {"aten::append", append},
    {"aten::extend", extend},
    {"aten::insert", insert},
    {"aten::pop", pop},
    {"aten::reverse", reverse},
    {"aten::clear", clear},
    {"aten::len", length},
    {"aten::__contains__", contains},
    {"aten::keys", [](Call& c) { return of_dict(c, true, false); }},
    {"aten::values", [](Call& c) { return of_dict(c, false, true); }},
    {"aten::items", [](Call& c) { return of_dict(c, true, true); }},
    {"aten::list", list_of},
    {"aten::__is__", [](Call& c) { return is(c, true); }},
    {"aten::__isnot__", [](Call& c) { return is(c, false); }},
    {"aten::str", written},
    {"aten::format", written},
    {"aten::find", find_text},
    {"aten::warn", nothing},
    {"prim::Print", nothing},
    {"prim::min", [](Call& c) { return extreme_number(c, "Min"); }},
    {"prim::max", [](Call& c) { return extreme_number(c, "Max"); }},
};

}  // namespace

std::span<const ScriptOperator> container_translations() { return kScriptContainerOperators; }

}  // namespace assay::network::torchscript
