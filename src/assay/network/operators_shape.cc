// The same items in another shape or type, and what asks for the shape.
#include <algorithm>

#include "assay/network/number_format.h"
#include "assay/network/operators.h"

namespace assay::network {

namespace {

using Shape = std::vector<std::int64_t>;

Shape shape_of(const at::Tensor& x) { return {x.sizes().begin(), x.sizes().end()}; }

// Dropout does nothing once a model is trained, so it passes its input on as Identity does; nothing
// is copied or run.
Kernel identity(const Node&) {
  return single([](const Inputs& in) { return in[0]; });
}

Kernel dropout(const Node& node) {
  const bool mask = node.outputs.size() > 1 && node.outputs[1] != kNoValue;
  return [mask](const Inputs& in) -> Outputs {
    // A ratio of zero drops nothing in training either; torchvision's Swin is exported with one.
    const bool drops = !in.has(1) || at::max(in[1]).item<double>() > 0;
    if (drops && in.has(2) && in[2].to(at::kBool).any().item<bool>())
      refuse("training_mode is set; wanted a trained model");
    if (!mask) return {in[0]};
    return {in[0], at::ones_like(in[0], in[0].options().dtype(at::kBool))};
  };
}

// A narrow type's numbers are kept in a wider one (number_format.h); floats that are given as
// doubles stay doubles.
at::Tensor cast_to(const at::Tensor& x, std::int64_t type, Overflow overflow) {
  const bool floating = at::isFloatingType(x.scalar_type());
  if (is_floating(type)) return rounded_to(floating ? x : x.to(at::kFloat), type, overflow);
  if (floating && (type == onnx_type::kInt4 || type == onnx_type::kUint4)) {
    const NumberRange range = range_of(type);
    return at::clamp(at::round(x), range.low, range.high).to(scalar_type(type));
  }
  return x.to(scalar_type(type));
}

Overflow overflow_of(const Node& node) {
  return node.integer("saturate", 1) != 0 ? Overflow::kSaturates : Overflow::kEscapes;
}

Kernel cast(const Node& node) {
  const std::int64_t type = node.integer("to", 0);
  scalar_type(type);
  const Overflow overflow = overflow_of(node);
  return single([=](const Inputs& in) { return cast_to(in[0], type, overflow); });
}

Kernel cast_like(const Node& node) {
  // Set by the reader where the second input's type is one that the graph widens.
  const std::int64_t named = node.integer("to", 0);
  const Overflow overflow = overflow_of(node);
  return single([=](const Inputs& in) {
    return cast_to(in[0], named ? named : onnx_type_of(in[1]), overflow);
  });
}

Kernel shape(const Node& node) {
  const std::int64_t start = node.integer("start", 0);
  const bool to_end = !node.has("end");
  const std::int64_t end = node.integer("end", 0);
  return single([=](const Inputs& in) {
    const std::int64_t rank = in[0].dim();
    const auto bounded = [rank](std::int64_t i) {
      return std::clamp<std::int64_t>(i < 0 ? i + rank : i, 0, rank);
    };
    const std::int64_t from = bounded(start), to = to_end ? rank : bounded(end);
    Shape sizes;
    for (std::int64_t d = from; d < to; ++d) sizes.push_back(in[0].size(d));
    return at::tensor(sizes, at::kLong);
  });
}

Kernel size(const Node&) {
  return single([](const Inputs& in) { return at::scalar_tensor(in[0].numel(), at::kLong); });
}

Kernel reshape(const Node& node) {
  const bool zero_means_zero = node.integer("allowzero", 0) != 0;
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    Shape wanted = integers_of(in[1]);
    if (!zero_means_zero)
      for (std::size_t d = 0; d < wanted.size(); ++d)
        if (wanted[d] == 0) {
          if (static_cast<std::int64_t>(d) >= x.dim())
            refuse("the shape copies dimension " + std::to_string(d) + ", which the input lacks");
          wanted[d] = x.size(static_cast<std::int64_t>(d));
        }
    return x.reshape(wanted);
  });
}

Kernel flatten(const Node& node) {
  const std::int64_t axis = node.integer("axis", 1);
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const std::int64_t from = axis == x.dim() ? axis : axis_of(axis, x.dim());
    std::int64_t rows = 1, columns = 1;
    for (std::int64_t d = 0; d < x.dim(); ++d) (d < from ? rows : columns) *= x.size(d);
    return x.reshape({rows, columns});
  });
}

Kernel transpose(const Node& node) {
  const Shape given = node.integers("perm");
  return single([=](const Inputs& in) {
    Shape order = given;
    if (order.empty())
      for (std::int64_t d = in[0].dim(); d-- > 0;) order.push_back(d);
    return in[0].permute(order);
  });
}

Kernel squeeze(const Node& node) {
  const Shape attribute = node.integers("axes");
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    Shape axes = axes_of(attribute, in, 1);
    std::vector<bool> goes(static_cast<std::size_t>(x.dim()), false);
    for (std::int64_t axis : axes) {
      axis = axis_of(axis, x.dim());
      if (x.size(axis) != 1)
        refuse("axis " + std::to_string(axis) + " has " + std::to_string(x.size(axis)) +
               " items, wanted 1");
      goes[axis] = true;
    }
    Shape left;
    for (std::int64_t d = 0; d < x.dim(); ++d)
      if (axes.empty() ? x.size(d) != 1 : !goes[d]) left.push_back(x.size(d));
    return x.reshape(left);
  });
}

Kernel unsqueeze(const Node& node) {
  const Shape attribute = node.integers("axes");
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const Shape axes = axes_of(attribute, in, 1);
    const std::int64_t rank = x.dim() + static_cast<std::int64_t>(axes.size());
    if (rank > 64) refuse("more than 64 dimensions came out");
    std::vector<bool> is_new(static_cast<std::size_t>(rank), false);
    for (const std::int64_t axis : axes) {
      const std::int64_t d = axis_of(axis, rank);
      if (is_new[d]) refuse("axis " + std::to_string(axis) + " is there twice");
      is_new[d] = true;
    }
    Shape shape;
    std::int64_t next = 0;
    for (const bool one : is_new) shape.push_back(one ? 1 : x.size(next++));
    return x.reshape(shape);
  });
}

Kernel expand(const Node&) {
  return single([](const Inputs& in) {
    const at::Tensor& x = in[0];
    // The shapes broadcast both ways: where the wanted size is 1 the input keeps its own.
    Shape wanted = integers_of(in[1]);
    const Shape own = shape_of(x);
    if (wanted.size() < own.size()) wanted.insert(wanted.begin(), own.size() - wanted.size(), 1);
    const std::size_t lead = wanted.size() - own.size();
    for (std::size_t d = 0; d < own.size(); ++d)
      if (wanted[lead + d] == 1) wanted[lead + d] = own[d];
    check_shape(wanted);
    return x.expand(wanted);
  });
}

Kernel tile(const Node&) {
  return single([](const Inputs& in) {
    const Shape repeats = integers_of(in[1]);
    if (repeats.size() != static_cast<std::size_t>(in[0].dim()))
      refuse("wanted one repeat a dimension");
    Shape result;
    for (std::size_t d = 0; d < repeats.size(); ++d) {
      check_shape({in[0].size(static_cast<std::int64_t>(d)), repeats[d]});
      result.push_back(in[0].size(static_cast<std::int64_t>(d)) * repeats[d]);
    }
    check_shape(result);
    return in[0].repeat(repeats);
  });
}

std::int64_t block_size(const Node& node) {
  const std::int64_t block = node.integer("blocksize", 0);
  if (block < 1 || block > (1 << 16)) refuse("blocksize is out of range");
  return block;
}

Kernel depth_to_space(const Node& node) {
  const std::int64_t b = block_size(node);
  const std::string mode = node.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") refuse("mode must be DCR or CRD");
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    if (x.dim() != 4 || x.size(1) % (b * b) != 0) refuse("blocksize does not fit the channels");
    const std::int64_t n = x.size(0), c = x.size(1) / (b * b), h = x.size(2), w = x.size(3);
    const at::Tensor y = mode == "DCR" ? x.reshape({n, b, b, c, h, w}).permute({0, 3, 4, 1, 5, 2})
                                       : x.reshape({n, c, b, b, h, w}).permute({0, 1, 4, 2, 5, 3});
    return y.reshape({n, c, h * b, w * b});
  });
}

Kernel space_to_depth(const Node& node) {
  const std::int64_t b = block_size(node);
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    if (x.dim() != 4 || x.size(2) % b != 0 || x.size(3) % b != 0)
      refuse("blocksize does not fit the spatial size");
    const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2) / b, w = x.size(3) / b;
    return x.reshape({n, c, h, b, w, b}).permute({0, 3, 5, 1, 2, 4}).reshape({n, c * b * b, h, w});
  });
}

constexpr Operator kShapeOperators[] = {
    {"Cast", cast, Reads::kData, Gradient::kStraightThrough},
    {"CastLike", cast_like, Reads::kData, Gradient::kStraightThrough},
    {"DepthToSpace", depth_to_space},
    {"Dropout", dropout},
    {"Expand", expand, Reads::kSizes},
    {"Flatten", flatten},
    {"Identity", identity},
    {"Reshape", reshape, Reads::kSizes},
    {"Shape", shape, Reads::kShapeOnly, Gradient::kNone},
    {"Size", size, Reads::kShapeOnly, Gradient::kNone},
    {"SpaceToDepth", space_to_depth},
    {"Squeeze", squeeze, Reads::kSizes},
    {"Tile", tile, Reads::kSizes},
    {"Transpose", transpose},
    {"Unsqueeze", unsqueeze, Reads::kSizes},
};

}  // namespace

std::span<const Operator> shape_operators() { return kShapeOperators; }

}  // namespace assay::network
