#include "assay/imaging/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "assay/base/npy.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/files_test.h"
#include "assay/imaging/resize.h"

namespace assay::imaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> prepared(const Picture& p, const InputDescription& d, const ModelDemand& m) {
  const PreparedSize size = prepared_size(p, "a.png", d, m);
  std::vector<float> values(static_cast<std::size_t>(size.channels * size.height * size.width), 9);
  prepare(p, "a.png", d, m, values);
  return values;
}

InputDescription imagenet() {
  InputDescription d;
  d.mean = {0.485, 0.456, 0.406};
  d.std = {0.229, 0.224, 0.225};
  d.resize = ResizeRule::kShorter;
  d.resize_height = d.resize_width = 256;
  d.crop = 224;
  return d;
}

const Picture kTwoPixels{1, 2, 3, 8, {10, 20, 30, 40, 50, 60}};

TEST(Prepare, AgreesWithTorchvisionOnTheReferencePictures) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  const InputDescription d = imagenet();
  const ModelDemand demand{3, 224, 224, false};
  for (const char* name : {"n01641577_bullfrog", "n03908714_pencil_sharpener"}) {
    const std::string path = shared_path("data/images/imagenet_samples/") + name + ".JPEG";
    const Picture p = decode(read_picture_file(path), path);
    const std::vector<float> got = prepared(p, d, demand);
    const NpyArray pixels =
        read_npy(shared_path("reference/preprocess/") + std::string(name) + ".npy");
    double largest = 0;
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < 224 * 224; ++i) {
        const double v = static_cast<std::uint8_t>(pixels.bytes[3 * i + c]) / 255.0;
        largest = std::max(largest, std::abs(got[c * 224 * 224 + i] * d.std[c] + d.mean[c] - v));
      }
    EXPECT_LE(largest, 1e-6) << name;  // 1/255 is allowed
  }
}

TEST(Prepare, OrdersChannelsAndLayout) {
  InputDescription d;
  d.range = 255;
  EXPECT_THAT(prepared(kTwoPixels, d, {3, 1, 2}), ElementsAre(10, 40, 20, 50, 30, 60));
  d.channels = Channels::kBgr;
  EXPECT_THAT(prepared(kTwoPixels, d, {3, 1, 2}), ElementsAre(30, 60, 20, 50, 10, 40));
  d.layout = Layout::kNhwc;
  EXPECT_THAT(prepared(kTwoPixels, d, {3, 1, 2}), ElementsAre(30, 20, 10, 60, 50, 40));
}

TEST(Prepare, AppliesMeanAndStdInTheModelsChannelOrderAndRange) {
  InputDescription d;
  d.range = 255;
  d.channels = Channels::kBgr;
  d.mean = {100, 10, 1};
  d.std = {10, 2, 1};
  EXPECT_THAT(prepared(kTwoPixels, d, {3, 1, 2}), ElementsAre(-7, -4, 5, 20, 9, 39));
  d = {};
  d.mean = {0.5, 0.5, 0.5};
  const auto unit = prepared(kTwoPixels, d, {3, 1, 2});
  EXPECT_FLOAT_EQ(unit[0], 10 / 255.0f - 0.5f);
}

TEST(Prepare, TurnsGreyAndColourIntoEachOther) {
  InputDescription d;
  d.range = 255;
  const Picture gray{1, 2, 1, 8, {7, 8}};
  EXPECT_THAT(prepared(gray, d, {3, 1, 2}), ElementsAre(7, 8, 7, 8, 7, 8));
  EXPECT_THAT(prepared(gray, d, {1, 1, 2}), ElementsAre(7, 8));
  EXPECT_THAT(prepared(kTwoPixels, d, {1, 1, 2}), ElementsAre(18, 48));  // the luma
  d.channels = Channels::kGray;
  EXPECT_THAT(prepared(kTwoPixels, d, {3, 1, 2}), ElementsAre(18, 48, 18, 48, 18, 48));
  EXPECT_THAT(prepared(kTwoPixels, d, {0, 1, 2}), ElementsAre(18, 48));
  EXPECT_EQ(prepared_size(d, {0, 5, 6}).channels, 1);
}

TEST(Prepare, KeepsThePrecisionOfSixteenBits) {
  const Picture p{1, 2, 1, 16, {0x01, 0x00, 0xFF, 0xFF}};  // 1 and 65535
  InputDescription d;
  d.channels = Channels::kGray;
  EXPECT_THAT(prepared(p, d, {1, 1, 2}), ElementsAre(1 / 65535.0f, 1));
  d.range = 255;
  EXPECT_THAT(prepared(p, d, {1, 1, 2}),
              ElementsAre(testing::FloatEq(255 / 65535.0f), testing::FloatEq(255)));
  // Through a resize as well: a ramp of 16-bit steps within one 8-bit step stays a ramp.
  Picture ramp{1, 64, 1, 16, {}};
  for (int x = 0; x < 64; ++x)
    ramp.bytes.insert(ramp.bytes.end(), {static_cast<std::uint8_t>(4 * x), 0});
  d.range = 1;
  d.resize = ResizeRule::kSquash;
  const auto values = prepared(ramp, d, {1, 1, 16});
  for (std::size_t i = 1; i < 16; ++i) EXPECT_GT(values[i], values[i - 1]);
}

TEST(Prepare, GivesEightBitModelsThePixelsThemselves) {
  std::vector<std::uint8_t> bytes(6);
  const ModelDemand demand{3, 1, 2, true};
  InputDescription d;
  d.layout = Layout::kNhwc;
  prepare(kTwoPixels, "a.png", d, demand, std::span<std::uint8_t>(bytes));
  EXPECT_THAT(bytes, ElementsAre(10, 20, 30, 40, 50, 60));
  const Picture deep{1, 2, 1, 16, {0xFF, 0xFF, 0x80, 0x00}};
  std::vector<std::uint8_t> two(2);
  prepare(deep, "a.png", d, {1, 1, 2, true}, std::span<std::uint8_t>(two));
  EXPECT_THAT(two, ElementsAre(255, 0));
  d.mean = {1, 2, 3};
  EXPECT_THAT(error_of([&] { prepared_size(d, demand); }),
              HasSubstr("input.mean: the model takes 8-bit pixels"));
}

TEST(Prepare, CropsTheMiddleRoundedToEven) {
  // Left over 5: 2.5 rounds to 2; 7: 3.5 rounds to 4.
  for (const auto& [side, begin] : {std::pair{9, 2}, {11, 4}, {10, 3}}) {
    Picture p{4, side, 1, 8, {}};
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < side; ++x) p.bytes.push_back(static_cast<std::uint8_t>(x));
    InputDescription d;
    d.range = 255;
    d.channels = Channels::kGray;
    d.crop = 4;
    EXPECT_EQ(prepared(p, d, {1, 4, 4})[0], static_cast<float>(begin)) << side;
    const Box box = covered_box(p, d, {1, 4, 4});
    EXPECT_DOUBLE_EQ(box.left, static_cast<double>(begin) / side);
    EXPECT_DOUBLE_EQ(box.right, (begin + 4.0) / side);
    EXPECT_DOUBLE_EQ(box.top, 0);
    EXPECT_DOUBLE_EQ(box.bottom, 1);
  }
}

TEST(Prepare, PadsWithZerosAfterNormalisation) {
  const Picture p{2, 6, 1, 8, std::vector<std::uint8_t>(12, 255)};
  InputDescription d;
  d.channels = Channels::kGray;
  d.mean = {0.25};
  d.resize = ResizeRule::kPad;
  const ModelDemand demand{1, 4, 3};
  // 6x2 fits 3x4 as 3x1: one row above, two below.
  const auto v = prepared(p, d, demand);
  EXPECT_THAT(v, ElementsAre(0, 0, 0, .75, .75, .75, 0, 0, 0, 0, 0, 0));
  const Box box = covered_box(p, d, demand);
  EXPECT_DOUBLE_EQ(box.top, -1);
  EXPECT_DOUBLE_EQ(box.bottom, 3);
  EXPECT_DOUBLE_EQ(box.left, 0);
  EXPECT_DOUBLE_EQ(box.right, 1);
}

TEST(Prepare, SetsALineToItsHeightAndPadsToTheRight) {
  InputDescription d;
  d.mean = {0.5};
  d.channels = Channels::kGray;
  d.resize = ResizeRule::kLine;
  d.resize_height = 48;
  d.resize_width = 192;
  const ModelDemand free{1, 0, 0};
  // 149x44, as one of the reference lines: 162.5 wide, taken as 163.
  Picture p{44, 149, 1, 8, std::vector<std::uint8_t>(44 * 149, 255)};
  auto v = prepared(p, d, free);
  ASSERT_EQ(v.size(), 48u * 192);
  EXPECT_EQ(v[162], 0.5f);
  EXPECT_EQ(v[163], 0.0f);
  EXPECT_DOUBLE_EQ(covered_box(p, d, free).right, 192.0 / 163);
  // A longer line is squeezed into the model's width.
  p = {44, 335, 1, 8, std::vector<std::uint8_t>(44 * 335, 255)};
  v = prepared(p, d, free);
  EXPECT_EQ(v[191], 0.5f);
  EXPECT_DOUBLE_EQ(covered_box(p, d, free).right, 1);
  // Without any width, the line keeps its own.
  d.resize_width = 0;
  EXPECT_EQ(prepared_size(p, "x", d, free).width, 366);
  EXPECT_FALSE(prepared_size(d, free).fixed());
}

TEST(Prepare, KnowsTheSizeBeforeAnyPicture) {
  const PreparedSize size = prepared_size(imagenet(), {3, 0, 0});
  EXPECT_EQ(size.height, 224);
  EXPECT_EQ(size.width, 224);
  EXPECT_EQ(size.channels, 3);
  InputDescription d;
  EXPECT_FALSE(prepared_size(d, {3, 0, 0}).fixed());
  EXPECT_EQ(prepared_size(d, {3, 30, 20}).width, 20);
  d.resize = ResizeRule::kSquash;  // to the model's own size
  EXPECT_EQ(prepared_size(d, {3, 30, 20}).height, 30);
  // The longer side is truncated, as torchvision does.
  InputDescription shorter = imagenet();
  shorter.crop = 0;
  EXPECT_EQ(prepared_size(sample_picture(375, 500, 1), "x", shorter, {3, 0, 0}).width, 341);
}

TEST(Prepare, NamesThePictureThatHasNotTheModelsSize) {
  const Picture p = sample_picture(20, 30, 3);
  InputDescription d;
  EXPECT_EQ(error_of([&] {
              prepared(p, d, {3, 24, 24});
            }),
            "a.png: is 30x20 pixels, the model takes 24x24; give input.resize");
  d.resize = ResizeRule::kShorter;
  d.resize_height = d.resize_width = 24;
  EXPECT_THAT(error_of([&] {
                prepared(p, d, {3, 24, 24});
              }),
              HasSubstr("a.png: becomes 36x24 pixels by input.resize, the model takes 24x24; give "
                        "input.crop"));
  d = {};
  d.crop = 24;
  EXPECT_THAT(error_of([&] { prepared(p, d, {3, 24, 24}); }), HasSubstr("less than input.crop 24"));
  // A line a million pixels long.
  d = {};
  d.resize = ResizeRule::kShorter;
  d.resize_height = d.resize_width = 256;
  EXPECT_THAT(error_of([&] {
                prepared(sample_picture(1, 1 << 20, 1), d, {3, 0, 0});
              }),
              HasSubstr("too long and narrow"));
}

TEST(Prepare, RefusesDescriptionsThatContradictThemselvesOrTheModel) {
  const auto refused = [](const std::function<void(InputDescription&)>& change,
                          ModelDemand demand) {
    InputDescription d = imagenet();
    change(d);
    return error_of([&] { prepared_size(d, demand); });
  };
  const ModelDemand m{3, 224, 224};
  EXPECT_EQ(refused([](auto&) {}, m), "");
  EXPECT_EQ(refused([](auto&) {}, {3, 299, 299}),
            "input.crop: gives 224x224 pixels, the model takes 299x299");
  EXPECT_THAT(refused([](auto& d) { d.mean = {0.5}; }, m), HasSubstr("input.mean: has 1 values"));
  EXPECT_THAT(refused(
                  [](auto& d) {
                    d.std = {1, 0, 1};
                  },
                  m),
              HasSubstr("input.std: must be above"));
  EXPECT_THAT(refused([](auto& d) { d.mean[1] = NAN; }, m), HasSubstr("no finite number"));
  EXPECT_THAT(refused([](auto& d) { d.range = 0; }, m), HasSubstr("input.range"));
  EXPECT_THAT(refused([](auto& d) { d.crop = 300; }, {}),
              HasSubstr("more than input.resize leaves"));
  EXPECT_THAT(refused([](auto& d) { d.crop = -1; }, m), HasSubstr("input.crop: must not be"));
  EXPECT_THAT(refused([](auto&) {}, {4, 224, 224}), HasSubstr("takes 4 channels"));
  EXPECT_THAT(refused([](auto& d) { d.resize = ResizeRule::kPad; }, m),
              HasSubstr("cannot go with"));
  EXPECT_THAT(refused(
                  [](auto& d) {
                    d = {};
                    d.resize = ResizeRule::kSquash;
                  },
                  {3, 0, 0}),
              HasSubstr("input.resize: needs a size"));
  EXPECT_THAT(refused([](auto& d) { d.resize_height = 0; }, m), HasSubstr("needs a size"));
}

}  // namespace
}  // namespace assay::imaging
