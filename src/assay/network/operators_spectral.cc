// Fourier transforms and the window functions that go with them.
#include <cmath>

#include "assay/network/number_format.h"
#include "assay/network/operators.h"

namespace assay::network {

namespace {

// a[0] - a[1] cos(2πn/N) + a[2] cos(4πn/N), N the size (periodic) or one less.
struct CosineWindow {
  double constant = 0, once = 0, twice = 0;
};

Kernel window(const Node& node, const CosineWindow& a) {
  const bool periodic = node.integer("periodic", 1) != 0;
  const at::ScalarType type = scalar_type(node.integer("output_datatype", onnx_type::kFloat));
  return single([=](const Inputs& in) {
    const std::int64_t size = integer_of(in[0], "the size");
    check_shape({size}, 8);
    const auto period = static_cast<double>(periodic ? size : size - 1);
    const at::Tensor turns = at::mul(at::arange(size, at::kDouble), 2 * M_PI / period);
    const at::Tensor sum =
        at::sub(at::mul(at::cos(at::mul(turns, 2)), a.twice), at::mul(at::cos(turns), a.once));
    return at::add(sum, a.constant).to(type);
  });
}

Kernel hann(const Node& node) { return window(node, {0.5, 0.5, 0}); }
Kernel hamming(const Node& node) { return window(node, {25.0 / 46, 21.0 / 46, 0}); }
Kernel blackman(const Node& node) { return window(node, {0.42, 0.5, 0.08}); }

// Real [..., 1] or complex [..., 2] along an axis; `onesided` keeps the first half, which tells the
// rest of a real signal's.
Kernel dft(const Node& node) {
  const bool inverse = node.integer("inverse", 0) != 0;
  const bool half = node.integer("onesided", 0) != 0;
  const std::int64_t attribute_axis = node.integer("axis", 1);
  const bool axis_is_input = node.opset >= 20;
  return single([=](const Inputs& in) {
    const at::Tensor x = in[0].to(at::kDouble);
    if (x.dim() < 2 || x.size(-1) < 1 || x.size(-1) > 2)
      refuse("the last dimension must hold real, or real and imaginary parts");
    std::int64_t axis = axis_is_input ? -2 : attribute_axis;
    if (axis_is_input && in.has(2)) axis = integer_of(in[2], "the axis");
    axis = axis_of(axis, x.dim());
    if (axis == x.dim() - 1) refuse("the axis is that of the parts");
    c10::optional<std::int64_t> length;
    if (in.has(1)) {
      length = integer_of(in[1], "the length");
      if (*length < 1) refuse("a length of " + std::to_string(*length));
      check_shape({*length, x.numel() / std::max<std::int64_t>(x.size(axis), 1)}, 16);
    }
    const at::Tensor complex = x.size(-1) == 2
                                   ? at::view_as_complex(x.contiguous())
                                   : at::complex(x.select(-1, 0), at::zeros_like(x.select(-1, 0)));
    at::Tensor y =
        inverse ? at::fft_ifft(complex, length, axis) : at::fft_fft(complex, length, axis);
    if (half) y = y.narrow(axis, 0, y.size(axis) / 2 + 1);
    return at::view_as_real(y.resolve_conj()).to(in[0].scalar_type());
  });
}

// (signal [N,L,1 or 2], step, window, frame length) → [N, frames, frequencies, 2]
Kernel stft(const Node& node) {
  const bool half = node.integer("onesided", 1) != 0;
  return single([=](const Inputs& in) {
    const at::Tensor x = in[0].to(at::kDouble);
    const std::int64_t step = integer_of(in[1], "the step");
    const std::int64_t length = in.has(3)   ? integer_of(in[3], "the frame length")
                                : in.has(2) ? in[2].numel()
                                            : 0;
    if (x.dim() != 3 || x.size(2) < 1 || x.size(2) > 2 || step < 1 || length < 1 ||
        length > x.size(1))
      refuse("wanted a signal [N,L,1 or 2], and a step and frame length within it");
    at::Tensor frames = x.unfold(1, length, step);  // [N, frames, parts, length]
    check_shape({frames.numel()}, 16);
    if (in.has(2)) frames = at::mul(frames, in[2].to(at::kDouble));
    const at::Tensor real = frames.select(2, 0);
    const at::Tensor imaginary = x.size(2) == 2 ? frames.select(2, 1) : at::zeros_like(real);
    at::Tensor y = at::fft_fft(at::complex(real, imaginary), c10::nullopt, -1);
    if (half) y = y.narrow(-1, 0, length / 2 + 1);
    return at::view_as_real(y.resolve_conj()).to(in[0].scalar_type());
  });
}

constexpr auto kNone = Gradient::kNone;

constexpr Operator kSpectralOperators[] = {
    {"BlackmanWindow", blackman, Reads::kAllSizes, kNone},
    {"DFT", dft, Reads::kSizes},
    {"HammingWindow", hamming, Reads::kAllSizes, kNone},
    {"HannWindow", hann, Reads::kAllSizes, kNone},
    {"STFT", stft, Reads::kSizes},
};

}  // namespace

std::span<const Operator> spectral_operators() { return kSpectralOperators; }

}  // namespace assay::network
