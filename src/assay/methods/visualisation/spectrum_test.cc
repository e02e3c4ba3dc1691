#include "assay/methods/visualisation/spectrum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "assay/methods/visualisation/adam.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/methods/visualisation/views.h"
#include "assay/network/gradient.h"

namespace assay::methods {
namespace {

at::Tensor pattern(at::IntArrayRef shape, double pace) {
  std::int64_t n = 1;
  for (const auto d : shape) n *= d;
  return at::arange(n, at::kDouble).mul(pace).sin().reshape(shape);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return at::max(at::abs(a - b)).item<double>();
}

// d f / d x by central differences at the items `at`, beside autograd's.
void expect_gradient(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& x) {
  const at::AutoGradMode record(true);
  const at::Tensor leaf = x.clone().requires_grad_(true);
  const at::Tensor gradient = network::gradient(f(leaf), leaf);
  constexpr double kStep = 1e-5;
  for (std::int64_t i = 0; i < x.numel(); i += 7) {
    at::Tensor up = x.clone(), down = x.clone();
    up.data_ptr<double>()[i] += kStep;
    down.data_ptr<double>()[i] -= kStep;
    const double slope = (f(up).item<double>() - f(down).item<double>()) / (2 * kStep);
    // Truncation: the third derivatives here are of the order 1.
    EXPECT_NEAR(gradient.flatten()[i].item<double>(), slope, 1e-8) << "item " << i;
  }
}

TEST(Spectrum, OneCoefficientIsOneWaveOfItsFrequencyWithTheAmplitudeOneOverF) {
  // Columns 3 of the rows and 4 of the columns: cos 2·y and sin 2·x, f = √((2/8)² + (2/9)²).
  at::Tensor coefficients = at::zeros({1, 1, 8, 9}, at::kDouble);
  coefficients[0][0][3][4] = 1;
  const at::Tensor field = Spectrum(8, 9, at::kDouble).field(coefficients);
  const double f = std::hypot(2 / 8.0, 2 / 9.0), turn = 2 * std::numbers::pi;
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 9; ++x)
      EXPECT_NEAR(
          field[0][0][y][x].item<double>(),
          2 / std::sqrt(8 * 9) * std::cos(turn * 2 * y / 8) * std::sin(turn * 2 * x / 9) / (4 * f),
          1e-12);
}

TEST(Spectrum, IsUndoneByItsInverseForEvenAndOddSides) {
  for (const auto& [height, width] : {std::pair{8, 8}, {7, 12}, {9, 5}, {1, 6}, {2, 1}}) {
    const Spectrum spectrum(height, width, at::kDouble);
    const at::Tensor field = pattern({2, 3, height, width}, 1.7);
    EXPECT_LE(difference(spectrum.field(spectrum.coefficients(field)), field), 1e-12);
  }
}

TEST(Spectrum, ItsContrastIsTheDeviationThatWhiteCoefficientsGive) {
  // The mean over all unit coefficients of their field's energy, exactly.
  const Spectrum spectrum(6, 5, at::kDouble);
  const at::Tensor fields = spectrum.field(at::eye(30, at::kDouble).reshape({30, 1, 6, 5}));
  EXPECT_NEAR(spectrum.contrast(), std::sqrt(fields.square().sum().item<double>() / 30), 1e-12);
}

TEST(Spectrum, PixelsOfCoefficientsHaveTheDerivativeOfCentralDifferences) {
  const Spectrum spectrum(6, 7, at::kDouble);
  const at::Tensor weights = pattern({1, 3, 6, 7}, 0.9);
  expect_gradient(
      [&](const at::Tensor& p) {
        return (at::sigmoid(correlated(spectrum.field(p))) * weights).sum();
      },
      pattern({1, 3, 6, 7}, 2.3));
}

TEST(Pixels, ColoursHaveTheCovarianceOfImageNetsOnes) {
  // M Mᵀ, up to the scale of M, by hand from lucid's table.
  const at::Tensor unit = at::eye(3, at::kDouble).reshape({3, 3, 1, 1});
  const at::Tensor m = correlated(unit).flatten(1).t();
  const at::Tensor covariance = at::matmul(m, m.t());
  const double scale = 0.26 * 0.26 + 0.27 * 0.27 + 0.27 * 0.27;
  const double red_red = 0.26 * 0.26 + 0.09 * 0.09 + 0.02 * 0.02;
  const double red_blue = 0.26 * 0.27 - 0.09 * 0.09 + 0.02 * 0.03;
  EXPECT_NEAR(covariance[0][0].item<double>(), red_red / scale, 1e-12);
  EXPECT_NEAR(covariance[0][2].item<double>(), red_blue / scale, 1e-12);
  EXPECT_EQ(difference(correlated(at::ones({1, 1, 2, 2})), at::ones({1, 1, 2, 2})), 0);
}

TEST(Pixels, SurviveAPictureOfEightBits) {
  const at::Tensor pixels = (pattern({1, 3, 4, 5}, 1.1) * 0.5 + 0.5).to(at::kFloat);
  const imaging::Picture picture = picture_of(pixels);
  EXPECT_EQ(picture.height, 4);
  EXPECT_EQ(picture.width, 5);
  EXPECT_EQ(picture.bytes[1], std::lround(pixels[0][1][0][0].item<double>() * 255));  // green
  EXPECT_LE(difference(pixels_of(picture), pixels), 0.5 / 255 + 1e-6);
}

TEST(Views, AQuarterTurnOfASquareIsItsTransposedMirrorImage) {
  const at::Tensor pixels = pattern({1, 2, 6, 6}, 1.3);
  View turned;
  turned.turn_deg = 90;
  const at::Tensor views = seen(pixels, {View{}, turned});
  EXPECT_EQ(difference(views[0], pixels[0]), 0);
  // Output (x, y) shows the picture at (-y, x), both from the middle: out[y][x] = in[x][-y].
  EXPECT_LE(difference(views[1], pixels[0].transpose(1, 2).flip(1)), 1e-9);
}

TEST(Views, AHalfTurnOfAnOblongIsItsPointReflection) {
  const at::Tensor pixels = pattern({1, 1, 4, 7}, 1.3);
  View turned;
  turned.turn_deg = 180;
  EXPECT_LE(difference(seen(pixels, {View{}, turned})[1], pixels[0].flip({1, 2})), 1e-9);
}

TEST(Views, AShiftByWholePixelsMovesThem) {
  const at::Tensor pixels = pattern({1, 1, 5, 10}, 0.7);
  View moved;
  moved.shift_x = 0.2;
  const at::Tensor view = seen(pixels, {View{}, moved})[1];
  EXPECT_LE(difference(view.narrow(2, 0, 8), pixels[0].narrow(2, 2, 8)), 1e-9);
}

TEST(Views, HaveTheDerivativeOfCentralDifferences) {
  const std::vector<View> views = {View{}, {0.07, -0.03, 1.08, 9}, {-0.05, 0.04, 0.93, -7}};
  const at::Tensor weights = pattern({3, 2, 6, 5}, 0.9);
  expect_gradient([&](const at::Tensor& x) { return (seen(x, views) * weights).sum(); },
                  pattern({1, 2, 6, 5}, 2.3));
}

TEST(Views, StayWithinTheirRange) {
  const ViewRange range{200, 0.1, 0.2, 15};
  const auto views = drawn_views(range, Stream(3, "test"));
  ASSERT_EQ(views.size(), 200U);
  double furthest = 0;
  for (const View& v : views) {
    EXPECT_LE(std::abs(v.shift_x), 0.1);
    EXPECT_LE(std::abs(v.scale - 1), 0.2);
    EXPECT_LE(std::abs(v.turn_deg), 15);
    furthest = std::max(furthest, std::abs(v.turn_deg));
  }
  EXPECT_GT(furthest, 14);  // missed by 199 uniform draws once in 900,000 seeds
  EXPECT_EQ(drawn_views({8, 0, 0, 0}, Stream(3, "test")).size(), 1U);
}

TEST(Adam, TakesTheStepsOfItsPaperByHand) {
  Adam adam{at::zeros({1}, at::kDouble), at::zeros({1}, at::kDouble), 0};
  // m̂ / √v̂ of the first step is the gradient's sign.
  EXPECT_NEAR(adam.step(at::full({1}, 4.0, at::kDouble), 0.1).item<double>(), -0.1, 1e-9);
  const double mean = (0.9 * 0.1 * 4 + 0.1 * -2) / (1 - 0.81);
  const double square = (0.999 * 0.001 * 16 + 0.001 * 4) / (1 - 0.999 * 0.999);
  EXPECT_NEAR(adam.step(at::full({1}, -2.0, at::kDouble), 0.1).item<double>(),
              -0.1 * mean / std::sqrt(square), 1e-9);
}

}  // namespace
}  // namespace assay::methods
