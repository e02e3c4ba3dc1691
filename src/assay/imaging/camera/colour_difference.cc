#include "assay/imaging/camera/colour_difference.h"

#include <cmath>
#include <numbers>

namespace assay::imaging {

namespace {

constexpr double kDegree = std::numbers::pi / 180;

at::Tensor root(const at::Tensor& squared) { return squared.clamp_min(1e-24).sqrt(); }

// √(C⁷ / (C⁷ + 25⁷))
at::Tensor grey_weight(const at::Tensor& chroma) {
  const at::Tensor c7 = chroma.pow(7);
  return root(c7 / (c7 + std::pow(25.0, 7)));
}

// In degrees, 0 to 360; 0 for grey.
at::Tensor hue(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor h = at::atan2(b, a) / kDegree;
  return at::where(h.lt(0), h + 360, h);
}

at::Tensor cosine(const at::Tensor& degrees) { return at::cos(degrees * kDegree); }

}  // namespace

at::Tensor lab_of(const at::Tensor& linear) {
  // sRGB's primaries and white, IEC 61966-2-1; rows over the white point's X, Y and Z.
  constexpr double kXyz[3][3] = {{0.4124564, 0.3575761, 0.1804375},
                                 {0.2126729, 0.7151522, 0.0721750},
                                 {0.0193339, 0.1191920, 0.9503041}};
  const auto channel = [&](std::int64_t c) { return linear.select(1, c); };
  at::Tensor f[3];
  for (int i = 0; i < 3; ++i) {
    const double white = kXyz[i][0] + kXyz[i][1] + kXyz[i][2];
    const at::Tensor t =
        (kXyz[i][0] * channel(0) + kXyz[i][1] * channel(1) + kXyz[i][2] * channel(2)) / white;
    constexpr double kDelta = 6.0 / 29;
    f[i] = at::where(t.gt(kDelta * kDelta * kDelta), t.clamp_min(1e-12).pow(1.0 / 3),
                     t / (3 * kDelta * kDelta) + 4.0 / 29);
  }
  return at::stack({116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])}, 1);
}

at::Tensor delta_e_2000(const at::Tensor& first, const at::Tensor& second) {
  const auto part = [](const at::Tensor& lab, std::int64_t c) { return lab.select(1, c); };
  const at::Tensor l1 = part(first, 0), l2 = part(second, 0), b1 = part(first, 2),
                   b2 = part(second, 2);
  const at::Tensor mean_chroma =
      (root(part(first, 1).square() + b1.square()) + root(part(second, 1).square() + b2.square())) /
      2;
  // Near grey a* is stretched.
  const at::Tensor stretch = 1 + 0.5 * (1 - grey_weight(mean_chroma));
  const at::Tensor a1 = part(first, 1) * stretch, a2 = part(second, 1) * stretch;
  const at::Tensor c1 = root(a1.square() + b1.square()), c2 = root(a2.square() + b2.square());
  const at::Tensor h1 = hue(a1, b1), h2 = hue(a2, b2), grey = (c1 * c2).lt(1e-12);
  at::Tensor turn = h2 - h1;
  turn = at::where(turn.gt(180), turn - 360, at::where(turn.lt(-180), turn + 360, turn));
  turn = at::where(grey, at::zeros_like(turn), turn);
  const at::Tensor dl = l2 - l1, dc = c2 - c1,
                   dh = 2 * root(c1 * c2) * at::sin(turn * (kDegree / 2));
  const at::Tensor l = (l1 + l2) / 2, c = (c1 + c2) / 2, sum = h1 + h2;
  const at::Tensor far = (h1 - h2).abs().gt(180);
  at::Tensor h = at::where(far, at::where(sum.lt(360), (sum + 360) / 2, (sum - 360) / 2), sum / 2);
  h = at::where(grey, sum, h);
  const at::Tensor t = 1 - 0.17 * cosine(h - 30) + 0.24 * cosine(2 * h) + 0.32 * cosine(3 * h + 6) -
                       0.20 * cosine(4 * h - 63);
  const at::Tensor from_middle = (l - 50).square();
  const at::Tensor sl = 1 + 0.015 * from_middle / root(20 + from_middle), sc = 1 + 0.045 * c,
                   sh = 1 + 0.015 * c * t;
  const at::Tensor rotation =
      -2 * grey_weight(c) * at::sin(60 * kDegree * at::exp(-((h - 275) / 25).square()));
  const at::Tensor x = dc / sc, y = dh / sh;
  return root((dl / sl).square() + x.square() + y.square() + rotation * x * y);
}

}  // namespace assay::imaging
