#include "assay/imaging/camera/parametrised.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/base/shared_test.h"

namespace assay::imaging {
namespace {

std::vector<double> numbers(const std::string& name) {
  return read_npy(shared_file("reference/camera/parametrised/" + name + ".npy")).values<double>();
}

at::Tensor stored_tensor(const std::string& name) {
  const NpyArray a = read_npy(shared_file("reference/camera/parametrised/" + name + ".npy"));
  const std::vector<double> values = a.values<double>();
  at::Tensor t = at::empty(a.shape, at::kDouble);
  std::copy(values.begin(), values.end(), t.data_ptr<double>());
  return t;
}

constexpr const char* kFiles[] = {"black_level",         "white_balance",
                                  "colour_correction",   "gamma_correct",
                                  "debayer.weight",      "sharpening_filter.weight",
                                  "gaussian_blur.weight"};

CameraParameters parameters_in(const std::string& folder) {
  std::vector<double> flat;
  for (const char* file : kFiles) {
    const auto part = numbers(folder + "/" + file);
    flat.insert(flat.end(), part.begin(), part.end());
  }
  return CameraParameters::of(flat);
}

TEST(ParametrisedCamera, GivesTheSourcesPicturesAndGradients) {
  ASSAY_NEEDS_SHARED("reference/camera/camera.json");
  at::Tensor mosaic = stored_tensor("raw"), target = stored_tensor("target");
  mosaic = mosaic.view({-1, 1, mosaic.size(-2), mosaic.size(-1)});
  for (const std::string set : {"initial", "perturbed"}) {
    ParametrisedCamera camera(parameters_in(set + "/parameter"), Cfa::kRggb);
    const at::Tensor out = camera.forward(mosaic), wanted = stored_tensor(set + "/plain/output");
    EXPECT_LT((out - wanted).abs().max().item<double>(), 1e-12) << set;
    const std::vector<double> gradient = camera.backward(2 * (out - target)).flat();
    std::size_t group = 0;
    for (const char* file : kFiles) {
      const auto theirs = numbers(set + "/plain/gradient/" + file);
      const ParameterGroup& g = camera_parameter_groups()[group++];
      double largest = 0;
      for (const double v : theirs) largest = std::max(largest, std::abs(v));
      for (std::size_t k = 0; k < theirs.size(); ++k)
        EXPECT_NEAR(gradient[g.first + k], theirs[k], 1e-9 * largest)
            << set << " " << file << " " << k;
    }
    // With batch norm behind it.
    const at::Tensor normal = batch_normalised(out);
    EXPECT_LT((normal - stored_tensor(set + "/batchnorm/output")).abs().max().item<double>(), 1e-10)
        << set;
    const std::vector<double> slopes =
        camera.backward(slope_before_batch_norm(out, 2 * (normal - target))).flat();
    group = 0;
    for (const char* file : kFiles) {
      const auto theirs = numbers(set + "/batchnorm/gradient/" + file);
      const ParameterGroup& g = camera_parameter_groups()[group++];
      double largest = 0;
      for (const double v : theirs) largest = std::max(largest, std::abs(v));
      for (std::size_t k = 0; k < theirs.size(); ++k)
        EXPECT_NEAR(slopes[g.first + k], theirs[k], 1e-8 * largest)
            << set << " batchnorm " << file << " " << k;
    }
    // Single precision: what a training step sees.
    ParametrisedCamera fast(parameters_in(set + "/parameter"), Cfa::kRggb);
    const at::Tensor quick = fast.forward(mosaic.to(at::kFloat));
    EXPECT_LT((quick.to(at::kDouble) - wanted).abs().max().item<double>(), 2e-4) << set;
  }
}

TEST(ParametrisedCamera, HasTheGradientOfDifferencesForEveryPattern) {
  const at::Tensor mosaic = at::rand({2, 1, 8, 10}, at::kDouble) * 0.6 + 0.2,
                   weights = at::rand({2, 3, 8, 10}, at::kDouble);
  for (const Cfa cfa : {Cfa::kRggb, Cfa::kBggr, Cfa::kGrbg, Cfa::kGbrg}) {
    CameraParameters p = neutral_camera();
    p.black = {0.01, 0.02, 0.015, 0.005};
    p.gains = {1.1, 0.9, 1.05};
    p.matrix = {0.9, 0.05, 0.03, -0.02, 0.95, 0.04, 0.01, -0.03, 0.92};
    p.sharpen = {0.01, -0.1, 0.02, -0.1, 1.4, -0.12, 0.03, -0.09, 0.01};
    for (std::size_t k = 0; k < 25; ++k) p.blur[k] = 0.03 + 0.002 * static_cast<double>(k);
    ParametrisedCamera camera(p, cfa, MosaicSlope::kKept);
    camera.forward(mosaic);
    const std::vector<double> gradient = camera.backward(weights).flat();
    const at::Tensor direction = at::cos(at::arange(mosaic.numel(), at::kDouble)).view_as(mosaic);
    const auto along = [&](double step) {
      return (ParametrisedCamera(p, cfa).forward(mosaic + step * direction) * weights)
          .sum()
          .item<double>();
    };
    EXPECT_NEAR((camera.mosaic_slope() * direction).sum().item<double>(),
                (along(1e-6) - along(-1e-6)) / 2e-6,
                1e-6 * camera.mosaic_slope().abs().sum().item<double>());
    double largest = 0;
    for (const double v : gradient) largest = std::max(largest, std::abs(v));
    const auto loss = [&](const std::vector<double>& flat) {
      return (ParametrisedCamera(CameraParameters::of(flat), cfa).forward(mosaic) * weights)
          .sum()
          .item<double>();
    };
    for (std::size_t k = 0; k < CameraParameters::kCount; k += 5) {
      std::vector<double> up = p.flat(), down = p.flat();
      up[k] += 1e-6;
      down[k] -= 1e-6;
      EXPECT_NEAR(gradient[k], (loss(up) - loss(down)) / 2e-6, 1e-6 * largest)
          << cfa_name(cfa) << " " << k;
    }
  }
}

TEST(ParametrisedCamera, RefusesWhatIsNoCamera) {
  CameraParameters p = neutral_camera();
  p.gains[1] = NAN;
  EXPECT_THROW(ParametrisedCamera(p, Cfa::kRggb), InputError);
  ParametrisedCamera camera(neutral_camera(), Cfa::kRggb);
  EXPECT_THROW(camera.forward(at::zeros({1, 1, 5, 8})), InputError);
}

}  // namespace
}  // namespace assay::imaging
