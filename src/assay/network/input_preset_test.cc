#include "assay/network/input_preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"

namespace assay::network {
namespace {

TEST(InputPreset, ImagenetIsTorchvisionsTransform) {
  const InputDescription d = input_preset("imagenet");
  EXPECT_EQ(d.resize, ResizeRule::kShorter);
  EXPECT_EQ(d.resize_height, 256);
  EXPECT_EQ(d.resize_width, 256);
  EXPECT_EQ(d.crop, 224);
  EXPECT_EQ(d.mean, (std::vector<double>{0.485, 0.456, 0.406}));
  EXPECT_EQ(d.std, (std::vector<double>{0.229, 0.224, 0.225}));
}

TEST(InputPreset, EachHasOneMeanAndStdAChannel) {
  for (const std::string& name : input_preset_names()) {
    const InputDescription d = input_preset(name);
    const std::size_t channels = d.channels == Channels::kGray ? 1 : 3;
    EXPECT_TRUE(d.mean.empty() || d.mean.size() == channels) << name;
    EXPECT_TRUE(d.std.empty() || d.std.size() == channels) << name;
    for (const double m : d.mean) EXPECT_LE(m, d.range) << name;
  }
}

TEST(InputPreset, AnUnknownNameGetsTheNearest) {
  try {
    input_preset("imagnet");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean \"imagenet\"?"));
  }
  EXPECT_THROW(input_preset("zzzzzzzzzzzz"), InputError);
  EXPECT_THROW(input_preset(""), InputError);
}

}  // namespace
}  // namespace assay::network
