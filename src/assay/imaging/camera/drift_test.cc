#include "assay/imaging/camera/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/camera/camera_view.h"
#include "assay/imaging/camera/optics.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

Sensor bayer() {
  Sensor sensor;
  sensor.black = {64, 64, 64, 64};
  sensor.white = 4095;
  sensor.as_shot = {1.9, 1, 1.5};
  sensor.to_srgb = {1.6, -0.4, -0.2, -0.2, 1.5, -0.3, 0.0, -0.5, 1.5};
  return sensor;
}

// Counts of smooth colours, away from both ends.
at::Tensor recorded(std::int64_t h, std::int64_t w, at::ScalarType type = at::kDouble) {
  const at::Tensor y = at::linspace(0, 3, h, at::kDouble).view({1, 1, h, 1}),
                   x = at::linspace(0, 4, w, at::kDouble).view({1, 1, 1, w});
  return (700 + 500 * at::sin(x) * at::cos(y) + 60 * at::sin(5 * x * y)).to(type);
}

// A chain with every stage that a factor acts on.
CameraChain whole_chain() {
  return CameraChain::parse(
      "black_level normalise | white_balance as_shot | demosaic malvar | colour_matrix file | "
      "tone gamma 2.2",
      "");
}

std::vector<const Factor*> camera_factors() {
  std::vector<const Factor*> all;
  for (const Factor& f : scene_factors())
    if (f.stage == SceneStage::kCamera) all.push_back(&f);
  return all;
}

double somewhere(const Factor& f) {
  if (f.unit == "K") return 5100;
  if (f.unit == "bits") return 4;
  if (f.unit == "e") return 31;
  if (f.name == "camera.black_level") return 0.021;
  if (f.unit == "px") return 1.317;
  if (f.name == "camera.low_light") return 3.3;
  return f.nominal + 0.0737;
}

at::Tensor row(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).view({1, -1});
}

constexpr std::uint64_t kDraw[] = {11};

TEST(CameraDrift, IsTheDevelopmentItselfAtNominalBitForBit) {
  const CameraChain chain = whole_chain();
  const auto factors = camera_factors();
  std::vector<double> nominal;
  for (const Factor* f : factors) nominal.push_back(f->nominal);
  const at::Tensor counts = recorded(14, 18, at::kFloat);
  EXPECT_TRUE(drifted(chain, counts, bayer(), factors, row(nominal), 1, kDraw)
                  .equal(chain(counts, bayer())));
  // With a derivative too.
  const at::Tensor theta = row(nominal).requires_grad_(true);
  const at::Tensor out = drifted(chain, counts, bayer(), factors, theta, 1, kDraw);
  EXPECT_TRUE(out.equal(chain(counts, bayer())));
  out.sum().backward();
  EXPECT_TRUE(at::isfinite(theta.grad()).all().item<bool>());
}

TEST(CameraDrift, DerivativesInEveryFactorAndInTheFrameAreThoseOfDifferences) {
  const CameraChain chain = whole_chain();
  const Sensor sensor = bayer();
  for (const Factor* f : camera_factors()) {
    if (!f->differentiable) continue;
    SCOPED_TRACE(std::string(f->name));
    const std::vector<const Factor*> one{f};
    const at::Tensor base = recorded(12, 16);
    const at::Tensor weights =
        at::sin(at::arange(3 * base.numel(), at::kDouble)).view({1, 3, 12, 16});
    const auto value = [&](const at::Tensor& counts, double v) {
      return (drifted(chain, counts, sensor, one, row({v}), 1, kDraw) * weights)
          .sum()
          .item<double>();
    };
    const double at = somewhere(*f), step = 1e-6 * std::max(1.0, std::abs(at));
    const at::Tensor theta = row({at}).requires_grad_(true);
    const at::Tensor counts = base.clone().requires_grad_(true);
    (drifted(chain, counts, sensor, one, theta, 1, kDraw) * weights).sum().backward();
    const double in_theta = (value(base, at + step) - value(base, at - step)) / (2 * step);
    EXPECT_NEAR(theta.grad().item<double>(), in_theta, 1e-6 * std::max(1.0, std::abs(in_theta)));
    const at::Tensor direction = at::cos(at::arange(base.numel(), at::kDouble)).view_as(base);
    const double in_frame =
        (value(base + 1e-3 * direction, at) - value(base - 1e-3 * direction, at)) / 2e-3;
    EXPECT_NEAR((counts.grad() * direction).sum().item<double>(), in_frame,
                1e-6 * std::max(0.01, counts.grad().abs().sum().item<double>()));
  }
}

TEST(CameraDrift, BitsAreTakenStraightThrough) {
  const auto& bits = scene_factor("camera.bit_depth");
  const std::vector<const Factor*> one{&bits};
  const at::Tensor counts = recorded(8, 8).requires_grad_(true);
  const CameraChain chain = CameraChain::parse("black_level normalise | demosaic bilinear", "");
  const at::Tensor out = drifted(chain, counts, bayer(), one, row({3}), 1, kDraw);
  const at::Tensor red = out.detach().slice(2, 0, 8, 2).slice(3, 0, 8, 2).select(1, 0);
  EXPECT_LE(std::get<0>(at::_unique(at::round(red * 1e9))).numel(), 8);
  out.sum().backward();
  const at::Tensor rounded = counts.grad().clone();
  counts.mutable_grad().reset();
  chain(counts, bayer()).sum().backward();
  EXPECT_LT((rounded - counts.grad()).abs().max().item<double>(), 1e-12);
}

TEST(CameraDrift, SettingsAreWhatDeviationsAreAddedTo) {
  const CameraChain plain = whole_chain();
  const CameraChain set(std::vector<CameraStage>(plain.stages().begin(), plain.stages().end()), "",
                        {{"camera.exposure", 0.5}});
  const at::Tensor counts = recorded(10, 10);
  const std::vector<const Factor*> one{&scene_factor("camera.exposure")};
  EXPECT_TRUE(
      set(counts, bayer()).equal(drifted(plain, counts, bayer(), one, row({0.5}), 0, kDraw)));
  EXPECT_TRUE(drifted(set, counts, bayer(), one, row({0.25}), 0, kDraw)
                  .equal(drifted(plain, counts, bayer(), one, row({0.75}), 0, kDraw)));
  EXPECT_EQ(CameraChain::parse(set.text(), "").text(), set.text());
}

TEST(CameraDrift, ElectronsHaveTheirNoise) {
  const CameraChain chain = CameraChain::parse("black_level normalise | demosaic bilinear", "");
  Sensor sensor;
  sensor.white = 1;
  const at::Tensor grey = at::full({1, 1, 200, 200}, 0.25, at::kDouble);
  const auto deviation = [&](const char* name, double v) {
    const std::vector<const Factor*> one{&scene_factor(name)};
    // Recorded red alone: interpolation would smooth it.
    return drifted(chain, grey, sensor, one, row({v}), 3, kDraw)
        .select(1, 0)
        .slice(1, 2, 198, 2)
        .slice(2, 2, 198, 2)
        .std()
        .item<double>();
  };
  EXPECT_NEAR(deviation("camera.low_light", 4), std::sqrt(0.25 * 15 / kFullWell), 4e-4);
  EXPECT_NEAR(deviation("camera.read_noise", 100), 100 / kFullWell, 3e-4);
}

TEST(CameraDrift, RaysKeepTheLightAndComaHasATailToTheRight) {
  const std::vector<const Factor*> four{
      &scene_factor("camera.defocus"), &scene_factor("camera.astigmatism"),
      &scene_factor("camera.coma"), &scene_factor("camera.spherical")};
  const auto spread = [&](const std::vector<double>& values) {
    return point_spread(Theta(four, row(values), at::kDouble), at::TensorOptions(at::kDouble))[0];
  };
  const at::Tensor k = spread({3.2, 1.1, 2, 0.4});
  EXPECT_NEAR(k.sum().item<double>(), 1, 1e-12);
  // A uniform disc of radius r has the variance r² / 4 along each axis; the tents add 1/6 at most.
  const at::Tensor disc = spread({4, 0, 0, 0});
  const std::int64_t radius = disc.size(0) / 2;
  const at::Tensor at = at::arange(-radius, radius + 1, at::kDouble);
  EXPECT_NEAR((disc.sum(0) * at * at).sum().item<double>(), 4, 0.3);
  const at::Tensor coma = spread({0, 0, 4, 0});
  const std::int64_t half = coma.size(0) / 2;
  const at::Tensor x = at::arange(-half, half + 1, at::kDouble);
  const at::Tensor profile = coma.sum(0);
  EXPECT_GT((profile * x.pow(3)).sum().item<double>(), 1);  // skewed
  EXPECT_LT((coma - coma.flip(0)).abs().max().item<double>(), 1e-12);
  const at::Tensor none = spread({0, 0, 0, 0});
  EXPECT_NEAR(none[1][1].item<double>(), 1, 1e-15);
}

TEST(CameraDrift, AWrongBlackOrSaturationDoesWhatItSays) {
  const CameraChain chain = CameraChain::parse("black_level normalise | demosaic bilinear", "");
  Sensor sensor;
  sensor.white = 1;
  const at::Tensor grey = at::full({1, 1, 8, 8}, 0.4, at::kDouble);
  const auto by = [&](const char* name, double v) {
    const std::vector<const Factor*> one{&scene_factor(name)};
    return drifted(chain, grey, sensor, one, row({v}), 3, kDraw)[0]
        .slice(1, 2, 6)
        .slice(2, 2, 6)
        .mean({1, 2});
  };
  EXPECT_NEAR(by("camera.black_level", 0.1)[1].item<double>(), 0.3, 1e-12);
  EXPECT_NEAR(by("camera.black_red", 0.1)[0].item<double>(), 0.3, 1e-12);
  EXPECT_NEAR(by("camera.black_red", 0.1)[2].item<double>(), 0.4, 1e-12);
  EXPECT_NEAR(by("camera.exposure", 1)[0].item<double>(), 0.8, 1e-12);
  EXPECT_NEAR(by("camera.exposure", 2)[0].item<double>(), 1, 1e-12);
}

TEST(CameraDrift, RefusesWhatTheCameraDoesNotHave) {
  const auto error = [](const std::string& camera) {
    try {
      CameraChain::parse(camera, "camera.yaml:4");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const std::string chain = "black_level normalise | demosaic menon | tone srgb | set ";
  EXPECT_EQ(error(chain + "camera.gamma 1.5"), "");
  EXPECT_THAT(error(chain + "camera.tint 1"),
              HasSubstr("the stage white_balance, which the camera"));
  EXPECT_THAT(error(chain + "camera.gamma 50"), HasSubstr("wanted 0.1 to 10"));
  EXPECT_THAT(error(chain + "camera.gamma nan"), HasSubstr("camera.yaml:4"));
  EXPECT_THAT(error(chain + "gamma 1.5"), HasSubstr("none of the camera"));
  EXPECT_THAT(error(chain + "camera.gama 1.5"), HasSubstr("did you mean \"camera.gamma\""));
  EXPECT_THAT(error("black_level subtract | demosaic menon | set camera.black_level 0.1"),
              HasSubstr("black_level: normalise"));
  EXPECT_THAT(error("menon-unsharp-gausian"), HasSubstr("did you mean \"menon-unsharp-gaussian\""));
}

TEST(CameraView, ChangesAPictureByWhatTheDriftChangesInItsFrame) {
  const at::Tensor counts = recorded(40, 60, at::kFloat);
  const CameraChain chain = whole_chain();
  const Framing framing{0, {{20, 30}, {2, 3, 16, 24}, 0, 0, {16, 24}}};
  const CameraView view(chain, bayer(), counts, &framing);
  const at::Tensor pixels =
      (framed(chain(counts, bayer()).clamp(0, 1), framing) * 255).round() / 255;
  const std::vector<const Factor*> one{&scene_factor("camera.exposure")};
  EXPECT_TRUE(view.changed(pixels, one, row({0}), 0, kDraw).equal(pixels));
  const at::Tensor darker = view.changed(pixels, one, row({-1}), 0, kDraw);
  const at::Tensor exact =
      framed(drifted(chain, counts, bayer(), one, row({-1}), 0, kDraw).clamp(0, 1), framing);
  EXPECT_LT((darker - exact).abs().max().item<double>(), 0.5 / 255 + 1e-6);
}

TEST(CameraView, OfAPictureWithoutAFrameIsTheDriftOfATypicalCamera) {
  // A smooth picture: what demosaicing loses is little.
  const at::Tensor x = at::linspace(0, 3, 48, at::kDouble).view({1, 1, 1, 48}),
                   y = at::linspace(0, 2, 32, at::kDouble).view({1, 1, 32, 1}),
                   c = at::arange(3, at::kDouble).view({1, 3, 1, 1});
  const at::Tensor pixels = 0.5 + 0.2 * at::sin(x + c) * at::cos(y - 0.3 * c);
  const std::vector<const Factor*> one{&scene_factor("camera.exposure")};
  const at::Tensor darker = unprocessed_view(pixels).changed(pixels, one, row({-1}), 0, kDraw);
  // Half the light, in linear light.
  const at::Tensor wanted = encoded_light(0.5 * linear_light(pixels));
  const at::Tensor inner = (darker - wanted).slice(2, 3, 29).slice(3, 3, 45);
  EXPECT_LT(inner.abs().max().item<double>(), 2e-3);
}

}  // namespace
}  // namespace assay::imaging
