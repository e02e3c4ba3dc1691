#include "assay/imaging/inpaint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"
#include "assay/base/seed.h"

namespace assay::imaging {
namespace {

using Marks = std::vector<std::uint8_t>;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

double weight(int dy, int dx) {
  if (std::abs(dy) > 1 || std::abs(dx) > 1 || (dy == 0 && dx == 0)) return 0;
  return dy == 0 || dx == 0 ? 1.0 / 6 : 1.0 / 12;
}

std::vector<float> noise(std::size_t count) {
  Stream stream(1, "inpaint_test noise");
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(100 + 10 * stream.normal());
  return values;
}

Marks scattered(std::size_t count, double share) {
  Stream stream(2, "inpaint_test mask");
  Marks mask(count);
  for (auto& m : mask) m = stream.uniform() < share ? 1 : 0;
  return mask;
}

// The definition, written down as a dense matrix and solved by Gaussian elimination with pivots.
std::vector<double> dense(const std::vector<float>& plane, int height, int width,
                          const Marks& missing) {
  const std::size_t n = plane.size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n + 1));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const std::size_t i = at(y * width + x);
      a[i][i] = 1;
      if (!missing[i]) {
        a[i][n] = plane[i];
        continue;
      }
      double sum = 0;
      for (int v = 0; v < height; ++v)
        for (int u = 0; u < width; ++u) sum += weight(v - y, u - x);
      for (int v = 0; v < height; ++v)
        for (int u = 0; u < width; ++u) a[i][at(v * width + u)] -= weight(v - y, u - x) / sum;
    }
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double f = a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= f * a[k][j];
    }
  }
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = a[i][n] / a[i][i];
  return x;
}

void expect_dense(int height, int width, const Marks& missing) {
  const auto plane = noise(missing.size());
  const auto wanted = dense(plane, height, width, missing);
  auto filled = plane;
  const auto report = inpaint(filled, 1, height, width, missing, 1e-10);
  EXPECT_LE(report.residual, 2e-10);
  // float32 at 100: half a unit in the last place is 4e-6.
  for (std::size_t i = 0; i < plane.size(); ++i) EXPECT_NEAR(filled[i], wanted[i], 1e-5) << i;
}

TEST(Inpaint, EqualsADenseSolveOfTheDefinitionForScatteredPixels) {
  for (const double share : {0.2, 0.5, 0.9}) expect_dense(13, 18, scattered(13 * 18, share));
}

TEST(Inpaint, EqualsADenseSolveForSolidHolesThatReachTheBorder) {
  Marks half(20 * 15), all_but_one(20 * 15, 1);
  std::fill(half.begin(), half.begin() + 10 * 15, std::uint8_t{1});
  all_but_one[7] = 0;
  Marks all_but_two = all_but_one;
  all_but_two[280] = 0;
  for (const auto& mask : {half, all_but_one, all_but_two}) expect_dense(20, 15, mask);
}

TEST(Inpaint, EqualsADenseSolveOfALine) {
  Marks mask(60, 1);
  mask[3] = mask[40] = 0;
  expect_dense(1, 60, mask);
  expect_dense(60, 1, mask);
}

TEST(Inpaint, ALinearRampIsItsOwnFillingOfAHoleInside) {
  const int size = 64;
  std::vector<float> ramp(at(size * size));
  Marks missing(ramp.size());
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      ramp[at(y * size + x)] = static_cast<float>(3 + 0.5 * x - 0.25 * y);
      missing[at(y * size + x)] = y >= 5 && y < 60 && x >= 4 && x < 50;
    }
  auto filled = ramp;
  for (std::size_t i = 0; i < filled.size(); ++i)
    if (missing[i]) filled[i] = std::numeric_limits<float>::quiet_NaN();  // is not read
  inpaint(filled, 1, size, size, missing, 1e-9);
  for (std::size_t i = 0; i < ramp.size(); ++i) EXPECT_NEAR(filled[i], ramp[i], 1e-5);
}

TEST(Inpaint, KeepsToItsToleranceAndToTheKnownValuesAt224Pixels) {
  const int size = 224;
  Marks block(at(size * size)), random = scattered(at(size * size), 0.5);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      block[at(y * size + x)] = std::abs(y - 100) < 79 && std::abs(x - 90) < 79;
  for (const auto& mask : {block, random}) {
    // A smooth picture with noise: holes have a low part as well as a high one.
    auto plane = noise(at(size * size));
    for (int i = 0; i < size * size; ++i) plane[at(i)] += 0.5F * static_cast<float>(i / size);
    auto rough = plane, exact = plane;
    const auto report = inpaint(rough, 1, size, size, mask);
    inpaint(exact, 1, size, size, mask, 1e-10);
    EXPECT_LE(report.residual, 2e-4);
    EXPECT_LE(report.iterations, 8);
    double error = 0, spread = 0, low = 1e9, high = -1e9;
    for (std::size_t i = 0; i < plane.size(); ++i) {
      if (!mask[i]) {
        EXPECT_EQ(rough[i], plane[i]);
        low = std::min<double>(low, plane[i]);
        high = std::max<double>(high, plane[i]);
        continue;
      }
      error += std::pow(rough[i] - exact[i], 2);
      spread += std::pow(exact[i] - 156, 2);
    }
    // Each cycle lowers smooth and rough errors alike, so the error is of the residual's order.
    EXPECT_LT(std::sqrt(error / spread), 1e-3);
    for (std::size_t i = 0; i < plane.size(); ++i) {
      EXPECT_GE(exact[i], low - 1e-3);  // a mean of means leaves no range
      EXPECT_LE(exact[i], high + 1e-3);
    }
  }
}

TEST(Inpaint, ChannelsAreFilledEachByItself) {
  const int height = 17, width = 23, channels = 6;
  const std::size_t pixels = at(height * width);
  const auto mask = scattered(pixels, 0.6);
  auto planes = noise(pixels * channels);
  std::fill(planes.begin(), planes.begin() + static_cast<std::ptrdiff_t>(pixels), 7.0F);
  auto alone = planes;
  inpaint(planes, channels, height, width, mask, 1e-10);
  for (std::size_t c = 0; c < channels; ++c)
    inpaint(std::span(alone).subspan(c * pixels, pixels), 1, height, width, mask, 1e-10);
  for (std::size_t i = 0; i < planes.size(); ++i) EXPECT_NEAR(planes[i], alone[i], 1e-5);
  for (std::size_t i = 0; i < pixels; ++i) EXPECT_EQ(planes[i], 7.0F);
}

TEST(Inpaint, OneKnownPixelColoursThePicture) {
  std::vector<float> plane(64 * 64, 1.0F);
  Marks missing(plane.size(), 1);
  missing[1000] = 0;
  plane[1000] = 0.1F;
  EXPECT_EQ(inpaint(plane, 1, 64, 64, missing).iterations, 0);
  for (const float v : plane) EXPECT_EQ(v, 0.1F);
}

TEST(Inpaint, WithoutHolesNothingChanges) {
  auto plane = noise(12);
  const auto before = plane;
  const auto report = inpaint(plane, 1, 3, 4, Marks(12));
  EXPECT_EQ(plane, before);
  EXPECT_EQ(report.iterations, 0);
  EXPECT_EQ(report.residual, 0);
}

TEST(Inpaint, APictureWithoutAKnownPixelIsAnErrorAndSoIsAKnownOneThatIsNotFinite) {
  auto plane = noise(12);
  EXPECT_THROW(inpaint(plane, 1, 3, 4, Marks(12, 1)), InputError);
  Marks one(12);
  one[0] = 1;
  plane[9] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(inpaint(plane, 1, 3, 4, one), InputError);
  EXPECT_THROW(inpaint(plane, 2, 3, 4, one), BugError);
}

TEST(Inpaint, APictureBeyondTheMemoryBudgetIsRefusedBeforeItIsTaken) {
  const std::uint64_t budget = memory_budget();
  set_memory_budget(1000);
  auto plane = noise(12);
  Marks one(12);
  one[0] = 1;
  EXPECT_THROW(inpaint(plane, 1, 3, 4, one), InputError);
  set_memory_budget(budget);
  EXPECT_NO_THROW(inpaint(plane, 1, 3, 4, one));
}

}  // namespace
}  // namespace assay::imaging
