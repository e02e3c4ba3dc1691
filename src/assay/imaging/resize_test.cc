#include "assay/imaging/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/files_test.h"

namespace assay::imaging {
namespace {

double sample(const Picture& p, int y, int x, int c) {
  const auto i = static_cast<std::size_t>((y * p.width + x) * p.channels + c);
  if (p.bits == 8) return p.bytes[i];
  std::uint16_t v = 0;
  std::memcpy(&v, p.bytes.data() + 2 * i, 2);
  return v;
}

// The filter's definition, in double and without rounding between the passes.
double defined(const Picture& p, Size to, int y, int x, int c) {
  const auto weights = [](int in, int out, int i) {
    const double scale = static_cast<double>(in) / out, widened = std::max(1.0, scale);
    std::vector<double> w(static_cast<std::size_t>(in));
    double sum = 0;
    for (int k = 0; k < in; ++k) {
      w[static_cast<std::size_t>(k)] =
          std::max(0.0, 1 - std::abs((k + 0.5 - (i + 0.5) * scale) / widened));
      sum += w[static_cast<std::size_t>(k)];
    }
    for (double& v : w) v /= sum;
    return w;
  };
  const auto wy = weights(p.height, to.height, y), wx = weights(p.width, to.width, x);
  double v = 0;
  for (int j = 0; j < p.height; ++j)
    for (int i = 0; i < p.width; ++i)
      v += wy[static_cast<std::size_t>(j)] * wx[static_cast<std::size_t>(i)] * sample(p, j, i, c);
  return v;
}

TEST(Resize, EqualsPilToTheBit) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  struct Case {
    std::string image, array;
    bool upright = false;
  };
  std::vector<Case> cases;
  for (const char* n : {"n02128925_jaguar", "n01641577_bullfrog", "n02112137_chow",
                        "n03908714_pencil_sharpener", "n02977058_cash_machine", "n04125021_safe"})
    cases.push_back({std::string("data/images/imagenet_samples/") + n + ".JPEG", n});
  cases.push_back({"data/images/cifar10_lossless/cat/0000.png", "0000"});
  cases.push_back({"data/images/xai_single/both_dog_cat.png", "both_dog_cat"});
  cases.push_back({"reference/preprocess/inputs/alpha_ramp.png", "alpha_ramp"});
  cases.push_back({"reference/preprocess/inputs/exif_orientation6.jpg", "exif_orientation6"});
  cases.push_back(
      {"reference/preprocess/inputs/exif_orientation6.jpg", "exif_orientation6_upright", true});
  for (const Case& c : cases) {
    const std::string path = shared_path(c.image);
    const Picture p = decode(read_picture_file(path), path, {.upright = c.upright});
    const NpyArray wanted = read_npy(shared_path("reference/preprocess/" + c.array + ".npy"));
    const bool tall = p.width <= p.height;
    const Size to =
        tall ? Size{256 * p.height / p.width, 256} : Size{256, 256 * p.width / p.height};
    const auto begin = [](int side) {
      return static_cast<int>(std::nearbyint((side - 224) / 2.0));
    };
    const Picture got = resize(p, to, {begin(to.height), begin(to.width), 224, 224});
    ASSERT_EQ(wanted.bytes.size(), 224u * 224 * 3);
    int largest = 0;
    for (std::size_t i = 0; i < wanted.bytes.size(); ++i) {
      const int value = got.bytes[p.channels == 3 ? i : i / 3];
      largest = std::max(largest, std::abs(value - static_cast<std::uint8_t>(wanted.bytes[i])));
    }
    // 1 is allowed where the decoded pixels are equal, as they are here; PIL's arithmetic gives 0.
    EXPECT_EQ(largest, 0) << c.array;
  }
}

TEST(Resize, FollowsTheFiltersDefinitionAtBothDepths) {
  for (const int bits : {8, 16})
    for (const int channels : {1, 3})
      for (const Size to : {Size{7, 9}, {40, 31}, {13, 50}, {23, 17}, {1, 1}}) {
        const Picture p = sample_picture(23, 17, channels, bits);
        const Picture got = resize(p, to);
        ASSERT_EQ(got.height, to.height);
        ASSERT_EQ(got.width, to.width);
        for (int y = 0; y < to.height; ++y)
          for (int x = 0; x < to.width; ++x)
            for (int c = 0; c < channels; ++c)
              // Half a step from each pass.
              ASSERT_NEAR(sample(got, y, x, c), defined(p, to, y, x, c), 1.02)
                  << bits << " bit to " << to.height << "x" << to.width;
      }
}

TEST(Resize, OfAWindowIsTheWindowOfTheResized) {
  const Picture p = sample_picture(61, 47, 3);
  const Size to{33, 90};
  const Picture all = resize(p, to);
  const Window window{5, 41, 20, 30};
  const Picture part = resize(p, to, window);
  for (int y = 0; y < window.height; ++y)
    for (int x = 0; x < window.width; ++x)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(sample(part, y, x, c), sample(all, window.top + y, window.left + x, c));
}

TEST(Resize, KeepsAConstantAndTheSameSize) {
  for (const int bits : {8, 16}) {
    Picture p{31, 29, 1, bits,
              std::vector<std::uint8_t>(31 * 29 * static_cast<std::size_t>(bits / 8), 255)};
    const Picture got = resize(p, {13, 44});
    for (const std::uint8_t b : got.bytes) ASSERT_EQ(b, 255);
    p = sample_picture(31, 29, 3, bits);
    EXPECT_TRUE(resize(p, {31, 29}).bytes == p.bytes);
  }
}

TEST(Resize, RefusesAWindowOutside) {
  const Picture p = sample_picture(8, 8, 1);
  EXPECT_THROW(resize(p, {4, 4}, {1, 0, 4, 4}), BugError);
  EXPECT_THROW(resize(p, {0, 4}), BugError);
}

}  // namespace
}  // namespace assay::imaging
