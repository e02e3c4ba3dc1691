#include "assay/imaging/camera/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/base/shared_test.h"
#include "assay/imaging/camera/colour_difference.h"
#include "assay/imaging/camera/sample_raw_test.h"
#include "assay/imaging/camera/stages.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/digest.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

at::Tensor stored(const std::string& name) {
  const NpyArray a = read_npy(shared_file("reference/" + name + ".npy"));
  const std::vector<double> values = a.values<double>();
  at::Tensor t = at::empty(a.shape, at::kDouble);
  std::copy(values.begin(), values.end(), t.data_ptr<double>());
  return t.dim() == 3 ? t.permute({2, 0, 1}).unsqueeze(0) : t.view({1, 1, t.size(0), t.size(1)});
}

double gap(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

// reference/camera/camera.json
Sensor drone() {
  Sensor s;
  s.black = {0.0625, 0.0626, 0.0625, 0.0626};
  s.white = 1;
  s.as_shot = {2.86653646, 1.0, 1.73079425};
  s.to_srgb = {1.50768983,  -0.33571374, -0.17197604, -0.23048614, 1.70698738,
               -0.47650126, -0.03119153, -0.32803956, 1.35923111};
  return s;
}

TEST(CameraChain, GivesTheSourcesTwelveViews) {
  ASSAY_NEEDS_SHARED("reference/camera/camera.json");
  const at::Tensor mosaic = stored("camera/static/mosaic"), black = stored("camera/static/black");
  const std::map<std::string, std::string> methods{
      {"bi", "bilinear"}, {"ma", "malvar"}, {"me", "menon"}};
  for (const auto& [d, demosaic] : methods)
    for (const char* s : {"s", "u"})
      for (const char* n : {"me", "ga"}) {
        const std::string stem = "camera/static/" + d + "_";
        auto view = static_view(demosaic, s[0] == 's' ? "filter" : "unsharp",
                                n[0] == 'm' ? "median" : "gaussian");
        EXPECT_LT(gap(CameraChain(view, "").stage_by_stage(mosaic, drone())[0], black), 1e-7);
        // The source subtracts in single precision, and the power at the end is steep at 0: from its own difference on.
        view.erase(view.begin());
        const auto stages = CameraChain(view, "").stage_by_stage(black, drone());
        EXPECT_LT(gap(stages[0], stored(stem + "demosaic")), 2e-7) << d;
        EXPECT_LT(gap(stages[2], stored(stem + "colour")), 2e-7) << d;
        EXPECT_LT(gap(stages[3], stored(stem + s + "_sharpen")), 5e-7) << d << s;
        EXPECT_LT(gap(stages.back(), stored(stem + s + "_" + n + "_final")), 2e-6) << d << s << n;
      }
  const auto both = CameraChain({{"demosaic", "bilinear", {}},
                                 {"white_balance", "as_shot", {}},
                                 {"colour_matrix", "file", {}},
                                 {"sharpen", "unsharp", {1, 1}}},
                                "")(stored("camera/static/black"), drone());
  EXPECT_LT(gap(both, stored("camera/static/bi_u_sharpen_both_axes")), 2e-6);
}

TEST(RawFrame, IsTheMosaicAndTheDevelopmentThatLibRawGives) {
  ASSAY_NEEDS_SHARED("reference/raw/raw.json");
  for (const char* file : {"RAW_KODAK_DC50.KDC", "colorchart.dng"}) {
    SCOPED_TRACE(file);
    const RawFrame frame = read_raw(read_file(shared_file(std::string("data/raw/") + file)), file);
    const std::string stem = std::string("raw/") + file + "/";
    const at::Tensor corner = stored(stem + "visible_first_64x64");
    EXPECT_EQ(gap(frame.visible().slice(2, 0, 64).slice(3, 0, 64), corner), 0);
    const nlohmann::json all =
        nlohmann::json::parse(read_file(shared_file("reference/raw/raw.json")));
    const auto& wanted = all.at(file);
    EXPECT_EQ(sha256_hex(std::string_view(reinterpret_cast<const char*>(frame.counts.data()),
                                          2 * frame.counts.size())),
              wanted.at("mosaic").at("sha256_little_endian_uint16"));
    const auto crop = [&](const at::Tensor& picture, const char* name) {
      const auto& at = wanted.at("development").at(name).at("centre_crop_top_left");
      const std::int64_t y = at.at(0), x = at.at(1);
      return picture.slice(2, y, y + 48).slice(3, x, x + 48);
    };
    auto stages = standard_stages();
    stages[3] = {"demosaic", "bilinear", {}};
    stages.pop_back();
    const at::Tensor linear =
        CameraChain(stages, "")(frame.visible().to(at::kDouble), frame.sensor);
    const at::Tensor theirs = stored(stem + "linear16_bilinear_centre_48x48");
    EXPECT_LT(gap(crop(linear, "linear16_bilinear") * 65535, theirs), 4);
    // Developed for display: 16 bits with BT.709's curve, compared where eyes compare.
    stages.push_back({"tone", "bt709", {}});
    const at::Tensor shown = CameraChain(stages, "")(frame.visible().to(at::kDouble), frame.sensor);
    const at::Tensor display = stored(stem + "display16_bilinear_centre_48x48") / 65535;
    EXPECT_LT(gap(crop(shown, "display16_bilinear"), display), 0.003);
    const at::Tensor difference =
        delta_e_2000(lab_of(crop(linear, "linear16_bilinear")), lab_of(theirs / 65535));
    EXPECT_LT(difference.mean().item<double>(), 1);
  }
}

TEST(RawFrame, ReadsADng) {
  const RawFrame frame = read_raw(sample_dng(24, 26), "sample.dng");
  ASSERT_EQ(frame.visible_height, 24);
  ASSERT_EQ(frame.visible_width, 26);
  EXPECT_EQ(frame.sensor.cfa, Cfa::kRggb);
  EXPECT_EQ(frame.sensor.black[3], 256);
  EXPECT_EQ(frame.sensor.white, 65535);
  EXPECT_EQ(frame.visible()[0][0][2][3].item<float>(), 256 + 16 * (2 * 26 + 3));
}

TEST(RawFrame, RefusesWhatIsNone) {
  const auto error = [](const std::function<void()>& act) {
    try {
      act();
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error([] { read_raw("no picture at all", "a.dng"); }), HasSubstr("a.dng"));
  EXPECT_THAT(error([] { read_raw("", "a.dng"); }), HasSubstr("is empty"));
  Picture flat{8, 8, 1, 16, std::vector<std::uint8_t>(128, 0)};
  Sensor s;
  s.white = 10;
  s.black = {20, 20, 20, 20};
  EXPECT_THAT(error([&] { raw_of_mosaic(flat, s, "m.tiff"); }), HasSubstr("must lie above"));
  flat.channels = 3;
  EXPECT_THAT(error([&] { raw_of_mosaic(flat, s, "m.tiff"); }), HasSubstr("a mosaic has one"));
  EXPECT_TRUE(has_raw_extension("a/B.DNG"));
  EXPECT_FALSE(has_raw_extension("a.png"));
}

TEST(RawFrame, RefusesATruncatedFile) {
  ASSAY_NEEDS_SHARED("data/raw/colorchart.dng");
  const std::string whole = read_file(shared_file("data/raw/colorchart.dng"));
  for (const double share : {0.001, 0.01, 0.3, 0.9})
    EXPECT_THROW(
        read_raw(std::string_view(whole).substr(
                     0, static_cast<std::size_t>(share * static_cast<double>(whole.size()))),
                 "cut.dng"),
        InputError)
        << share;
}

// d output / d mosaic against central differences, of stages that are smooth there.
TEST(CameraChain, HasTheDerivativeOfDifferences) {
  const at::Tensor mosaic = at::rand({1, 1, 12, 10}, at::kDouble) * 0.4 + 0.3;
  Sensor sensor = drone();
  const std::vector<std::vector<CameraStage>> chains{
      {{"black_level", "normalise", {}},
       {"white_balance", "as_shot", {}},
       {"exposure", "", {0.5}},
       {"demosaic", "malvar", {}},
       {"colour_matrix", "file", {}},
       {"tone", "srgb", {}}},
      {{"demosaic", "bilinear", {}},
       {"sharpen", "filter", {}},
       {"denoise", "bilateral", {1, 0.2}},
       {"tone", "bt709", {}}},
      {{"demosaic", "menon", {}}, {"sharpen", "unsharp", {1, 0.5}}, {"denoise", "median", {}}},
      {{"demosaic", "bilinear", {}}, {"denoise", "gaussian", {0.7}}, {"tone", "gamma", {2.2}}}};
  for (const auto& stages : chains) {
    const CameraChain chain(stages, "");
    const at::Tensor weights = at::rand({1, 3, 12, 10}, at::kDouble);
    const at::Tensor leaf = mosaic.detach().clone().requires_grad_(true);
    const at::AutoGradMode record(true);
    (chain(leaf, sensor) * weights).sum().backward();
    const at::Tensor gradient = leaf.grad();
    const at::AutoGradMode off(false);
    const double largest = gradient.abs().max().item<double>();
    for (const auto& [y, x] : {std::pair{0, 0}, {5, 4}, {11, 9}, {6, 7}}) {
      constexpr double kStep = 1e-6;
      at::Tensor up = mosaic.clone(), down = mosaic.clone();
      up[0][0][y][x] += kStep;
      down[0][0][y][x] -= kStep;
      const double slope =
          ((chain(up, sensor) - chain(down, sensor)) * weights).sum().item<double>() / (2 * kStep);
      EXPECT_NEAR(gradient[0][0][y][x].item<double>(), slope, 1e-6 * largest)
          << stages[0].form << " " << y << " " << x;
    }
  }
}

TEST(CameraChain, DevelopsLargeFramesInStripsToTheSamePicture) {
  Sensor sensor;
  sensor.white = 1;
  const at::Tensor counts = at::rand({1, 1, 1602, 1400});
  for (const char* name : {"menon-unsharp-median", "malvar-filter-gaussian"}) {
    const CameraChain chain = CameraChain::parse(name, "");
    EXPECT_LT((chain(counts, sensor) - chain.stage_by_stage(counts, sensor).back())
                  .abs()
                  .max()
                  .item<double>(),
              1e-5)
        << name;
  }
}

// What undoes what, and what does nothing.
TEST(CameraChain, HasItsIdentitiesAndInverses) {
  Sensor sensor;
  sensor.black = {60, 64, 62, 66};
  sensor.white = 4095;
  const at::Tensor counts = at::rand({1, 1, 12, 14}, at::kDouble) * 3000 + 500;
  const auto by = [&](const std::string& stages, const at::Tensor& x) {
    at::Tensor out = x;
    const CameraChain chain = CameraChain::parse("demosaic menon | " + stages, "");
    for (const CameraStage& s : chain.stages())
      if (s.name != "demosaic") out = after_stage(s, out, sensor);
    return out;
  };
  const auto same = [](const at::Tensor& a, const at::Tensor& b) {
    return (a - b).abs().max().item<double>();
  };
  // The mosaic of a demosaiced one is the mosaic, away from the border that a method is biased at.
  for (const Demosaic method : {Demosaic::kBilinear, Demosaic::kMalvar, Demosaic::kMenon}) {
    const at::Tensor back = mosaic_of(demosaiced(counts, Cfa::kGbrg, method), Cfa::kGbrg);
    EXPECT_LT(same(back.slice(2, 2, 10).slice(3, 2, 12), counts.slice(2, 2, 10).slice(3, 2, 12)),
              1e-9);
  }
  const at::Tensor rgb = at::rand({1, 3, 12, 14}, at::kDouble) * 0.8 + 0.1;
  EXPECT_LT(same(by("white_balance 2 1 1.6 | white_balance 0.5 1 0.625", rgb), rgb), 1e-12);
  EXPECT_LT(same(by("exposure 1.5 | exposure -1.5", rgb), rgb), 1e-12);
  EXPECT_LT(
      same(by("colour_matrix 2 0 0 0 4 0 0 1 1 | colour_matrix 0.5 0 0 0 0.25 0 0 -0.25 1", rgb),
           rgb),
      1e-12);
  EXPECT_LT(same(by("tone gamma 2.5 | tone gamma 0.4", rgb), rgb), 1e-12);
  EXPECT_TRUE(by("shading 0 | clip 0 1", rgb).equal(rgb));
  EXPECT_LT(same(by("sharpen unsharp 1 0", rgb), rgb), 1e-15);
  EXPECT_LT(same(by("quantise 16", rgb), rgb), 1e-4);
  const at::Tensor eighths = at::round(rgb * 255) / 255;
  EXPECT_LT(same(by("quantise 8", eighths), eighths), 1e-12);
  // A grey picture is what JPEG keeps.
  const at::Tensor grey = at::full({1, 3, 16, 16}, 128.0 / 255, at::kDouble);
  EXPECT_LT(same(by("jpeg 50", grey), grey), 2.0 / 255);
}

TEST(CameraChain, TakesRoundingStraightThrough) {
  Sensor sensor;
  for (const char* stage : {"quantise 3", "jpeg 20"}) {
    const at::Tensor x = (at::rand({1, 3, 16, 16}, at::kDouble) * 0.8 + 0.1).requires_grad_(true);
    const CameraStage s =
        CameraChain::parse(std::string("demosaic menon | ") + stage, "").stages()[1];
    const at::Tensor out = after_stage(s, x, sensor);
    EXPECT_GT((out - x).abs().max().item<double>(), 1e-3) << stage;
    (out * 3).sum().backward();
    EXPECT_EQ((x.grad() - 3).abs().max().item<double>(), 0) << stage;
  }
}

TEST(CameraChain, RefusesWhatMakesNoPicture) {
  const auto error = [](std::vector<CameraStage> stages) {
    try {
      CameraChain(std::move(stages), "camera.yaml:4");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(error({{"demosiac", "bilinear", {}}}), HasSubstr("did you mean \"demosaic\""));
  EXPECT_THAT(error({{"demosaic", "linear", {}}}), HasSubstr("wanted one of bilinear"));
  EXPECT_THAT(error({{"tone", "gamma", {2.2}}}), HasSubstr("wanted demosaic"));
  EXPECT_THAT(error({{"sharpen", "filter", {}}}), HasSubstr("demosaic comes before"));
  EXPECT_THAT(error({{"demosaic", "menon", {}}, {"black_level", "normalise", {}}}),
              HasSubstr("comes before demosaic"));
  EXPECT_THAT(
      error({{"demosaic", "menon", {}}, {"colour_matrix", "", {1, 0, 0, 0, 1, 0, 0, 0, 0}}}),
      HasSubstr("singular"));
  EXPECT_THAT(error({{"demosaic", "menon", {}}, {"tone", "gamma", {}}}),
              HasSubstr("has 0 numbers"));
  EXPECT_THAT(error({{"exposure", "", {NAN}}, {"demosaic", "menon", {}}}), HasSubstr("beyond -10"));
  EXPECT_EQ(error(standard_stages()), "nothing");
}

}  // namespace
}  // namespace assay::imaging
