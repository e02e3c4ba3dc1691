// Pictures read or written at places that data or sizes name: AffineGrid, Col2Im, DeformConv,
// GridSample.
#include <algorithm>

#include "assay/network/operators.h"
#include "assay/network/window.h"

namespace assay::network {

namespace {

using Shape = std::vector<std::int64_t>;

Kernel grid_sample(const Node& node) {
  const std::string mode = node.text("mode", "bilinear");
  const std::string padding = node.text("padding_mode", "zeros");
  const bool align = node.integer("align_corners", 0) != 0;
  std::int64_t interpolation = 0, border = 0;
  if (mode == "nearest")
    interpolation = 1;
  else if (mode == "bicubic" || mode == "cubic")
    interpolation = 2;
  else if (mode != "bilinear" && mode != "linear")
    refuse("mode " + mode + " is unknown");
  if (padding == "border")
    border = 1;
  else if (padding == "reflection")
    border = 2;
  else if (padding != "zeros")
    refuse("padding_mode " + padding + " is unknown");
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    at::Tensor grid = in[1];
    if (x.dim() == 5 && interpolation == 1) {
      // Volumes: libtorch rounds halves away from zero, ONNX to even.
      const at::Tensor size = at::tensor({x.size(4), x.size(3), x.size(2)}, grid.options());
      const at::Tensor half = at::div(align ? at::sub(size, 1) : size, 2);
      const at::Tensor centre = at::div(at::sub(size, 1), 2);
      const at::Tensor place = at::round(at::add(at::mul(grid, half), centre));
      grid = at::div(at::sub(place, centre), half);
    }
    return at::grid_sampler(x, grid, interpolation, border, align);
  });
}

Kernel affine_grid(const Node& node) {
  const bool align = node.integer("align_corners", 0) != 0;
  return single([=](const Inputs& in) {
    const Shape size = integers_of(in[1]);
    check_shape(size);
    if (size.size() != 4 && size.size() != 5) refuse("wanted the size of pictures or volumes");
    return at::affine_grid_generator(in[0], size, align);
  });
}

// Where tap `k` of the window at output place `o` lies along one axis, px.
std::int64_t place(const Window& w, const Pads& pads, std::size_t d, std::int64_t o,
                   std::int64_t k) {
  return o * w.strides[d] - pads.begin[d] + k * w.dilations[d];
}

// Sums of overlapping blocks: [N, C·K, L] to [N, C, image …], with K taps at L places.
Kernel col2im(const Node& node) {
  const Window window = Window::of(node);
  return single([window](const Inputs& in) {
    const at::Tensor& x = in[0];
    const Shape image = integers_of(in[1]), block = integers_of(in[2]);
    if (x.dim() != 3 || image.empty() || block.size() != image.size())
      refuse("wanted columns [N,C·K,L], and one image and block size a dimension");
    check_shape(image);
    check_shape(block);
    if (*std::min_element(block.begin(), block.end()) < 1) refuse("a block of no size");
    Window w = window.sized(static_cast<std::int64_t>(image.size()));
    w.kernel = block;
    const Pads pads{{w.pads.begin(), w.pads.begin() + static_cast<std::ptrdiff_t>(image.size())},
                    {w.pads.begin() + static_cast<std::ptrdiff_t>(image.size()), w.pads.end()}};
    // The flat place of every tap of every window; those in the padding go to one item at the end.
    at::Tensor position = at::zeros({1, 1}, at::kLong), inside = at::ones({1, 1}, at::kBool);
    std::int64_t items = 1;
    for (std::size_t d = 0; d < image.size(); ++d) {
      const std::int64_t room = image[d] + pads.begin[d] + pads.end[d] - w.reach(d);
      if (room < 0) refuse("the block is larger than the padded image");
      const std::int64_t windows = room / w.strides[d] + 1;
      check_shape({block[d], position.size(0), windows, position.size(1)}, 16);
      Shape places;
      for (std::int64_t k = 0; k < block[d]; ++k)
        for (std::int64_t o = 0; o < windows; ++o) places.push_back(place(w, pads, d, o, k));
      const at::Tensor at_d = at::tensor(places, at::kLong).reshape({1, block[d], 1, windows});
      const Shape joined = {position.size(0) * block[d], position.size(1) * windows};
      const Shape apart = {position.size(0), 1, position.size(1), 1};
      inside = at::logical_and(inside.reshape(apart),
                               at::logical_and(at::ge(at_d, 0), at::lt(at_d, image[d])))
                   .reshape(joined);
      position = at::add(at::mul(position.reshape(apart), image[d]), at_d).reshape(joined);
      items *= image[d];
    }
    const std::int64_t taps = position.size(0);
    if (x.size(1) % taps != 0 || x.size(2) != position.size(1))
      refuse("the columns do not fit the image and block sizes");
    const std::int64_t channels = x.size(1) / taps;
    const at::Tensor where =
        at::where(inside, position, at::full({}, items, at::kLong)).reshape({-1});
    const at::Tensor sums =
        at::index_add(at::zeros({x.size(0), channels, items + 1}, x.options().requires_grad(false)),
                      2, where, x.reshape({x.size(0), channels, -1}));
    Shape shape = {x.size(0), channels};
    shape.insert(shape.end(), image.begin(), image.end());
    return sums.narrow(2, 0, items).reshape(shape);
  });
}

// One tap of a deformed window: x [N,C,H,W] read at (y, x) px [N,oH,oW], zero outside.
at::Tensor read_at(const at::Tensor& x, const at::Tensor& row, const at::Tensor& column) {
  const auto normalised = [](const at::Tensor& px, std::int64_t size) {
    return at::sub(at::div(at::add(at::mul(px, 2), 1), static_cast<double>(size)), 1);
  };
  const at::Tensor grid = at::stack({normalised(column, x.size(3)), normalised(row, x.size(2))}, 3);
  return at::grid_sampler(x, grid, /*bilinear=*/0, /*zeros=*/0, /*align_corners=*/false);
}

// (x, w, offset [N, groups·K·2, oH, oW], bias, mask [N, groups·K, oH, oW])
Kernel deform_conv(const Node& node) {
  const Window window = Window::of(node);
  const std::int64_t group = node.integer("group", 1);
  const std::int64_t offset_groups = node.integer("offset_group", 1);
  return single([=](const Inputs& in) {
    // In double, so that a whole offset reads exactly one pixel.
    const at::Tensor x = in[0].to(at::kDouble), weight = in[1].to(at::kDouble);
    const at::Tensor offset = in[2].to(at::kDouble);
    if (x.dim() != 4 || weight.dim() != 4 || offset.dim() != 4) refuse("wanted pictures [N,C,H,W]");
    Window w = window.sized(2);
    w.kernel = {weight.size(2), weight.size(3)};
    const Pads pads = w.pads_for(x);
    const std::int64_t n = x.size(0), c = x.size(1), taps = w.kernel[0] * w.kernel[1];
    const std::int64_t height = offset.size(2), width = offset.size(3);
    if (group < 1 || offset_groups < 1 || c % group != 0 || weight.size(0) % group != 0 ||
        c % offset_groups != 0 || weight.size(1) * group != c ||
        offset.size(1) != offset_groups * taps * 2)
      refuse("the groups do not fit the channels");
    check_shape({n, c, taps, height, width});
    const auto steps = [&](std::int64_t count, std::size_t d) {
      return at::mul(at::arange(count, x.options().requires_grad(false)), w.strides[d]);
    };
    const at::Tensor rows = steps(height, 0).reshape({1, height, 1});
    const at::Tensor columns = steps(width, 1).reshape({1, 1, width});
    const std::int64_t each = c / offset_groups;
    std::vector<at::Tensor> by_group;
    for (std::int64_t g = 0; g < offset_groups; ++g) {
      std::vector<at::Tensor> read;
      for (std::int64_t k = 0; k < taps; ++k) {
        const std::int64_t at_k = g * taps + k;
        const at::Tensor row = at::add(at::add(offset.select(1, 2 * at_k), rows),
                                       place(w, pads, 0, 0, k / w.kernel[1]));
        const at::Tensor column = at::add(at::add(offset.select(1, 2 * at_k + 1), columns),
                                          place(w, pads, 1, 0, k % w.kernel[1]));
        at::Tensor part = read_at(x.narrow(1, g * each, each), row, column);
        if (in.has(4)) part = at::mul(part, in[4].narrow(1, at_k, 1));
        read.push_back(part);
      }
      by_group.push_back(at::stack(read, 2));  // [N, C of the group, K, oH, oW]
    }
    const at::Tensor seen =
        at::cat(by_group, 1).reshape({n, group, c / group * taps, height * width});
    const at::Tensor y = at::matmul(weight.reshape({1, group, weight.size(0) / group, -1}), seen)
                             .reshape({n, weight.size(0), height, width})
                             .to(in[0].scalar_type());
    return in.has(3) ? at::add(y, in[3].reshape({1, -1, 1, 1})) : y;
  });
}

constexpr Operator kSampleOperators[] = {
    {"AffineGrid", affine_grid, Reads::kSizes},
    {"Col2Im", col2im, Reads::kSizes},
    {"DeformConv", deform_conv},
    {"GridSample", grid_sample},
};

}  // namespace

std::span<const Operator> sample_operators() { return kSampleOperators; }

}  // namespace assay::network
