// Pooling in one to three spatial dimensions.
#include <algorithm>
#include <limits>

#include "assay/network/operators.h"
#include "assay/network/window.h"

namespace assay::network {

namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();

struct PoolNode {
  Window window;
  bool ceil = false, count_pad = false, column_major = false, indices = false;
  float p = 2;

  static PoolNode of(const Node& node) {
    PoolNode pool;
    pool.window = Window::of(node);
    if (pool.window.kernel.empty()) refuse("kernel_shape is missing");
    pool.ceil = node.integer("ceil_mode", 0) != 0;
    pool.count_pad = node.integer("count_include_pad", 0) != 0;
    pool.column_major = node.integer("storage_order", 0) != 0;
    pool.indices = node.outputs.size() > 1 && node.outputs[1] != kNoValue;
    return pool;
  }
};

// How many windows there are along dimension d. As libtorch and the later texts of ONNX have it, a
// window that ceil_mode adds must start inside the input or its left pad.
std::int64_t window_count(const Window& w, const Pads& pads, std::size_t d, std::int64_t in,
                          bool ceil) {
  const std::int64_t room = in + pads.begin[d] + pads.end[d] - w.reach(d);
  if (room < 0) refuse("the window is larger than the padded input");
  std::int64_t count = room / w.strides[d] + 1;
  if (ceil && room % w.strides[d] != 0 && count * w.strides[d] < in + pads.begin[d]) ++count;
  return count;
}

// The pads with which plain pooling (no ceil_mode) has exactly those windows.
Pads exact_pads(const Window& w, const Pads& pads, const at::Tensor& x, bool ceil) {
  Pads exact = pads;
  for (std::size_t d = 0; d < w.kernel.size(); ++d) {
    const std::int64_t in = x.size(static_cast<std::int64_t>(d) + 2);
    const std::int64_t count = window_count(w, pads, d, in, ceil);
    exact.end[d] = (count - 1) * w.strides[d] + w.reach(d) - in - pads.begin[d];
  }
  return exact;
}

bool fits_libtorch(const Window& w, const Pads& pads) {
  bool fits = pads.symmetric();
  for (std::size_t d = 0; d < w.kernel.size(); ++d)
    fits = fits && pads.begin[d] >= 0 && pads.begin[d] <= w.kernel[d] / 2;
  return fits;
}

at::Tensor max_pool_plain(const at::Tensor& x, const Window& w,
                          const std::vector<std::int64_t>& pads, bool ceil) {
  switch (w.kernel.size()) {
    case 1:
      return at::max_pool1d(x, w.kernel, w.strides, pads, w.dilations, ceil);
    case 2:
      return at::max_pool2d(x, w.kernel, w.strides, pads, w.dilations, ceil);
    case 3:
      return at::max_pool3d(x, w.kernel, w.strides, pads, w.dilations, ceil);
    default:
      refuse("pooling over more than 3 spatial dimensions");
  }
}

// libtorch's indices count within a plane; ONNX's over the whole tensor.
at::Tensor whole_tensor_indices(const at::Tensor& in_plane, const at::Tensor& x,
                                bool column_major) {
  const std::int64_t plane = x.size(2) * x.size(3);
  at::Tensor within = in_plane;
  if (column_major)
    within = at::remainder(in_plane, x.size(3)) * x.size(2) + at::div(in_plane, x.size(3), "floor");
  return within + (at::arange(x.size(0) * x.size(1), in_plane.options()) * plane)
                      .reshape({x.size(0), x.size(1), 1, 1});
}

Kernel max_pool(const Node& node) {
  const PoolNode pool = PoolNode::of(node);
  return [pool](const Inputs& in) -> Outputs {
    const bool integral = at::isIntegralType(in[0].scalar_type(), false);
    const at::Tensor x = integral ? in[0].to(at::kFloat) : in[0];
    const Window w = pool.window.sized(x.dim() - 2);
    const Pads pads = w.pads_for(x);
    if (pool.indices) {
      if (w.kernel.size() != 2 || !fits_libtorch(w, pads))
        refuse("output 1 (Indices) of this form of pooling is not supported");
      const auto [y, in_plane] =
          at::max_pool2d_with_indices(x, w.kernel, w.strides, pads.begin, w.dilations, pool.ceil);
      return {integral ? y.to(in[0].scalar_type()) : y,
              whole_tensor_indices(in_plane, x, pool.column_major)};
    }
    at::Tensor y;
    if (fits_libtorch(w, pads)) {
      y = max_pool_plain(x, w, pads.begin, pool.ceil);
    } else {
      const at::Tensor padded = at::constant_pad_nd(
          x, constant_pad_argument(exact_pads(w, pads, x, pool.ceil)), kNothing);
      y = max_pool_plain(padded, w, std::vector<std::int64_t>(w.kernel.size(), 0), false);
    }
    return {integral ? y.to(in[0].scalar_type()) : y};
  };
}

// Sums over the windows of x (already padded), by a convolution of each plane with ones.
at::Tensor window_sums(const at::Tensor& x, const Window& w) {
  const std::vector<std::int64_t> none(w.kernel.size(), 0);
  std::vector<std::int64_t> planes(x.sizes().begin(), x.sizes().end());
  planes[0] = x.size(0) * x.size(1);
  planes[1] = 1;
  std::vector<std::int64_t> ones = {1, 1};
  ones.insert(ones.end(), w.kernel.begin(), w.kernel.end());
  const at::Tensor sums =
      at::convolution(x.reshape(planes), at::ones(ones, x.options().requires_grad(false)), {},
                      w.strides, none, w.dilations, false, none, 1);
  std::vector<std::int64_t> shape(sums.sizes().begin(), sums.sizes().end());
  shape[0] = x.size(0);
  shape[1] = x.size(1);
  return sums.reshape(shape);
}

Kernel average_pool(const Node& node) {
  const PoolNode pool = PoolNode::of(node);
  return single([pool](const Inputs& in) {
    const at::Tensor& x = in[0];
    const Window w = pool.window.sized(x.dim() - 2);
    const Pads pads = w.pads_for(x);
    const bool dense =
        std::all_of(w.dilations.begin(), w.dilations.end(), [](std::int64_t d) { return d == 1; });
    if (dense && fits_libtorch(w, pads)) {
      switch (w.kernel.size()) {
        case 1:
          return at::avg_pool1d(x, w.kernel, w.strides, pads.begin, pool.ceil, pool.count_pad);
        case 2:
          return at::avg_pool2d(x, w.kernel, w.strides, pads.begin, pool.ceil, pool.count_pad);
        case 3:
          return at::avg_pool3d(x, w.kernel, w.strides, pads.begin, pool.ceil, pool.count_pad);
      }
    }
    // What ceil_mode adds beyond the node's own pads never counts.
    const Pads exact = exact_pads(w, pads, x, pool.ceil);
    std::vector<std::int64_t> one_plane(x.sizes().begin(), x.sizes().end());
    one_plane[0] = one_plane[1] = 1;
    at::Tensor counted = at::ones(one_plane, x.options().requires_grad(false));
    Pads around = exact;
    if (pool.count_pad) {
      counted = at::constant_pad_nd(counted, constant_pad_argument(pads), 1);
      around.begin.assign(w.kernel.size(), 0);
      for (std::size_t d = 0; d < w.kernel.size(); ++d) around.end[d] = exact.end[d] - pads.end[d];
    }
    const at::Tensor sums = window_sums(at::constant_pad_nd(x, constant_pad_argument(exact)), w);
    return at::div(sums,
                   window_sums(at::constant_pad_nd(counted, constant_pad_argument(around)), w));
  });
}

Kernel lp_pool(const Node& node) {
  PoolNode pool = PoolNode::of(node);
  pool.p = static_cast<float>(node.integer("p", 2));
  return single([pool](const Inputs& in) {
    const at::Tensor& x = in[0];
    const Window w = pool.window.sized(x.dim() - 2);
    const Pads exact = exact_pads(w, w.pads_for(x), x, pool.ceil);
    const at::Tensor powers =
        at::pow(at::abs(at::constant_pad_nd(x, constant_pad_argument(exact))), pool.p);
    return at::pow(window_sums(powers, w), 1 / pool.p);
  });
}

std::vector<std::int64_t> spatial_axes(const at::Tensor& x) {
  if (x.dim() < 3) refuse("wanted an input of at least 3 dimensions [N,C,…]");
  std::vector<std::int64_t> axes;
  for (std::int64_t d = 2; d < x.dim(); ++d) axes.push_back(d);
  return axes;
}

Kernel global_average_pool(const Node&) {
  return single([](const Inputs& in) { return at::mean(in[0], spatial_axes(in[0]), true); });
}

Kernel global_max_pool(const Node&) {
  return single([](const Inputs& in) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(in[0].dim()), 1);
    spatial_axes(in[0]);
    shape[0] = in[0].size(0);
    shape[1] = in[0].size(1);
    // One winner takes the gradient, as in libtorch's own pooling; amax would share it among
    // equals.
    return std::get<0>(at::max(in[0].flatten(2), 2)).reshape(shape);
  });
}

Kernel global_lp_pool(const Node& node) {
  const auto p = static_cast<float>(node.integer("p", 2));
  return single([p](const Inputs& in) {
    return at::pow(at::sum(at::pow(at::abs(in[0]), p), spatial_axes(in[0]), true), 1 / p);
  });
}

// (values, places in the whole tensor before it was pooled, that tensor's shape): zeros elsewhere.
Kernel max_unpool(const Node& node) {
  const PoolNode pool = PoolNode::of(node);
  return single([pool](const Inputs& in) {
    const at::Tensor &x = in[0], &places = in[1];
    if (x.sizes() != places.sizes()) refuse("wanted one place a value");
    const Window w = pool.window.sized(x.dim() - 2);
    const Pads pads = w.pads_for(x);
    std::vector<std::int64_t> shape = {x.size(0), x.size(1)};
    for (std::size_t d = 0; d < w.kernel.size(); ++d)
      shape.push_back((x.size(static_cast<std::int64_t>(d) + 2) - 1) * w.strides[d] -
                      pads.begin[d] - pads.end[d] + w.kernel[d]);
    check_shape(shape);
    std::int64_t items = 1;
    for (const std::int64_t size : shape) items *= size;
    const at::Tensor y = at::scatter(at::zeros({items}, x.options().requires_grad(false)), 0,
                                     places.to(at::kLong).reshape({-1}), x.reshape({-1}))
                             .reshape(shape);
    if (!in.has(2)) return y;
    const std::vector<std::int64_t> wanted = integers_of(in[2]);
    if (wanted.size() != shape.size()) refuse("output_shape has the wrong length");
    check_shape(wanted);
    Pads around;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      around.begin.push_back(0);
      around.end.push_back(wanted[d] - shape[d]);
    }
    return at::constant_pad_nd(y, constant_pad_argument(around));
  });
}

constexpr Operator kPoolOperators[] = {
    {"AveragePool", average_pool},
    {"GlobalAveragePool", global_average_pool, Reads::kData, Gradient::kExact, {.first = 1}},
    {"GlobalLpPool", global_lp_pool},
    {"GlobalMaxPool", global_max_pool, Reads::kData, Gradient::kExact, {.first = 1}},
    {"LpPool", lp_pool},
    {"MaxPool", max_pool},
    {"MaxUnpool", max_unpool, Reads::kSizes},
};

}  // namespace

std::span<const Operator> pool_operators() { return kPoolOperators; }

}  // namespace assay::network
