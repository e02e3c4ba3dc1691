#include "assay/network/window.h"

#include <algorithm>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

constexpr std::int64_t kLargest =
    1 << 24;  // px; larger numbers come from damaged files and overflow sums

void check(const std::vector<std::int64_t>& values, std::int64_t low, const char* what) {
  for (const std::int64_t v : values)
    if (v < low || v > kLargest)
      refuse(std::string(what) + " of " + std::to_string(v) + " is out of range");
}

std::vector<std::int64_t> filled(const std::vector<std::int64_t>& given, std::size_t size,
                                 std::int64_t otherwise, const char* what) {
  if (given.empty()) return std::vector<std::int64_t>(size, otherwise);
  if (given.size() != size)
    refuse(std::string(what) + " has " + std::to_string(given.size()) + " numbers, wanted " +
           std::to_string(size));
  return given;
}

}  // namespace

Window Window::of(const Node& node) {
  Window w;
  w.kernel = node.integers("kernel_shape");
  w.strides = node.integers("strides");
  w.dilations = node.integers("dilations");
  w.pads = node.integers("pads");
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER")
    w.auto_pad = AutoPad::kSameUpper;
  else if (auto_pad == "SAME_LOWER")
    w.auto_pad = AutoPad::kSameLower;
  else if (auto_pad == "VALID")
    w.auto_pad = AutoPad::kValid;
  else if (auto_pad != "NOTSET" && !auto_pad.empty())
    refuse("auto_pad " + auto_pad + " is unknown");
  check(w.kernel, 1, "a kernel size");
  check(w.strides, 1, "a stride");
  check(w.dilations, 1, "a dilation");
  check(w.pads, -kLargest, "a pad");
  return w;
}

Window Window::sized(std::int64_t dims) const {
  if (dims < 1) refuse("wanted an input of at least 3 dimensions [N,C,…]");
  const auto n = static_cast<std::size_t>(dims);
  Window w = *this;
  w.kernel = filled(kernel, n, 1, "kernel_shape");
  w.strides = filled(strides, n, 1, "strides");
  w.dilations = filled(dilations, n, 1, "dilations");
  w.pads = filled(pads, 2 * n, 0, "pads");
  return w;
}

Pads Window::pads_for(const at::Tensor& x) const {
  const std::size_t n = kernel.size();
  const auto half = pads.begin() + static_cast<std::ptrdiff_t>(n);
  if (auto_pad == AutoPad::kNone) return {{pads.begin(), half}, {half, pads.end()}};
  Pads found{std::vector<std::int64_t>(n, 0), std::vector<std::int64_t>(n, 0)};
  if (auto_pad == AutoPad::kValid) return found;
  for (std::size_t d = 0; d < n; ++d) {
    const std::int64_t in = x.size(static_cast<std::int64_t>(d) + 2);
    const std::int64_t out = (in + strides[d] - 1) / strides[d];
    const std::int64_t total = std::max<std::int64_t>((out - 1) * strides[d] + reach(d) - in, 0);
    const std::int64_t smaller = total / 2;
    found.begin[d] = auto_pad == AutoPad::kSameUpper ? smaller : total - smaller;
    found.end[d] = total - found.begin[d];
  }
  return found;
}

std::vector<std::int64_t> constant_pad_argument(const Pads& pads) {
  std::vector<std::int64_t> argument;
  for (std::size_t d = pads.begin.size(); d-- > 0;) {
    argument.push_back(pads.begin[d]);
    argument.push_back(pads.end[d]);
  }
  return argument;
}

}  // namespace assay::network
