// Parts of a tensor and tensors put together: Slice, Split, Concat, Pad.
#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/network/operators.h"
#include "assay/network/window.h"

namespace assay::network {

namespace {

using Numbers = std::vector<std::int64_t>;

Kernel concat(const Node& node) {
  const std::int64_t axis = node.integer("axis", 1);
  return single([=](const Inputs& in) {
    std::vector<at::Tensor> parts;
    parts.reserve(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) parts.push_back(in[i]);
    return at::cat(parts, axis_of(axis, in[0].dim()));
  });
}

Kernel split(const Node& node) {
  const std::int64_t axis = node.integer("axis", 0);
  const Numbers attribute = node.integers("split");
  const auto count = static_cast<std::int64_t>(node.outputs.size());
  if (node.integer("num_outputs", count) != count)
    refuse("num_outputs is not the number of its outputs");
  const bool uneven = node.opset >= 18;  // from then on the last part may be smaller
  return [=](const Inputs& in) -> Outputs {
    const std::int64_t d = axis_of(axis, in[0].dim());
    const std::int64_t length = in[0].size(d);
    Numbers sizes = axes_of(attribute, in, 1);
    if (sizes.empty()) {
      if (!uneven && length % count != 0)
        refuse("an axis of " + std::to_string(length) + " items does not split into " +
               std::to_string(count) + " equal parts");
      const std::int64_t part = (length + count - 1) / count;
      for (std::int64_t i = 0, left = length; i < count; ++i) {
        sizes.push_back(std::min(part, left));
        left -= sizes.back();
      }
    }
    return at::split_with_sizes(in[0], sizes, d);
  };
}

// A bound of Slice in [0, length] (or [-1, length) going backwards), counted from the front.
std::int64_t bounded(std::int64_t i, std::int64_t length, bool backwards) {
  if (i < 0) i = i < -length ? (backwards ? -1 : 0) : i + length;
  return std::min(i, backwards ? length - 1 : length);
}

at::Tensor slice_axis(const at::Tensor& x, std::int64_t d, std::int64_t start, std::int64_t end,
                      std::int64_t step) {
  const std::int64_t length = x.size(d);
  if (step == 0) refuse("a step of 0");
  if (step > 0) return x.slice(d, bounded(start, length, false), bounded(end, length, false), step);
  const std::int64_t from = bounded(start, length, true), to = bounded(end, length, true);
  if (from <= to) return x.narrow(d, 0, 0);
  step = std::max(step, -length - 1);  // -2^63 has no opposite
  return x.index_select(d, at::arange(from, to, step, at::kLong));
}

Kernel slice(const Node& node) {
  // Inputs from opset 10 on.
  const Numbers starts = node.integers("starts"), ends = node.integers("ends");
  const Numbers axes = node.integers("axes");
  const bool attributes = node.opset < 10;
  return single([=](const Inputs& in) {
    const Numbers from = attributes ? starts : integers_of(in[1]);
    const Numbers to = attributes ? ends : integers_of(in[2]);
    const Numbers along = attributes ? axes : axes_of({}, in, 3);
    const Numbers steps = attributes ? Numbers{} : axes_of({}, in, 4);
    if (to.size() != from.size() || (!along.empty() && along.size() != from.size()) ||
        (!steps.empty() && steps.size() != from.size()))
      refuse("starts, ends, axes and steps differ in length");
    at::Tensor x = in[0];
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::int64_t axis = along.empty() ? static_cast<std::int64_t>(i) : along[i];
      x = slice_axis(x, axis_of(axis, x.dim()), from[i], to[i], steps.empty() ? 1 : steps[i]);
    }
    return x;
  });
}

// For each position along a padded axis, where its item comes from.
Numbers sources(std::int64_t length, std::int64_t begin, std::int64_t end,
                const std::string& mode) {
  if (length == 0) refuse("there is nothing to pad with");
  Numbers from;
  for (std::int64_t i = -begin; i < length + end; ++i) {
    std::int64_t j = i;
    if (mode == "edge") {
      j = std::clamp<std::int64_t>(i, 0, length - 1);
    } else if (mode == "wrap") {
      j = (i % length + length) % length;
    } else {  // reflect: 2 1 | 0 1 2 | 1 0, again and again
      const std::int64_t period = std::max<std::int64_t>(2 * (length - 1), 1);
      j = (i % period + period) % period;
      if (j >= length) j = period - j;
    }
    from.push_back(j);
  }
  return from;
}

at::Tensor pad(const at::Tensor& x, const Pads& pads, const std::string& mode,
               const at::Scalar& value) {
  Numbers shape;
  for (std::int64_t d = 0; d < x.dim(); ++d) {
    if (std::max(std::abs(pads.begin[d]), std::abs(pads.end[d])) > (1 << 24))
      refuse("a pad is out of range");
    shape.push_back(x.size(d) + pads.begin[d] + pads.end[d]);
  }
  check_shape(shape);
  if (mode == "constant") return at::constant_pad_nd(x, constant_pad_argument(pads), value);
  at::Tensor y = x;
  for (std::int64_t d = 0; d < x.dim(); ++d)
    if (pads.begin[d] != 0 || pads.end[d] != 0)
      y = y.index_select(
          d, at::tensor(sources(x.size(d), pads.begin[d], pads.end[d], mode), at::kLong));
  return y;
}

Kernel pad_node(const Node& node) {
  // Inputs from opset 11 on; `axes` with 18.
  const Numbers attribute = node.integers("pads");
  const float fixed_value = node.number("value", 0);
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    refuse("mode " + mode + " is unknown");
  const bool attributes = node.opset < 11;
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const Numbers given = attributes ? attribute : integers_of(in[1]);
    Numbers axes = attributes ? Numbers{} : axes_of({}, in, 3);
    if (axes.empty())
      for (std::int64_t d = 0; d < x.dim(); ++d) axes.push_back(d);
    if (given.size() != 2 * axes.size()) refuse("wanted two pads an axis");
    const auto rank = static_cast<std::size_t>(x.dim());
    Pads pads{Numbers(rank, 0), Numbers(rank, 0)};
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::int64_t d = axis_of(axes[i], x.dim());
      pads.begin[d] = given[i];
      pads.end[d] = given[axes.size() + i];
    }
    at::Scalar value = fixed_value;
    if (!attributes && in.has(2) && in[2].numel() == 1) value = in[2].item();
    return pad(x, pads, mode, value);
  });
}

// The middle of x, or x in the middle of zeros, along each axis.
Kernel center_crop_pad(const Node& node) {
  const Numbers attribute = node.integers("axes");
  return single([=](const Inputs& in) {
    at::Tensor x = in[0];
    const Numbers wanted = integers_of(in[1]);
    Numbers axes = attribute;
    if (axes.empty())
      for (std::int64_t d = 0; d < x.dim(); ++d) axes.push_back(d);
    if (axes.size() != wanted.size()) refuse("wanted one size an axis");
    const auto rank = static_cast<std::size_t>(x.dim());
    Pads pads{Numbers(rank, 0), Numbers(rank, 0)};
    for (std::size_t i = 0; i < axes.size(); ++i) {
      check_shape({wanted[i]});
      const std::int64_t d = axis_of(axes[i], x.dim()), more = wanted[i] - x.size(d);
      if (more < 0) x = x.narrow(d, -more / 2, wanted[i]);
      if (more > 0) pads.begin[d] = more / 2;
      if (more > 0) pads.end[d] = more - more / 2;
    }
    return pad(x, pads, "constant", 0);
  });
}

constexpr Operator kSliceOperators[] = {
    {"CenterCropPad", center_crop_pad, Reads::kSizes},
    {"Concat", concat},
    {"Pad", pad_node, Reads::kSizes},
    {"Slice", slice, Reads::kSizes},
    {"Split", split, Reads::kSizes},
};

}  // namespace

std::span<const Operator> slice_operators() { return kSliceOperators; }

}  // namespace assay::network
