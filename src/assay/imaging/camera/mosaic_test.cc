#include "assay/imaging/camera/mosaic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/base/shared_test.h"

namespace assay::imaging {
namespace {

at::Tensor array(const std::string& name) {
  const NpyArray a = read_npy(shared_file("reference/demosaic/" + name + ".npy"));
  at::Tensor t = at::empty(a.shape, at::kDouble);
  const std::vector<double> values = a.values<double>();
  std::copy(values.begin(), values.end(), t.data_ptr<double>());
  return t;
}

// [H,W,3] to [1,3,H,W], [H,W] to [1,1,H,W].
at::Tensor batched(const at::Tensor& t) {
  return t.dim() == 3 ? t.permute({2, 0, 1}).unsqueeze(0) : t.view({1, 1, t.size(0), t.size(1)});
}

constexpr Cfa kAll[] = {Cfa::kRggb, Cfa::kBggr, Cfa::kGrbg, Cfa::kGbrg};

TEST(Demosaic, AgreesWithThePublishedImplementationsBordersIncluded) {
  ASSAY_NEEDS_SHARED("reference/demosaic/demosaic.json");
  for (const Cfa cfa : kAll)
    for (const char* scene : {"photo", "plate", "odd"}) {
      const std::string stem = std::string(cfa_name(cfa)) + "/" + scene + "_";
      const at::Tensor mosaic = batched(array(stem + "mosaic"));
      const auto compare = [&](const char* name, Demosaic method, bool refined) {
        const at::Tensor gap =
            demosaiced(mosaic, cfa, method, refined) - batched(array(stem + name));
        EXPECT_LT(gap.abs().max().item<double>(), 1e-12) << stem << name;
      };
      compare("bilinear", Demosaic::kBilinear, true);
      compare("malvar2004", Demosaic::kMalvar, true);
      compare("menon2007", Demosaic::kMenon, true);
      if (cfa == Cfa::kRggb) compare("menon2007_unrefined", Demosaic::kMenon, false);
    }
}

TEST(Demosaic, KeepsWhatTheSensorRecordedUnlessRefined) {
  const at::Tensor rgb = at::rand({2, 3, 14, 17}, at::kDouble);
  for (const Cfa cfa : kAll) {
    const at::Tensor mosaic = mosaic_of(rgb, cfa);
    for (const Demosaic method : {Demosaic::kBilinear, Demosaic::kMalvar, Demosaic::kMenon})
      EXPECT_TRUE(at::allclose(
          mosaic_of(demosaiced(mosaic, cfa, method, false), cfa).slice(2, 2, 12).slice(3, 2, 15),
          mosaic.slice(2, 2, 12).slice(3, 2, 15)));
  }
  EXPECT_EQ(colour_at(Cfa::kGrbg, 3, 2), 2);
}

TEST(Demosaic, ReadsItsNames) {
  EXPECT_EQ(cfa_named("GBRG"), Cfa::kGbrg);
  EXPECT_EQ(demosaic_named("menon"), Demosaic::kMenon);
  try {
    cfa_named("RGBG", "camera.yaml:3");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("wanted one of RGGB, BGGR, GRBG, GBRG"));
  }
  EXPECT_THROW(demosaiced(at::zeros({1, 1, 3, 9}), Cfa::kRggb, Demosaic::kBilinear), InputError);
}

TEST(Demosaic, MenonsDerivativeIsThatOfTheDirectionsTaken) {
  for (const Cfa cfa : kAll)
    for (const bool refined : {false, true})
      for (const auto& [h, w] : {std::pair{4, 4}, {5, 7}, {15, 22}}) {
        const at::Tensor mosaic = at::rand({2, 1, h, w}, at::kDouble),
                         way = at::randn({2, 1, h, w}, at::kDouble),
                         weight = at::randn({2, 3, h, w}, at::kDouble);
        const auto along = [&](double step) {
          return (demosaiced(mosaic + step * way, cfa, Demosaic::kMenon, refined) * weight).sum();
        };
        const at::Tensor from = mosaic.clone().requires_grad_(true);
        (demosaiced(from, cfa, Demosaic::kMenon, refined) * weight).sum().backward();
        const at::Tensor slope = from.grad();
        constexpr double kStep = 1e-7;  // no direction changes within it
        EXPECT_NEAR((slope * way).sum().item<double>(),
                    ((along(kStep) - along(-kStep)) / (2 * kStep)).item<double>(), 1e-6)
            << cfa_name(cfa) << refined << h;
        // Singly precise, and by whatever vectors this machine has: the same.
        const at::Tensor narrow = mosaic.to(at::kFloat).requires_grad_(true);
        const at::Tensor out = demosaiced(narrow, cfa, Demosaic::kMenon, refined);
        (out * weight.to(at::kFloat)).sum().backward();
        EXPECT_LT((narrow.grad() - slope).abs().max().item<double>(), 1e-5);
        EXPECT_LT(
            (out - demosaiced(from, cfa, Demosaic::kMenon, refined)).abs().max().item<double>(),
            1e-5);
      }
}

}  // namespace
}  // namespace assay::imaging
