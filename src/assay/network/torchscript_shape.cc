// Tensors put together, taken apart and moved, and what asks for their shape.
#include <algorithm>
#include <limits>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

// In the type that libtorch gives to all of them together.
std::vector<Traced> alike(const Call& c, std::vector<Traced> parts) {
  if (parts.empty()) throw Untranslated("of no tensors");
  at::ScalarType type = parts[0].trial.scalar_type();
  for (const Traced& part : parts) type = c10::promoteTypes(type, part.trial.scalar_type());
  for (Traced& part : parts) part = c.graph.cast(part, type);
  return parts;
}

Value concatenate(Call& c) {  // cat(tensors, dim)
  std::vector<Traced> parts = c.tensors(0);
  std::erase_if(parts, [](const Traced& part) {  // libtorch ignores those
    return part.trial.dim() == 1 && part.trial.numel() == 0;
  });
  parts = alike(c, std::move(parts));
  const std::int64_t axis = c.has(1) ? c.axis(1, parts[0].trial.dim()) : 0;
  return tensor(parts.size() == 1 ? parts[0] : c.emit("Concat", parts, {{"axis", axis}}));
}

Value stack(Call& c) {  // stack(tensors, dim)
  std::vector<Traced> parts = alike(c, c.tensors(0));
  const std::int64_t axis = c.has(1) ? c.axis(1, parts[0].trial.dim() + 1) : 0;
  for (Traced& part : parts) part = c.emit("Unsqueeze", {part, c.graph.integers({axis})});
  return tensor(c.emit("Concat", parts, {{"axis", axis}}));
}

Value repeat(Call& c) {
  Traced x = c.tensor(0);
  const std::vector<Number> repeats = c.numbers(1);
  Numbers lead;
  for (std::int64_t d = x.trial.dim(); d < static_cast<std::int64_t>(repeats.size()); ++d)
    lead.push_back(static_cast<std::int64_t>(lead.size()));
  if (!lead.empty()) x = c.emit("Unsqueeze", {x, c.graph.integers(lead)});
  return tensor(c.emit("Tile", {x, c.graph.shape(repeats)}));
}

// Item i comes from i - shift, around the end.
Value roll(Call& c) {  // roll(x, shifts, dims)
  Traced x = c.tensor(0);
  const Numbers shifts = c.integers(1), dims = c.integers(2);
  if (dims.size() != shifts.size() || dims.empty()) throw Untranslated("of the flattened tensor");
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::int64_t dim = axis_of(dims[i], x.trial.dim()), length = x.trial.size(dim);
    if (shifts[i] == 0) continue;
    if (shifts[i] <= -length || shifts[i] >= length) {
      c.graph.note_decision();
      if (length == 0 || shifts[i] % length == 0) continue;
      throw Untranslated("by more than the size");
    }
    const Number cut{-shifts[i]};  // counted from the end where negative
    x = c.emit("Concat",
               {slice(c, x, dim, cut, {kToTheEnd}), slice(c, x, dim, {std::int64_t{0}}, cut)},
               {{"axis", dim}});
  }
  return tensor(x);
}

Value flip(Call& c) {
  Traced x = c.tensor(0);
  for (const std::int64_t dim : c.integers(1))
    x = slice(c, x, axis_of(dim, x.trial.dim()), {std::int64_t{-1}},
              {std::numeric_limits<std::int64_t>::min() + 1}, -1);
  return tensor(x);
}

// pad(x, begin and end of the last dimension, of the one before, …; mode, value)
Traced padded(const Call& c, const std::string& mode, const Traced& value) {
  const Traced x = c.tensor(0);
  const std::vector<Number> given = c.numbers(1);
  const auto rank = static_cast<std::size_t>(x.trial.dim());
  if (given.size() % 2 != 0 || given.size() > 2 * rank)
    throw OperatorError("two pads a dimension were wanted");
  std::vector<Number> pads(2 * rank, {std::int64_t{0}});
  for (std::size_t i = 0; i < given.size() / 2; ++i) {
    pads[rank - 1 - i] = given[2 * i];
    pads[2 * rank - 1 - i] = given[2 * i + 1];
  }
  std::vector<Traced> inputs = {x, c.graph.shape(pads)};
  if (!value.name.empty()) inputs.push_back(value);
  return c.emit("Pad", inputs, {{"mode", mode}});
}

Value pad_constant(Call& c, std::size_t value) {
  const auto type = c.tensor(0).trial.scalar_type();
  return tensor(padded(c, "constant",
                       c.has(value) ? c.graph.scalar(c.number(value), type) : c.constant(0, type)));
}

Value pad(Call& c) {
  const std::string mode = c.has(2) ? c.text(2) : "constant";
  if (mode == "constant") return pad_constant(c, 3);
  if (mode == "reflect") return tensor(padded(c, "reflect", {}));
  if (mode == "replicate") return tensor(padded(c, "edge", {}));
  throw Untranslated("with mode " + mode);
}

Value index_select(Call& c) {  // index_select(x, dim, index)
  const Traced x = c.tensor(0);
  return tensor(c.emit("Gather", {x, c.tensor(2)}, {{"axis", c.axis(1, x.trial.dim())}}));
}

Value gather(Call& c) {  // gather(x, dim, index)
  const Traced x = c.tensor(0);
  return tensor(c.emit("GatherElements", {x, c.tensor(2)}, {{"axis", c.axis(1, x.trial.dim())}}));
}

// x[i], x[:, i], x[i, j]: by one tensor of places, or by several for the first dimensions.
Value index(Call& c) {
  const Traced x = c.tensor(0);
  std::vector<Traced> places;
  std::int64_t first = -1, last = -1;
  const auto& given = *c.list(1);
  for (std::size_t d = 0; d < given.size(); ++d) {
    if (given[d].is_none()) continue;
    const CellRef* cell = given[d].as<CellRef>();
    if (!cell) throw Untranslated("by something that is no tensor");
    places.push_back((*cell)->read());
    if (!at::isIntegralType(places.back().trial.scalar_type(), false) ||
        places.back().trial.scalar_type() == at::kByte)
      throw Untranslated("by a mask");
    if (first < 0) first = static_cast<std::int64_t>(d);
    last = static_cast<std::int64_t>(d);
  }
  if (places.empty()) return c.cell(0);
  if (places.size() == 1) return tensor(c.emit("Gather", {x, places[0]}, {{"axis", first}}));
  if (first != 0 || last + 1 != static_cast<std::int64_t>(places.size()))
    throw Untranslated("by several tensors that are not for the first dimensions");
  // One row [i,j,…] a place, all of the places' common shape.
  Traced zero = c.graph.cast(places[0], at::kLong);
  for (std::size_t i = 1; i < places.size(); ++i)
    zero = c.emit("Add", {zero, c.graph.cast(places[i], at::kLong)});
  const Traced shape = c.graph.shape_of(zero);
  std::vector<Traced> columns;
  for (const Traced& place : places)
    columns.push_back(c.emit(
        "Unsqueeze",
        {c.emit("Expand", {c.graph.cast(place, at::kLong), shape}), c.graph.integers({-1})}));
  return tensor(c.emit("GatherND", {x, c.emit("Concat", columns, {{"axis", std::int64_t{-1}}})}));
}

Value channel_shuffle(Call& c) {  // channel_shuffle(x, groups)
  const Traced x = c.tensor(0);
  const Traced apart = c.emit("Reshape", {x, c.graph.shape({{std::int64_t{0}},
                                                            c.number(1),
                                                            {std::int64_t{-1}},
                                                            c.graph.size(x, 2),
                                                            c.graph.size(x, 3)})});
  return tensor(c.emit("Reshape", {swapped(c, apart, 1, 2), c.graph.shape_of(x)}));
}

Value triangle(Call& c, std::int64_t upper) {
  const Traced x = c.tensor(0);
  return tensor(c.emit(
      "Trilu", {x, c.graph.scalar(c.has(1) ? c.number(1) : Number{std::int64_t{0}}, at::kLong)},
      {{"upper", upper}}));
}

Value top(Call& c) {  // topk(x, k, dim, largest, sorted)
  const Traced x = c.tensor(0);
  const auto both = c.graph.emit_all(
      "TopK", {x, c.graph.integers({c.integer(1)})},
      {{"axis", c.integer(2, -1)}, {"largest", std::int64_t{!c.has(3) || c.flag(3)}}}, 2);
  return make_tuple({tensor(both[0]), tensor(both[1])});
}

// -- shapes and types

Value size(Call& c) {
  const Traced x = c.tensor(0);
  if (c.has(1)) return c.graph.size(x, c.integer(1));
  std::vector<Value> sizes;
  for (std::int64_t d = 0; d < x.trial.dim(); ++d) sizes.push_back(c.graph.size(x, d));
  return make_list(std::move(sizes));
}

Value item_count(Call& c) {
  const Traced x = c.tensor(0);
  Number count{std::int64_t{1}};
  for (std::int64_t d = 0; d < x.trial.dim(); ++d)
    count = combine(c, "Mul", count, c.graph.size(x, d));
  return count;
}

Value rank(Call& c) { return Number{c.tensor(0).trial.dim()}; }

Value element_type(Call& c) {
  return Number{static_cast<std::int64_t>(c.tensor(0).trial.scalar_type())};
}

Value is_floating(Call& c) { return Number{at::isFloatingType(c.tensor(0).trial.scalar_type())}; }

Value device(Call&) { return c10::IValue(c10::Device(at::kCPU)); }
Value no(Call&) { return Number{false}; }
Value yes(Call&) { return Number{true}; }

constexpr ScriptOperator kScriptShapeOperators[] = {
    {"aten::cat", concatenate},
    {"aten::concat", concatenate},
    {"aten::stack", stack},
    {"aten::repeat", repeat},
    {"aten::roll", roll},
    {"aten::flip", flip},
    {"aten::pad", pad},
    {"aten::constant_pad_nd", [](Call& c) { return pad_constant(c, 2); }},
    {"aten::reflection_pad1d", [](Call& c) -> Value { return tensor(padded(c, "reflect", {})); }},
    {"aten::reflection_pad2d", [](Call& c) -> Value { return tensor(padded(c, "reflect", {})); }},
    {"aten::replication_pad1d", [](Call& c) -> Value { return tensor(padded(c, "edge", {})); }},
    {"aten::replication_pad2d", [](Call& c) -> Value { return tensor(padded(c, "edge", {})); }},
    {"aten::index_select", index_select},
    {"aten::gather", gather},
    {"aten::index", index},
    {"aten::channel_shuffle", channel_shuffle},
    {"aten::tril", [](Call& c) { return triangle(c, 0); }},
    {"aten::triu", [](Call& c) { return triangle(c, 1); }},
    {"aten::topk", top},
    {"aten::size", size},
    {"aten::numel", item_count},
    {"aten::dim", rank},
    {"aten::ndimension", rank},
    {"prim::dtype", element_type},
    {"aten::is_floating_point", is_floating},
    {"prim::device", device},
    {"prim::is_cuda", no},
    {"prim::is_nested", no},
    {"prim::is_quantized", no},
    {"prim::is_sparse", no},
    {"prim::is_mkldnn", no},
    {"prim::is_mps", no},
    {"prim::is_meta", no},
    {"aten::is_complex", no},
    {"aten::is_autocast_enabled", no},
    {"aten::is_scripting", yes},
    // As in training: PyTorch leaves layers whose parameters take gradients as they are written,
    // and runs others by fused operators.
    {"prim::requires_grad", yes},
    {"aten::is_grad_enabled", yes},
};

}  // namespace

std::span<const ScriptOperator> shape_translations() { return kScriptShapeOperators; }

}  // namespace assay::network::torchscript
