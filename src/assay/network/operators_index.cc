// Items picked or placed by index.
#include <algorithm>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

using Shape = std::vector<std::int64_t>;

// Negative indices count from the end.
at::Tensor from_front(const at::Tensor& indices, std::int64_t length) {
  const at::Tensor whole = indices.to(at::kLong);
  return at::where(at::lt(whole, 0), at::add(whole, length), whole);
}

Kernel gather(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const std::int64_t d = axis_of(axis, x.dim());
    const at::Tensor& indices = in[1];
    if (indices.dim() == 0) return x.select(d, indices.item<std::int64_t>());
    Shape shape(x.sizes().begin(), x.sizes().begin() + d);
    shape.insert(shape.end(), indices.sizes().begin(), indices.sizes().end());
    shape.insert(shape.end(), x.sizes().begin() + d + 1, x.sizes().end());
    check_shape(shape);
    return x.index_select(d, from_front(indices, x.size(d)).reshape({-1})).reshape(shape);
  });
}

Kernel gather_elements(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  return single([=](const Inputs& in) {
    const std::int64_t d = axis_of(axis, in[0].dim());
    return at::gather(in[0], d, from_front(in[1], in[0].size(d)));
  });
}

// For indices [..., k] into the dimensions [first, first + k) of x: the position of each tuple when
// those dimensions are one. Refuses tuples that lie outside.
at::Tensor flat_positions(const at::Tensor& x, const at::Tensor& indices, std::int64_t first) {
  const std::int64_t k = indices.size(-1);
  if (first + k > x.dim()) refuse("the indices address more dimensions than the input has");
  at::Tensor position = at::zeros({}, at::kLong);
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int64_t length = x.size(first + i);
    const at::Tensor index = from_front(indices.select(-1, i), length);
    if (at::logical_or(at::lt(index, 0), at::ge(index, length)).any().item<bool>())
      refuse("an index is out of range");
    position = at::add(at::mul(position, length), index);
  }
  return position;
}

Kernel gather_nd(const Node& node) {
  const std::int64_t batch_dims = node.integer("batch_dims", 0);
  return single([=](const Inputs& in) {
    const at::Tensor &x = in[0], &indices = in[1];
    if (indices.dim() < 1 || batch_dims < 0 || batch_dims >= indices.dim() || batch_dims >= x.dim())
      refuse("batch_dims is out of range");
    const std::int64_t k = indices.size(-1);
    at::Tensor position = flat_positions(x, indices, batch_dims);
    if (position.dim() == 0)
      position = position.expand(indices.sizes().slice(0, indices.dim() - 1));
    std::int64_t batches = 1, addressed = 1;
    for (std::int64_t d = 0; d < batch_dims; ++d) batches *= x.size(d);
    for (std::int64_t d = batch_dims; d < batch_dims + k; ++d) addressed *= x.size(d);
    Shape flat = {batches * addressed};
    flat.insert(flat.end(), x.sizes().begin() + batch_dims + k, x.sizes().end());
    const at::Tensor per_batch = position.reshape({batches, -1});
    const at::Tensor offset = at::mul(at::arange(batches, at::kLong), addressed).unsqueeze(1);
    Shape shape(indices.sizes().begin(), indices.sizes().end() - 1);
    shape.insert(shape.end(), flat.begin() + 1, flat.end());
    check_shape(shape);
    return x.reshape(flat).index_select(0, at::add(per_batch, offset).reshape({-1})).reshape(shape);
  });
}

// ONNX's words for what happens where two values meet, as libtorch says them; empty: the later one
// stays.
std::string reduction_of(const Node& node) {
  const std::string reduction = node.text("reduction", "none");
  if (reduction == "none") return "";
  if (reduction == "add") return "sum";
  if (reduction == "mul") return "prod";
  if (reduction == "max") return "amax";
  if (reduction == "min") return "amin";
  refuse("reduction " + reduction + " is unknown");
}

Kernel scatter_elements(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  const std::string reduction = reduction_of(node);
  return single([=](const Inputs& in) {
    const std::int64_t d = axis_of(axis, in[0].dim());
    const at::Tensor indices = from_front(in[1], in[0].size(d));
    return reduction.empty() ? at::scatter(in[0], d, indices, in[2])
                             : at::scatter_reduce(in[0], d, indices, in[2], reduction);
  });
}

Kernel scatter_nd(const Node& node) {
  const std::string reduction = reduction_of(node);
  return single([=](const Inputs& in) {
    const at::Tensor &x = in[0], &indices = in[1], &updates = in[2];
    if (indices.dim() < 1 || indices.size(-1) < 1) refuse("the indices are empty");
    const std::int64_t k = indices.size(-1);
    const at::Tensor position = flat_positions(x, indices, 0).reshape({-1});
    std::int64_t addressed = 1, rest = 1;
    for (std::int64_t d = 0; d < x.dim(); ++d) (d < k ? addressed : rest) *= x.size(d);
    const at::Tensor flat = x.reshape({addressed, rest});
    const at::Tensor rows = updates.reshape({position.size(0), rest});
    const at::Tensor where = position.unsqueeze(1).expand({position.size(0), rest});
    const at::Tensor y = reduction.empty() ? at::scatter(flat, 0, where, rows)
                                           : at::scatter_reduce(flat, 0, where, rows, reduction);
    return y.reshape(x.sizes());
  });
}

Kernel one_hot(const Node& node) {
  const std::int64_t axis = node.integer("axis", -1);
  return single([=](const Inputs& in) {
    const std::int64_t depth = in[1].reshape({-1})[0].to(at::kLong).item<std::int64_t>();
    if (depth < 1 || in[2].numel() != 2) refuse("wanted a depth and two values");
    check_shape({in[0].numel(), depth});
    const at::Tensor indices = from_front(in[0], depth);
    const std::int64_t d = axis_of(axis, indices.dim() + 1);
    Shape along(static_cast<std::size_t>(indices.dim() + 1), 1);
    along[d] = depth;
    const at::Tensor hot =
        at::eq(indices.unsqueeze(d), at::arange(depth, at::kLong).reshape(along));
    return at::where(hot, in[2][1], in[2][0]);
  });
}

Kernel nonzero(const Node&) {
  return single([](const Inputs& in) { return at::nonzero(in[0]).t(); });
}

Kernel compress(const Node& node) {
  const bool whole = !node.has("axis");
  const std::int64_t axis = node.integer("axis", 0);
  return single([=](const Inputs& in) {
    const at::Tensor x = whole ? in[0].reshape({-1}) : in[0];
    const std::int64_t d = axis_of(axis, x.dim());
    return x.index_select(d, at::nonzero(in[1]).reshape({-1}));
  });
}

Kernel reverse_sequence(const Node& node) {
  const std::int64_t batch_axis = node.integer("batch_axis", 1);
  const std::int64_t time_axis = node.integer("time_axis", 0);
  if (batch_axis + time_axis != 1 || batch_axis * time_axis != 0)
    refuse("batch_axis and time_axis must be 0 and 1");
  return single([=](const Inputs& in) {
    const at::Tensor x = batch_axis == 0 ? in[0] : in[0].transpose(0, 1);  // [batch,time,…]
    const at::Tensor time = at::arange(x.size(1), at::kLong).unsqueeze(0);
    const at::Tensor length = in[1].to(at::kLong).unsqueeze(1);
    at::Tensor from = at::where(at::lt(time, length), at::sub(at::sub(length, 1), time), time);
    for (std::int64_t d = 2; d < x.dim(); ++d) from = from.unsqueeze(-1);
    const at::Tensor y = at::gather(x, 1, from.expand(x.sizes()));
    return batch_axis == 0 ? y : y.transpose(0, 1);
  });
}

// The different items (or slices along an axis); where each is first, where each item went, and how
// often each is there.
Kernel unique(const Node& node) {
  const bool whole = !node.has("axis");
  const std::int64_t axis = node.integer("axis", 0);
  const bool sorted = node.integer("sorted", 1) != 0;
  return [=](const Inputs& in) -> Outputs {
    const at::Tensor x = whole ? in[0].reshape({-1}) : in[0];
    const std::int64_t d = axis_of(axis, x.dim());
    auto [y, inverse, counts] = at::unique_dim(x.detach(), d, true, true, true);
    const std::int64_t count = y.size(d);
    at::Tensor first = at::scatter_reduce(at::full({count}, x.size(d), at::kLong), 0, inverse,
                                          at::arange(x.size(d), at::kLong), "amin");
    if (!sorted) {
      const at::Tensor order = at::argsort(first);
      const at::Tensor rank =
          at::scatter(at::zeros_like(order), 0, order, at::arange(count, at::kLong));
      first = first.index_select(0, order);
      counts = counts.index_select(0, order);
      inverse = rank.index_select(0, inverse);
    }
    return {x.index_select(d, first), first, inverse, counts};
  };
}

constexpr Operator kIndexOperators[] = {
    {"Compress", compress, Reads::kDataSizes},
    {"Gather", gather},
    {"GatherElements", gather_elements},
    {"GatherND", gather_nd},
    {"NonZero", nonzero, Reads::kDataSizes, Gradient::kNone},
    {"OneHot", one_hot, Reads::kSizes},
    {"ReverseSequence", reverse_sequence},
    {"Unique", unique, Reads::kDataSizes},
    {"Scatter", scatter_elements, Reads::kData, Gradient::kExact, {.last = 10}},
    {"ScatterElements", scatter_elements},
    {"ScatterND", scatter_nd},
};

}  // namespace

std::span<const Operator> index_operators() { return kIndexOperators; }

}  // namespace assay::network
