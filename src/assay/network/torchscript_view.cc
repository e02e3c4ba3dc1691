// Operators whose result shares its argument's memory in libtorch: a write to either is a write to
// both (torchscript_cell.h).
#include <algorithm>
#include <functional>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

// A view that shows every item of its base in another shape: put back by the base's own shape.
Value reshaped_view(Call& c, std::function<Traced(const Traced&)> look) {
  Recorder& graph = c.graph;
  const auto put = [&graph](const Traced& base, const Traced& part) {
    return graph.emit("Reshape", {part, graph.shape_of(base)});
  };
  return Cell::view(c.cell(0), {std::move(look), put});
}

Value view(Call& c) {
  if (c.type(2) || !c.as<List>(1)) throw Untranslated("as another type");
  Recorder& graph = c.graph;
  const std::vector<Number> shape = c.numbers(1);
  for (const Number& n : shape)
    if (n.trial.to<std::int64_t>() == 0) throw Untranslated("to a shape without items");
  const Traced wanted = graph.shape(shape);
  return reshaped_view(c, [&graph, wanted](const Traced& base) {
    return graph.emit("Reshape", {base, wanted});
  });
}

Value view_as(Call& c) {
  Recorder& graph = c.graph;
  const Traced wanted = graph.shape_of(c.tensor(1));
  return reshaped_view(c, [&graph, wanted](const Traced& base) {
    return graph.emit("Reshape", {base, wanted});
  });
}

Value unsqueeze(Call& c) {
  Recorder& graph = c.graph;
  const std::int64_t axis = axis_of(c.integer(1), c.tensor(0).trial.dim() + 1);
  return reshaped_view(c, [&graph, axis](const Traced& base) {
    return graph.emit("Unsqueeze", {base, graph.integers({axis})});
  });
}

// squeeze(x), squeeze(x, dim): what has more than one item stays.
Value squeeze(Call& c) {
  Recorder& graph = c.graph;
  const Traced x = c.tensor(0);
  const std::int64_t rank = x.trial.dim();
  Numbers axes;
  if (c.has(1)) {
    for (const std::int64_t axis : c.integers(1))
      axes.push_back(axis_of(axis, std::max<std::int64_t>(rank, 1)));
  } else {
    for (std::int64_t d = 0; d < rank; ++d) axes.push_back(d);
  }
  if (x.shape != Follows::kConstants) graph.note_decision();
  std::erase_if(axes, [&](std::int64_t d) { return d >= rank || x.trial.size(d) != 1; });
  if (axes.empty()) return c.cell(0);
  return reshaped_view(c, [&graph, axes](const Traced& base) {
    return graph.emit("Squeeze", {base, graph.integers(axes)});
  });
}

Value permuted(Call& c, const Numbers& order) {
  Recorder& graph = c.graph;
  Numbers back(order.size());
  for (std::size_t d = 0; d < order.size(); ++d)
    back[static_cast<std::size_t>(order[d])] = static_cast<std::int64_t>(d);
  const auto by = [&graph](Numbers perm) {
    return [&graph, perm](const Traced& x) {
      return graph.emit("Transpose", {x}, {{"perm", perm}});
    };
  };
  const auto undo = by(back);
  return Cell::view(c.cell(0),
                    {by(order), [undo](const Traced&, const Traced& part) { return undo(part); }});
}

Value permute(Call& c) {
  const std::int64_t rank = c.tensor(0).trial.dim();
  Numbers order = c.integers(1);
  for (std::int64_t& axis : order) axis = axis_of(axis, rank);
  Numbers sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::int64_t d = 0; d < rank; ++d)
    if (sorted.size() != static_cast<std::size_t>(rank) || sorted[static_cast<std::size_t>(d)] != d)
      throw OperatorError("permute does not name each dimension once");
  return permuted(c, order);
}

Value transpose(Call& c) {
  const std::int64_t rank = c.tensor(0).trial.dim();
  Numbers order;
  for (std::int64_t d = 0; d < rank; ++d) order.push_back(d);
  if (rank < 2) return c.cell(0);
  const bool named = c.has(1);  // else t(x)
  std::swap(order[static_cast<std::size_t>(named ? c.axis(1, rank) : 0)],
            order[static_cast<std::size_t>(named ? c.axis(2, rank) : 1)]);
  return permuted(c, order);
}

Value all_reversed(Call& c) {  // x.T
  Numbers order;
  for (std::int64_t d = c.tensor(0).trial.dim(); d-- > 0;) order.push_back(d);
  return permuted(c, order);
}

Value last_swapped(Call& c) {  // x.mT
  const std::int64_t rank = c.tensor(0).trial.dim();
  if (rank < 2)
    throw OperatorError("the last two dimensions of a tensor of " + std::to_string(rank));
  Numbers order;
  for (std::int64_t d = 0; d < rank; ++d) order.push_back(d);
  std::swap(order[static_cast<std::size_t>(rank - 1)], order[static_cast<std::size_t>(rank - 2)]);
  return permuted(c, order);
}

// The base with `part` from `start` up to `end`.
std::function<Traced(const Traced&, const Traced&)> put_slice(Recorder& graph, std::int64_t dim,
                                                              const Number& start,
                                                              const Number& end) {
  return [&graph, dim, start, end](const Traced& base, const Traced& part) {
    const Call c(graph, {});
    const bool from_start = !start.from_sizes && start.trial.to<std::int64_t>() == 0;
    const bool to_end = !end.from_sizes && end.trial.to<std::int64_t>() == kToTheEnd;
    std::vector<Traced> parts;
    if (!from_start) parts.push_back(slice(c, base, dim, {std::int64_t{0}}, start));
    parts.push_back(part);
    if (!to_end) parts.push_back(slice(c, base, dim, end, {kToTheEnd}));
    return parts.size() == 1 ? part : graph.emit("Concat", parts, {{"axis", dim}});
  };
}

Value sliced(Call& c, std::int64_t dim, const Number& start, const Number& end, std::int64_t step) {
  Recorder& graph = c.graph;
  const auto look = [&graph, dim, start, end, step](const Traced& base) {
    return slice(Call(graph, {}), base, dim, start, end, step);
  };
  View view{look, nullptr};
  if (step == 1) view.put = put_slice(graph, dim, start, end);
  return Cell::view(c.cell(0), std::move(view));
}

// slice(x, dim, start, end, step), or of a list.
Value slice_of(Call& c) {
  if (const List* list = c.as<List>(0)) {
    const auto length = static_cast<std::int64_t>((*list)->size());
    const auto bound = [&](std::size_t i, std::int64_t fallback) {
      const std::int64_t at = c.integer(i, fallback);
      return std::clamp<std::int64_t>(at < 0 ? at + length : at, 0, length);
    };
    const std::int64_t from = bound(1, 0), to = bound(2, length), step = c.integer(3, 1);
    if (step < 1) throw Untranslated("backwards");
    std::vector<Value> part;
    for (std::int64_t i = from; i < to; i += step)
      part.push_back((**list)[static_cast<std::size_t>(i)]);
    return make_list(std::move(part));
  }
  const Traced x = c.tensor(0);
  const std::int64_t dim = c.has(1) ? c.axis(1, x.trial.dim()) : 0;
  const Number start = c.has(2) ? c.number(2) : Number{std::int64_t{0}};
  const Number end = c.has(3) ? c.number(3) : Number{kToTheEnd};
  const std::int64_t step = c.integer(4, 1);
  if (step == 1 && !start.from_sizes && start.trial.to<std::int64_t>() == 0 && !end.from_sizes &&
      end.trial.to<std::int64_t>() == kToTheEnd)
    return c.cell(0);
  return sliced(c, dim, start, end, step);
}

Value narrow(Call& c) {  // narrow(x, dim, start, length)
  const std::int64_t dim = c.axis(1, c.tensor(0).trial.dim());
  return sliced(c, dim, c.number(2), combine(c, "Add", c.number(2), c.number(3)), 1);
}

// One place of dimension `dim`, without that dimension.
Value selected(Call& c, std::int64_t dim, const Number& index) {
  Recorder& graph = c.graph;
  const std::int64_t length = c.tensor(0).trial.size(dim), i = index.trial.to<std::int64_t>();
  if (i < -length || i >= length)
    throw OperatorError("index " + std::to_string(i) + " is out of range");
  const auto look = [&graph, dim, index](const Traced& base) {
    return graph.emit("Gather", {base, graph.scalar(index, at::kLong)}, {{"axis", dim}});
  };
  const Number next = i == -1 ? Number{kToTheEnd} : combine(c, "Add", index, {std::int64_t{1}});
  const auto put_back = put_slice(graph, dim, index, next);
  const auto put = [&graph, dim, put_back](const Traced& base, const Traced& part) {
    return put_back(base, graph.emit("Unsqueeze", {part, graph.integers({dim})}));
  };
  return Cell::view(c.cell(0), {look, put});
}

Value select(Call& c) { return selected(c, c.axis(1, c.tensor(0).trial.dim()), c.number(2)); }

// Parts of these sizes along `dim`, by one Split.
Value split_into(Call& c, std::int64_t dim, const Numbers& sizes) {
  Recorder& graph = c.graph;
  if (sizes.empty() || sizes.size() > 100'000) throw Untranslated("into no parts or too many");
  const auto parts =
      graph.emit_all("Split", {c.tensor(0), graph.integers(sizes)}, {{"axis", dim}}, sizes.size());
  std::vector<Value> views;
  std::int64_t from = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Number start{from}, end{from += sizes[i]};
    const auto look = [&graph, dim, start, end](const Traced& base) {
      return slice(Call(graph, {}), base, dim, start, end);
    };
    views.push_back(Cell::view(c.cell(0), {look, put_slice(graph, dim, start, end)}, parts[i]));
  }
  return make_list(std::move(views));
}

Numbers parts_of(std::int64_t length, std::int64_t each) {
  if (each < 1) throw OperatorError("parts of " + std::to_string(each) + " items");
  Numbers sizes;
  if (length / each > 100'000) throw Untranslated("into too many parts");
  for (std::int64_t left = length; left > 0; left -= each) sizes.push_back(std::min(left, each));
  return sizes;
}

// split(x, size, dim), split(x, sizes, dim)
Value split(Call& c) {
  const Traced x = c.tensor(0);
  const std::int64_t dim = c.has(2) ? c.axis(2, x.trial.dim()) : 0;
  if (c.as<List>(1)) return split_into(c, dim, c.integers(1));
  return split_into(c, dim, parts_of(c.graph.decide(c.graph.size(x, dim)), c.integer(1)));
}

Value chunk(Call& c) {  // chunk(x, count, dim)
  const Traced x = c.tensor(0);
  const std::int64_t dim = c.has(2) ? c.axis(2, x.trial.dim()) : 0;
  const std::int64_t length = c.graph.decide(c.graph.size(x, dim)), count = c.integer(1);
  if (count < 1) throw OperatorError("chunks of a number below 1");
  return split_into(c, dim,
                    parts_of(length, std::max<std::int64_t>((length + count - 1) / count, 1)));
}

Value unbind(Call& c) {
  const Traced x = c.tensor(0);
  const std::int64_t dim = c.has(1) ? c.axis(1, x.trial.dim()) : 0;
  const std::int64_t length = c.graph.decide(c.graph.size(x, dim));
  if (length > 100'000) throw Untranslated("into too many parts");
  std::vector<Value> views;
  for (std::int64_t i = 0; i < length; ++i) views.push_back(selected(c, dim, {i}));
  return make_list(std::move(views));
}

Value expand(Call& c, const std::vector<Number>& sizes) {
  Recorder& graph = c.graph;
  const Traced x = c.tensor(0);
  const std::size_t lead =
      sizes.size() - std::min<std::size_t>(sizes.size(), static_cast<std::size_t>(x.trial.dim()));
  std::vector<Number> wanted = sizes;
  for (std::size_t d = 0; d < wanted.size(); ++d)
    if (!wanted[d].from_sizes && wanted[d].trial.to<std::int64_t>() == -1 && d >= lead)
      wanted[d] = {std::int64_t{1}};  // keeps the input's
  const Traced shape = graph.shape(wanted);
  const auto look = [&graph, shape](const Traced& base) {
    return graph.emit("Expand", {base, shape});
  };
  return Cell::view(c.cell(0), {look, nullptr});
}

Value expand_as(Call& c) {
  std::vector<Number> sizes;
  const Traced like = c.tensor(1);
  for (std::int64_t d = 0; d < like.trial.dim(); ++d) sizes.push_back(c.graph.size(like, d));
  return expand(c, sizes);
}

// -- a view or a copy, as the layout has it

Value reshape(Call& c) {
  const std::vector<Number> shape = c.numbers(1);
  for (const Number& n : shape)
    if (n.trial.to<std::int64_t>() == 0) throw Untranslated("to a shape without items");
  return Cell::view_or_copy(c.cell(0), c.emit("Reshape", {c.tensor(0), c.graph.shape(shape)}));
}

Value reshape_as(Call& c) {
  return Cell::view_or_copy(c.cell(0),
                            c.emit("Reshape", {c.tensor(0), c.graph.shape_of(c.tensor(1))}));
}

Value flatten(Call& c) {  // flatten(x, start, end)
  const Traced x = c.tensor(0);
  const std::int64_t rank = std::max<std::int64_t>(x.trial.dim(), 1);
  const std::int64_t start = axis_of(c.integer(1, 0), rank), end = axis_of(c.integer(2, -1), rank);
  if (start >= end && x.trial.dim() > 0) return c.cell(0);
  if (start == 1 && end == rank - 1)
    return Cell::view_or_copy(c.cell(0), c.emit("Flatten", {x}, {{"axis", std::int64_t{1}}}));
  std::vector<Number> shape;
  for (std::int64_t d = 0; d < start; ++d) shape.push_back({std::int64_t{0}});  // as it is
  shape.push_back({std::int64_t{-1}});
  for (std::int64_t d = end + 1; d < x.trial.dim(); ++d) shape.push_back(c.graph.size(x, d));
  return Cell::view_or_copy(c.cell(0), c.emit("Reshape", {x, c.graph.shape(shape)}));
}

Value unflatten(Call& c) {  // unflatten(x, dim, sizes)
  const Traced x = c.tensor(0);
  const std::int64_t dim = c.axis(1, x.trial.dim());
  std::vector<Number> shape;
  for (std::int64_t d = 0; d < x.trial.dim(); ++d) {
    if (d != dim) {
      shape.push_back(d < dim ? Number{std::int64_t{0}} : c.graph.size(x, d));
      continue;
    }
    const auto sizes = c.numbers(2);
    shape.insert(shape.end(), sizes.begin(), sizes.end());
  }
  return Cell::view_or_copy(c.cell(0), c.emit("Reshape", {x, c.graph.shape(shape)}));
}

Value contiguous(Call& c) { return Cell::view_or_copy(c.cell(0), c.tensor(0)); }
Value same(Call& c) { return c.cell(0); }
Value clone(Call& c) { return tensor(c.tensor(0)); }

// to(x, dtype, …), to(x, device, dtype, …), to(x, other, …), type_as(x, other): the same tensor
// where the type is the same and no copy is asked for, which is of no matter to a graph.
Value to_type(Call& c) {
  const Traced x = c.tensor(0);
  std::optional<at::ScalarType> type;
  if (c.is_tensor(1))
    type = c.tensor(1).trial.scalar_type();
  else if (c.is_number(1) && !c.number(1).trial.isBoolean())
    type = c.type(1);
  else if (c.is_number(2) && !c.number(2).trial.isBoolean())
    type = c.type(2);
  if (!type || *type == x.trial.scalar_type()) return Cell::view_or_copy(c.cell(0), x);
  return tensor(c.graph.cast(x, *type));
}

constexpr ScriptOperator kScriptViewOperators[] = {
    {"aten::view", view},
    {"aten::_unsafe_view", view},
    {"aten::view_as", view_as},
    {"aten::unsqueeze", unsqueeze},
    {"aten::squeeze", squeeze},
    {"aten::permute", permute},
    {"aten::transpose", transpose},
    {"aten::swapaxes", transpose},
    {"aten::t", transpose},
    {"aten::numpy_T", all_reversed},
    {"aten::mT", last_swapped},
    {"aten::slice", slice_of},
    {"aten::narrow", narrow},
    {"aten::select", select},
    {"aten::split", split},
    {"aten::split_with_sizes", split},
    {"aten::chunk", chunk},
    {"aten::unbind", unbind},
    {"aten::expand", [](Call& c) { return expand(c, c.numbers(1)); }},
    {"aten::expand_as", expand_as},
    {"aten::reshape", reshape},
    {"aten::reshape_as", reshape_as},
    {"aten::flatten", flatten},
    {"aten::unflatten", unflatten},
    {"aten::contiguous", contiguous},
    {"aten::to", to_type},
    {"aten::type_as", to_type},
    {"aten::cpu", contiguous},
    {"aten::clone", clone},
    {"aten::lift", clone},
    {"aten::lift_fresh", clone},
    {"aten::lift_fresh_copy", clone},
    {"aten::detach", same},
    {"aten::alias", same},
    {"prim::data", same},
};

}  // namespace

Traced slice(const Call& c, const Traced& x, std::int64_t dim, const Number& start,
             const Number& end, std::int64_t step) {
  std::vector<Traced> inputs = {x, c.graph.shape({start}), c.graph.shape({end}),
                                c.graph.integers({dim})};
  if (step != 1) inputs.push_back(c.graph.integers({step}));
  return c.emit("Slice", inputs);
}

std::span<const ScriptOperator> view_translations() { return kScriptViewOperators; }

}  // namespace assay::network::torchscript
