// Convolutions in one to three spatial dimensions.
#include <algorithm>

#include "assay/network/operators.h"
#include "assay/network/window.h"

namespace assay::network {

namespace {

c10::optional<at::Tensor> bias_of(const Inputs& in) {
  return in.has(2) ? c10::optional<at::Tensor>(in[2]) : c10::nullopt;
}

std::int64_t group_of(const Node& node) {
  const std::int64_t group = node.integer("group", 1);
  if (group < 1) refuse("group " + std::to_string(group) + " is out of range");
  return group;
}

void check_weights(const at::Tensor& x, const at::Tensor& w) {
  if (x.dim() != w.dim() || x.dim() < 3 || x.dim() > 5)
    refuse("input and weights must both have 3, 4 or 5 dimensions");
}

Kernel conv(const Node& node) {
  const Window window = Window::of(node);
  const std::int64_t group = group_of(node);
  return single([window, group](const Inputs& in) {
    const at::Tensor &x = in[0], &weight = in[1];
    check_weights(x, weight);
    Window w = window.sized(x.dim() - 2);
    w.kernel.assign(weight.sizes().begin() + 2, weight.sizes().end());
    const Pads pads = w.pads_for(x);
    const std::vector<std::int64_t> no_output_padding(w.kernel.size(), 0);
    const bool inside = *std::min_element(pads.begin.begin(), pads.begin.end()) >= 0;
    if (pads.symmetric() && inside)
      return at::convolution(x, weight, bias_of(in), w.strides, pads.begin, w.dilations, false,
                             no_output_padding, group);
    return at::convolution(at::constant_pad_nd(x, constant_pad_argument(pads)), weight, bias_of(in),
                           w.strides, no_output_padding, w.dilations, false, no_output_padding,
                           group);
  });
}

// The pads that make the output `wanted` px long, ONNX's output_shape.
Pads pads_for_output(const Window& w, const at::Tensor& x, const std::vector<std::int64_t>& extra,
                     const std::vector<std::int64_t>& wanted) {
  const std::size_t n = w.kernel.size();
  if (wanted.size() != n && wanted.size() != n + 2) refuse("output_shape has the wrong length");
  Pads pads;
  for (std::size_t d = 0; d < n; ++d) {
    const std::int64_t full =
        w.strides[d] * (x.size(static_cast<std::int64_t>(d) + 2) - 1) + w.reach(d) + extra[d];
    const std::int64_t total = full - wanted[wanted.size() - n + d];
    const std::int64_t cropped = std::max<std::int64_t>(total, 0), smaller = cropped / 2;
    // What is missing is added at the end, as output_padding is.
    pads.begin.push_back(w.auto_pad == AutoPad::kSameUpper ? smaller : cropped - smaller);
    pads.end.push_back(total - pads.begin.back());
  }
  return pads;
}

Kernel conv_transpose(const Node& node) {
  const Window window = Window::of(node);
  const std::int64_t group = group_of(node);
  const auto output_shape = node.integers("output_shape");
  const auto output_padding = node.integers("output_padding");
  return single([=](const Inputs& in) {
    const at::Tensor &x = in[0], &weight = in[1];
    check_weights(x, weight);
    Window w = window.sized(x.dim() - 2);
    w.kernel.assign(weight.sizes().begin() + 2, weight.sizes().end());
    const std::size_t n = w.kernel.size();
    std::vector<std::int64_t> extra = output_padding;
    extra.resize(n, 0);
    for (const std::int64_t e : extra)
      if (e < 0 || e > (1 << 16)) refuse("output_padding is out of range");
    Pads pads;
    if (!output_shape.empty()) {
      pads = pads_for_output(w, x, extra, output_shape);
    } else if (w.auto_pad == AutoPad::kSameUpper || w.auto_pad == AutoPad::kSameLower) {
      std::vector<std::int64_t> wanted;
      for (std::size_t d = 0; d < n; ++d)
        wanted.push_back(x.size(static_cast<std::int64_t>(d) + 2) * w.strides[d]);
      pads = pads_for_output(w, x, extra, wanted);
    } else {
      pads = w.pads_for(x);
    }
    const std::vector<std::int64_t> none(n, 0);
    bool simple = pads.symmetric();
    for (std::size_t d = 0; d < n; ++d)
      simple = simple && pads.begin[d] >= 0 && extra[d] < std::max(w.strides[d], w.dilations[d]);
    if (simple)
      return at::convolution(x, weight, bias_of(in), w.strides, pads.begin, w.dilations, true,
                             extra, group);
    // The whole output, then cropped; the bias comes last because what output_padding adds has it
    // too.
    at::Tensor y = at::convolution(x, weight, {}, w.strides, none, w.dilations, true, none, group);
    Pads crop;
    for (std::size_t d = 0; d < n; ++d) {
      crop.begin.push_back(-pads.begin[d]);
      crop.end.push_back(extra[d] - pads.end[d]);
    }
    y = at::constant_pad_nd(y, constant_pad_argument(crop));
    if (!in.has(2)) return y;
    std::vector<std::int64_t> channel(n + 2, 1);
    channel[1] = -1;
    return at::add(y, in[2].reshape(channel));
  });
}

constexpr Operator kConvOperators[] = {
    {"Conv", conv},
    {"ConvTranspose", conv_transpose},
};

}  // namespace

std::span<const Operator> conv_operators() { return kConvOperators; }

}  // namespace assay::network
