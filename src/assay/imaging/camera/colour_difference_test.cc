#include "assay/imaging/camera/colour_difference.h"

#include <gtest/gtest.h>

namespace assay::imaging {
namespace {

// sharma2005, table 1: pairs that meet every branch.
TEST(DeltaE2000, IsThatOfThePublishedPairs) {
  const double pairs[][7] = {
      {50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425},
      {50, 0, 0, 50, -1, 2, 2.3669},
      {50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792},
      {50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195},
      {50, 2.5, 0, 73, 25, -18, 27.1492},
      {50, 2.5, 0, 58, 24, 15, 19.4535},
      {60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644},
      {22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373},
      {90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381},
      {2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082},
  };
  for (const auto& p : pairs) {
    const at::Tensor a = at::tensor({p[0], p[1], p[2]}, at::kDouble).view({1, 3, 1, 1}),
                     b = at::tensor({p[3], p[4], p[5]}, at::kDouble).view({1, 3, 1, 1});
    EXPECT_NEAR(delta_e_2000(a, b).item<double>(), p[6], 5e-5);
    EXPECT_NEAR(delta_e_2000(b, a).item<double>(), p[6], 5e-5);
  }
}

TEST(LabOf, PutsWhiteAtAHundred) {
  const at::Tensor white = lab_of(at::ones({1, 3, 1, 1}, at::kDouble)).flatten();
  EXPECT_NEAR(white[0].item<double>(), 100, 1e-9);
  EXPECT_NEAR(white[1].item<double>(), 0, 1e-9);
  EXPECT_NEAR(lab_of(at::full({1, 3, 1, 1}, 0.18, at::kDouble))[0][0].item<double>(), 49.496, 1e-3);
}

}  // namespace
}  // namespace assay::imaging
