// What changes the light before it meets the sensor, what stands in its way, and what software makes of it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// Linear sRGB [N,3] of a black body at T [N] kelvin, of luminance 1. The chromaticities are the cubics of
// kim2002, within 2e-4 of the Planckian locus from 1,667 to 25,000 K.
at::Tensor black_body(const at::Tensor& kelvin) {
  const at::Tensor t = 1000 / kelvin.to(at::kDouble);
  const auto cubic = [](const at::Tensor& v, double a, double b, double c, double d) {
    return ((a * v + b) * v + c) * v + d;
  };
  const at::Tensor x = at::where(t.ge(0.25), cubic(t, -0.2661239, -0.2343589, 0.8776956, 0.179910),
                                 cubic(t, -3.0258469, 2.1070379, 0.2226347, 0.240390));
  const at::Tensor y =
      at::where(t.ge(1000.0 / 2222), cubic(x, -1.1063814, -1.34811020, 2.18555832, -0.20219683),
                at::where(t.ge(0.25), cubic(x, -0.9549476, -1.37418593, 2.09137015, -0.16748867),
                          cubic(x, 3.0817580, -5.87338670, 3.75112997, -0.37001483)));
  const at::Tensor big_x = x / y, big_z = (1 - x - y) / y;
  // XYZ to linear sRGB (IEC 61966-2-1), Y = 1.
  return at::stack(
             {3.2406 * big_x - 1.5372 - 0.4986 * big_z, -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
              0.0557 * big_x - 0.2040 + 1.0570 * big_z},
             1)
      .clamp_min(0);
}

constexpr double kAirlight = 0.8;  // of scattered light, in linear light
constexpr double kOccluderGrey = 0.5;

}  // namespace

at::Tensor across(std::int64_t size, const at::TensorOptions& options) {
  return at::arange(size, options) + (0.5 - static_cast<double>(size) / 2);
}

at::Tensor radius_squared(const at::Tensor& like) {
  const at::Tensor u = across(like.size(3), like.options()),
                   v = across(like.size(2), like.options());
  const double corner = 0.25 * (static_cast<double>(like.size(2) * like.size(2)) +
                                static_cast<double>(like.size(3) * like.size(3)));
  return (u * u + (v * v).view({-1, 1})) / corner;
}

at::Tensor light_of(const at::Tensor& kelvin) {
  return black_body(kelvin) / black_body(at::full({1}, 6500.0, at::TensorOptions(at::kDouble)));
}

at::Tensor occluded(const at::Tensor& pixels, const Theta& theta) {
  const std::int64_t h = pixels.size(2), w = pixels.size(3);
  const at::Tensor half =
      theta("occluder").view({-1, 1}) * (0.5 * static_cast<double>(std::min(h, w)));
  // The share of each pixel's extent that the square covers.
  const auto covered = [&](const at::Tensor& centre, std::int64_t size) {
    const at::Tensor at = across(size, pixels.options()).view({1, -1});
    const at::Tensor middle = centre.view({-1, 1}) * static_cast<double>(size);
    return (at::minimum(at + 0.5, middle + half) - at::maximum(at - 0.5, middle - half))
        .clamp(0, 1);
  };
  const at::Tensor cover = covered(theta("occluder_y"), h).view({-1, 1, h, 1}) *
                           covered(theta("occluder_x"), w).view({-1, 1, 1, w});
  return pixels + cover * (kOccluderGrey - pixels);
}

at::Tensor lit(const at::Tensor& pixels, const Theta& theta) {
  at::Tensor x = linear_light(pixels);
  if (theta.has("haze")) {
    const at::Tensor haze = per_picture(theta("haze"));
    x = x + haze * (kAirlight - x);
  }
  if (theta.has("temperature"))
    x = x * light_of(theta("temperature")).to(x.scalar_type()).view({-1, 3, 1, 1});
  if (theta.has("vignetting")) x = x * (1 - per_picture(theta("vignetting")) * radius_squared(x));
  if (theta.has("exposure"))
    x = x * per_picture(at::exp2(theta("exposure").to(at::kDouble)).to(x.scalar_type()));
  return encoded_light(x).clamp(0, 1);
}

at::Tensor rendered(const at::Tensor& pixels, const Theta& theta) {
  at::Tensor x = pixels;
  if (theta.has("hue")) {
    // A turn in the plane of I and Q, of the NTSC's YIQ; its inverse is exact.
    const at::Tensor to = at::tensor({0.299, 0.587, 0.114,             //
                                      0.595716, -0.274453, -0.321263,  //
                                      0.211456, -0.522591, 0.311135},
                                     at::kDouble)
                              .view({3, 3});
    const at::Tensor angle = theta("hue").to(at::kDouble) * (std::numbers::pi / 180);
    const at::Tensor zero = at::zeros_like(angle), one = at::ones_like(angle);
    const at::Tensor turn = at::stack({one, zero, zero, zero, at::cos(angle), -at::sin(angle), zero,
                                       at::sin(angle), at::cos(angle)},
                                      1)
                                .view({-1, 3, 3});
    const at::Tensor all = at::matmul(at::matmul(at::linalg_inv(to), turn), to);
    x = at::matmul(all.to(x.scalar_type()), x.flatten(2)).view_as(x);
  }
  if (theta.has("saturation")) {
    const at::Tensor grey = luma(x);
    x = grey + per_picture(theta("saturation")) * (x - grey);
  }
  if (theta.has("contrast")) {
    const at::Tensor mean = luma(x).mean({1, 2, 3}, true);
    x = mean + per_picture(theta("contrast")) * (x - mean);
  }
  if (theta.has("brightness")) x = x * per_picture(theta("brightness"));
  x = x.clamp(0, 1);
  // The derivative of 0^gamma is 0, and would come out as 0 times infinity.
  if (theta.has("gamma")) x = power(x.clamp_min(1e-12), theta("gamma"));
  return x;
}

}  // namespace assay::imaging
