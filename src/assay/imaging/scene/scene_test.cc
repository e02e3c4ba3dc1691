#include "assay/imaging/scene/scene.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/network/torch.h"

namespace assay::imaging {
namespace {

using ::testing::HasSubstr;

// Smooth colours with an edge, values from about 0.1 to 0.9.
at::Tensor photo(std::int64_t n, std::int64_t h, std::int64_t w, at::ScalarType type = at::kFloat) {
  const at::Tensor y = at::linspace(0, 3, h, at::kDouble).view({1, 1, h, 1}),
                   x = at::linspace(0, 4, w, at::kDouble).view({1, 1, 1, w}),
                   c = at::arange(3, at::kDouble).view({1, 3, 1, 1}),
                   i = at::arange(n, at::kDouble).view({n, 1, 1, 1});
  const at::Tensor wave =
      0.5 + 0.25 * at::sin(x + c + i) * at::cos(y - c) + 0.1 * at::sin(3 * x * y);
  return (wave + 0.05 * x.gt(2).to(at::kDouble)).clamp(0.02, 0.98).to(type);
}

at::Tensor theta(std::vector<double> values, std::int64_t rows = 1) {
  return at::tensor(values, at::kDouble).view({rows, -1});
}

std::vector<std::uint64_t> draws(std::int64_t n) {
  std::vector<std::uint64_t> all;
  for (std::int64_t i = 0; i < n; ++i) all.push_back(static_cast<std::uint64_t>(17 + i));
  return all;
}

// A value of the factor that does something, and has no corner near it.
double elsewhere(const Factor& f) {
  if (f.name == "temperature" || f.name == "camera.temperature") return 5100;
  if (f.name == "camera.bit_depth") return 3;
  if (f.name == "camera.low_light") return 5.3;
  if (f.unit == "e") return 117;
  if (f.name == "jpeg_quality") return 30;
  if (f.name == "resolution") return 0.4;
  if (f.name == "pixelation") return 3;
  if (f.unit == "degrees") return 13.7;
  if (f.name == "occluder") return 0.413;
  if (f.name == "occluder_x" || f.name == "occluder_y") return 0.1237;
  if (f.name.starts_with("translation")) return 0.0837;
  if (f.unit == "px") return f.nominal + 2.317;
  return f.nominal + 0.137;
}

// Companions do nothing alone.
std::vector<std::string> with_companion(const Factor& f) {
  const std::string name(f.name);
  if (name.starts_with("occluder_")) return {name, "occluder"};
  if (name == "motion_angle") return {name, "motion_blur"};
  return {name};
}

std::vector<double> values_with_companion(const Factor& f, double value) {
  if (f.name.starts_with("occluder_")) return {value, 0.413};
  if (f.name == "motion_angle") return {value, 5.3};
  return {value};
}

double change(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(Scene, GivesThePictureBackBitForBitAtNominalWhateverElseIsInTheBatch) {
  const at::Tensor pixels = photo(3, 21, 34);
  for (const Factor& f : scene_factors()) {
    SCOPED_TRACE(std::string(f.name));
    for (const Border border : {Border::kFill, Border::kReflect, Border::kCrop}) {
      const Scene scene({std::string(f.name)}, {border, 0, 5});
      const at::Tensor out =
          scene(pixels, theta({f.nominal, elsewhere(f), f.nominal}, 3), draws(3));
      EXPECT_TRUE(out[0].equal(pixels[0]));
      EXPECT_TRUE(out[2].equal(pixels[2]));
      const at::Tensor alone =
          scene(pixels.narrow(0, 1, 1), theta({elsewhere(f)}), std::vector<std::uint64_t>{18});
      EXPECT_TRUE(out[1].equal(alone[0]));  // and a row depends on nothing but itself
    }
  }
}

TEST(Scene, EveryFactorChangesThePicture) {
  const at::Tensor pixels = photo(1, 24, 24);
  for (const Factor& f : scene_factors()) {
    const Scene scene(with_companion(f), {});
    const at::Tensor out = scene(pixels, theta(values_with_companion(f, elsewhere(f))), draws(1));
    EXPECT_EQ(out.sizes(), pixels.sizes()) << f.name;
    EXPECT_GT(change(out, pixels), 0.01) << f.name;
    EXPECT_TRUE(at::isfinite(out).all().item<bool>()) << f.name;
    EXPECT_GE(out.min().item<double>(), 0) << f.name;
    EXPECT_LE(out.max().item<double>(), 1) << f.name;
  }
}

TEST(Scene, DerivativesInThetaAreThoseOfDifferences) {
  const at::Tensor pixels = photo(1, 17, 23, at::kDouble);
  const at::Tensor weights = at::sin(at::arange(pixels.numel(), at::kDouble)).view_as(pixels);
  for (const Factor& f : scene_factors()) {
    if (!f.differentiable) continue;
    SCOPED_TRACE(std::string(f.name));
    const Scene scene(with_companion(f), {Border::kReflect, 0, 5});
    const double at = elsewhere(f), step = 1e-6 * std::max(1.0, std::abs(at));
    at::Tensor t = theta(values_with_companion(f, at)).requires_grad_(true);
    const at::Tensor sum = (scene(pixels, t, draws(1)) * weights).sum();
    sum.backward();
    const double slope = t.grad()[0][0].item<double>();
    const auto value = [&](double v) {
      return (scene(pixels, theta(values_with_companion(f, v)), draws(1)) * weights)
          .sum()
          .item<double>();
    };
    const double difference = (value(at + step) - value(at - step)) / (2 * step);
    EXPECT_NEAR(slope, difference, 1e-5 * std::max(1.0, std::abs(difference)));
  }
}

TEST(Scene, DerivativesInPixelsAreThoseOfDifferences) {
  for (const Factor& f : scene_factors()) {
    if (!f.differentiable) continue;
    SCOPED_TRACE(std::string(f.name));
    const Scene scene(with_companion(f), {Border::kReflect, 0, 5});
    const at::Tensor t = theta(values_with_companion(f, elsewhere(f)));
    at::Tensor pixels = photo(1, 11, 13, at::kDouble).requires_grad_(true);
    const at::Tensor weights = at::sin(at::arange(pixels.numel(), at::kDouble)).view_as(pixels);
    const at::Tensor direction = at::cos(at::arange(pixels.numel(), at::kDouble)).view_as(pixels);
    (scene(pixels, t, draws(1)) * weights).sum().backward();
    const double slope = (pixels.grad() * direction).sum().item<double>();
    const auto value = [&](double step) {
      return (scene(pixels.detach() + step * direction, t, draws(1)) * weights)
          .sum()
          .item<double>();
    };
    const double difference = (value(1e-6) - value(-1e-6)) / 2e-6;
    EXPECT_NEAR(slope, difference, 1e-5 * std::max(1.0, std::abs(difference)));
  }
}

TEST(Scene, HasADerivativeAtNominalToo) {
  const at::Tensor pixels = photo(1, 16, 16, at::kDouble);
  const Scene scene({"rotation", "brightness"}, {});
  at::Tensor t = theta({0, 1}).requires_grad_(true);
  const at::Tensor out = scene(pixels, t, draws(1));
  EXPECT_TRUE(out.equal(pixels));
  out.sum().backward();
  EXPECT_NEAR(t.grad()[0][1].item<double>(), pixels.sum().item<double>(), 1e-9);
  EXPECT_NE(t.grad()[0][0].item<double>(), 0);
}

TEST(Scene, TurnsClockwiseShiftsAndMagnifiesByPixels) {
  const at::Tensor square = photo(1, 20, 20), oblong = photo(1, 20, 40);
  const Scene turn({"rotation"}, {});
  EXPECT_LT(change(turn(square, theta({90}), draws(1)), at::rot90(square, -1, {2, 3})), 1e-4);
  EXPECT_LT(change(turn(oblong, theta({180}), draws(1)), at::rot90(oblong, 2, {2, 3})), 1e-4);
  const at::Tensor shifted = Scene({"translation_x", "translation_y"}, {Border::kFill, 0.25, 0})(
      oblong, theta({0.25, -0.1}), draws(1));
  EXPECT_LT(
      change(shifted.slice(2, 0, 18).slice(3, 10, 40), oblong.slice(2, 2, 20).slice(3, 0, 30)),
      1e-5);
  EXPECT_LT((shifted.slice(3, 0, 10) - 0.25).abs().max().item<double>(), 1e-6);
  // Twice as large: the middle half fills the picture.
  const at::Tensor large = Scene({"scale"}, {})(oblong, theta({2}), draws(1));
  const at::Tensor middle =
      at::upsample_bilinear2d(oblong.slice(2, 5, 15).slice(3, 10, 30), {20, 40}, false);
  EXPECT_LT(change(large.slice(2, 2, 18).slice(3, 2, 38), middle.slice(2, 2, 18).slice(3, 2, 38)),
            1e-4);
}

TEST(Scene, TiltsAlikeAtEverySizeAndTheFarEdgeShrinks) {
  // A white band down the middle: tilted about the horizontal axis, its upper end is narrower.
  const auto band = [](std::int64_t side) {
    at::Tensor p = at::zeros({1, 1, side, side});
    p.slice(3, side * 3 / 8, side * 5 / 8).fill_(1);
    return p;
  };
  std::vector<double> tops;
  for (const std::int64_t side : {64, 128, 256}) {
    const at::Tensor out =
        Scene({"tilt_x"}, {Border::kReflect, 0, 0})(band(side), theta({40}), draws(1));
    const auto width = [&](std::int64_t row) {
      return out[0][0][row].sum().item<double>() / static_cast<double>(side);
    };
    const double top = width(side / 4), bottom = width(side * 3 / 4 - 1);
    EXPECT_LT(top, 0.25);
    EXPECT_GT(bottom, 0.25);
    tops.push_back(top);
  }
  EXPECT_NEAR(tops[0], tops[2], 0.01);
  EXPECT_NEAR(tops[1], tops[2], 0.005);
}

// Where each output pixel was taken from, in shares of the width (channel 0) and height (channel 1).
at::Tensor sources(const Scene& scene, std::int64_t h, std::int64_t w, double value) {
  const at::Tensor x = (at::arange(w, at::kDouble) + 0.5) / static_cast<double>(w),
                   y = ((at::arange(h, at::kDouble) + 0.5) / static_cast<double>(h)).view({h, 1});
  const at::Tensor places =
      at::stack({x.expand({h, w}), y.expand({h, w}), at::zeros({h, w}, at::kDouble)}).unsqueeze(0);
  return scene(places, theta({value}), draws(1))[0];
}

TEST(Scene, CropShowsNoBorder) {
  constexpr std::int64_t kHeight = 30, kWidth = 50;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, double>>{{"rotation", 33},
                                                   {"tilt_x", 35},
                                                   {"tilt_y", -20},
                                                   {"translation_x", 0.2},
                                                   {"scale", 0.5},
                                                   {"shear", 25}}) {
    SCOPED_TRACE(name);
    // Beyond the outermost pixels' centres the sources stand still: so much of it is border.
    const at::Tensor from = sources(Scene({name}, {Border::kCrop, 0, 0}), kHeight, kWidth, value);
    const auto stuck = [&](std::int64_t axis, std::int64_t size) {
      const double edge = 0.5 / static_cast<double>(size);
      return at::logical_or(from[axis].le(edge + 1e-12), from[axis].ge(1 - edge - 1e-12))
          .to(at::kDouble)
          .mean()
          .item<double>();
    };
    EXPECT_LE(stuck(0, kWidth), 0.05);
    EXPECT_LE(stuck(1, kHeight), 0.07);
    // And it is no smaller than need be: something of a border is reached, to within a pixel.
    EXPECT_GT(std::max((from[0] - 0.5).abs().max().item<double>() + 1.5 / kWidth,
                       (from[1] - 0.5).abs().max().item<double>() + 1.5 / kHeight),
              0.5);
    // Filled instead, the border shows.
    const at::Tensor filled = Scene({name}, {Border::kFill, 0, 0})(
        at::ones({1, 1, kHeight, kWidth}), theta({value}), draws(1));
    EXPECT_LT(filled.min().item<double>(), 0.5);
  }
}

TEST(Scene, ExposureDoublesLinearLightAndWarmLightIsRedder) {
  const at::Tensor grey = at::full({1, 3, 4, 4}, 0.5);
  const auto linear = [](double v) { return std::pow((v + 0.055) / 1.055, 2.4); };
  const double brighter =
      Scene({"exposure"}, {})(grey, theta({1}), draws(1))[0][0][0][0].item<double>();
  EXPECT_NEAR(linear(brighter), 2 * linear(0.5), 1e-5);
  const at::Tensor warm = Scene({"temperature"}, {})(grey, theta({3000}), draws(1));
  EXPECT_GT(warm[0][0][0][0].item<double>(), warm[0][1][0][0].item<double>());
  EXPECT_GT(warm[0][1][0][0].item<double>(), warm[0][2][0][0].item<double>());
  // The change keeps the luminance.
  const double y = 0.2126 * linear(warm[0][0][0][0].item<double>()) +
                   0.7152 * linear(warm[0][1][0][0].item<double>()) +
                   0.0722 * linear(warm[0][2][0][0].item<double>());
  EXPECT_NEAR(y, linear(0.5), 0.01);
}

TEST(Scene, BlursKeepTheLightAndNoiseHasItsDeviation) {
  at::Tensor point = at::zeros({1, 1, 41, 41});
  point[0][0][20][20] = 1;
  for (const auto& [name, value] : std::vector<std::pair<std::string, double>>{
           {"gaussian_blur", 2.5}, {"defocus_blur", 4.2}, {"motion_blur", 9.5}}) {
    const at::Tensor out = Scene({name}, {})(point, theta({value}), draws(1));
    EXPECT_NEAR(out.sum().item<double>(), 1, 1e-5) << name;
  }
  // The second moment of a Gaussian is its variance.
  const at::Tensor spread = Scene({"gaussian_blur"}, {})(point, theta({2.5}), draws(1));
  const at::Tensor k = at::arange(41) - 20;
  EXPECT_NEAR((spread[0][0].sum(0) * k * k).sum().item<double>(), 6.25, 0.05);

  const at::Tensor grey = at::full({1, 1, 128, 128}, 0.5);
  const auto deviation = [&](const char* name, double value) {
    return Scene({name}, {})(grey, theta({value}), draws(1)).std().item<double>();
  };
  EXPECT_NEAR(deviation("gaussian_noise", 0.1), 0.1, 0.003);
  EXPECT_NEAR(deviation("speckle_noise", 0.1), 0.05, 0.002);
  EXPECT_NEAR(deviation("shot_noise", 0.1), 0.1 * std::sqrt(0.5), 0.003);
  const at::Tensor hit = Scene({"impulse_noise"}, {})(grey, theta({0.2}), draws(1));
  EXPECT_NEAR(hit.ne(0.5).to(at::kDouble).mean().item<double>(), 0.2, 0.012);
}

TEST(Scene, EveryFactorStandsInTheDocumentation) {
  const std::string page = read_file(ASSAY_SOURCE_DIR "/docs/factors.md");
  for (const Factor& f : scene_factors())
    EXPECT_THAT(page,
                HasSubstr(fmt::format("| `{}` | {} | {} | {} to {} |", f.name,
                                      f.unit.empty() ? "–" : f.unit, f.nominal, f.low, f.high)));
}

TEST(Scene, RefusesWhatIsNoFactorOrOutOfItsRange) {
  const auto error = [](auto&& act) {
    try {
      act();
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(error([] { Scene({"rotatoin"}, {}, "audit.yaml:3"); }),
              ::testing::AllOf(HasSubstr("audit.yaml:3"), HasSubstr("did you mean \"rotation\"")));
  EXPECT_THAT(error([] { Scene({"gamma", "gamma"}, {}); }), HasSubstr("stands twice"));
  const at::Tensor grey = at::full({1, 1, 8, 8}, 0.5);
  EXPECT_THAT(error([&] { Scene({"gaussian_blur"}, {})(grey, theta({-1}), draws(1)); }),
              HasSubstr("\"gaussian_blur\" is -1; wanted 0 to 30 px"));
  EXPECT_THAT(error([&] { Scene({"gamma"}, {})(grey, theta({std::nan("")}), draws(1)); }),
              HasSubstr("\"gamma\" is nan"));
  EXPECT_THAT(error([&] { Scene({"hue"}, {})(grey, theta({5}), draws(1)); }),
              HasSubstr("needs colours"));
}

}  // namespace
}  // namespace assay::imaging
