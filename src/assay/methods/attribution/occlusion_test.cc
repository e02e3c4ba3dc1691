// Occlusion on classifiers of which it is known what each pixel is worth.

#include "assay/methods/attribution/occlusion.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::methods {
namespace {

constexpr std::int64_t kSide = 32;

struct Box {
  std::int64_t top, left, height, width;
  at::Tensor of(const at::Tensor& t) const {
    return t.slice(-2, top, top + height).slice(-1, left, left + width);
  }
};

class Net {
 public:
  Net() : graph_("test") {
    graph_.add_input("x", "float32", true, {network::kFree, 3, kSide, kSide});
  }
  std::string op(const std::string& op, const std::vector<std::string>& inputs,
                 std::map<std::string, network::Attribute> attributes = {}) {
    network::Node n;
    n.op = op;
    n.opset = 17;
    n.attributes = std::move(attributes);
    const std::string out = op + std::to_string(count_++);
    graph_.add_node(n, inputs, {out});
    return out;
  }
  std::string constant(const at::Tensor& t) {
    const std::string name = "c" + std::to_string(count_++);
    graph_.add_constant(name, t);
    return name;
  }
  network::Classifier open(const std::string& output, InputDescription input = {}) {
    network::configure_numerics();
    graph_.add_output(output);
    graph_.finish();
    const std::string file = std::filesystem::temp_directory_path() /
                             ("assay_occlusion_" + std::to_string(::getpid()) + ".onnx");
    network::write_onnx(graph_, file);
    input.resize = ResizeRule::kSquash;
    input.resize_height = input.resize_width = kSide;
    auto classifier = network::Classifier::open(file, input, {}, {});
    std::filesystem::remove(file);
    return classifier;
  }

 private:
  network::Graph graph_;
  int count_ = 0;
};

at::Tensor map_of(const network::Classifier& classifier, const at::Tensor& picture,
                  std::int64_t target, const Settings& settings) {
  const Question q{classifier, picture, {target}, {"picture"}, "", {}, 7};
  Settings all = settings;
  all.emplace_back("cover", std::string("zero"));
  return attribution_named("occlusion", "").explain(q, all).map[0];
}

at::Tensor numbers() {
  return at::arange(3 * kSide * kSide, at::kDouble)
      .mul(1.3)
      .cos()
      .to(at::kFloat)
      .reshape({1, 3, kSide, kSide});
}

// Two convolutions over what a mask leaves of the picture: a model that reads the upper left
// quadrant alone, through layers that occlusion recomputes in part.
network::Classifier quadrant_reader() {
  Net net;
  at::Tensor mask = at::zeros({1, 1, kSide, kSide});
  Box{0, 0, kSide / 2, kSide / 2}.of(mask).fill_(1);
  const auto weights = [](const std::vector<std::int64_t>& shape) {
    return at::arange(c10::multiply_integers(shape), at::kDouble)
        .mul(0.7)
        .sin()
        .to(at::kFloat)
        .reshape(shape);
  };
  const auto conv = [&](const std::string& x, std::int64_t in) {
    return net.op("Relu", {net.op("Conv", {x, net.constant(weights({8, in, 3, 3}))},
                                  {{"pads", std::vector<std::int64_t>(4, 1)}})});
  };
  // 0 · pixels outside are exactly 0; the convolution before it has places to be recomputed at.
  const std::string seen = net.op("Mul", {conv("x", 3), net.constant(mask)});
  const std::string pooled = net.op("Flatten", {net.op("GlobalAveragePool", {conv(seen, 8)})});
  return net.open(net.op("Gemm", {pooled, net.constant(weights({8, 3}))}));
}

TEST(Occlusion, FindsTheOnlyQuadrantThatTheModelReads) {
  const auto classifier = quadrant_reader();
  const at::Tensor map = map_of(classifier, numbers(), 1,
                                {{"window_px", std::int64_t{4}},
                                 {"stride_px", std::int64_t{4}},
                                 {"score", std::string("logit")}});
  const double scale = at::max(at::abs(map)).item<double>();
  ASSERT_GT(scale, 1e-3);
  // Of the first convolution, one pixel beyond the quadrant is seen: the covers next to it.
  at::Tensor outside = map.clone();
  Box{0, 0, kSide / 2 + 4, kSide / 2 + 4}.of(outside).fill_(0);
  EXPECT_LE(at::max(at::abs(outside)).item<double>(), 1e-4 * scale);
  EXPECT_GT(at::abs(Box{0, 0, kSide / 2, kSide / 2}.of(map)).mean().item<double>(), 0.1 * scale);
}

// The logits of two objects, each at most 1: all of the small one counts, and half of the large.
network::Classifier two_scales(const Box& small, const Box& large) {
  Net net;
  at::Tensor weight = at::zeros({2, 3, kSide, kSide});
  small.of(weight[0][0]).fill_(1.0 / static_cast<double>(small.height * small.width));
  large.of(weight[1][0]).fill_(2.0 / static_cast<double>(large.height * large.width));
  return net.open(net.op("Flatten", {net.op("Clip", {net.op("Conv", {"x", net.constant(weight)}),
                                                     net.constant(at::scalar_tensor(0.f)),
                                                     net.constant(at::scalar_tensor(1.f))})}));
}

TEST(Occlusion, SmallCoversFindSmallObjectsLargeOnesLargeObjectsAndTheirMeanBoth) {
  const Box small{3, 3, 4, 4}, large{14, 14, 16, 16};
  const auto classifier = two_scales(small, large);
  at::Tensor picture = at::zeros({1, 3, kSide, kSide});
  small.of(picture).fill_(1);
  large.of(picture).fill_(1);
  const auto map = [&](std::int64_t target, const char* sizes) {
    return map_of(classifier, picture, target,
                  {{"sizes", std::string(sizes)}, {"score", std::string("logit")}});
  };
  const auto share = [](const at::Tensor& m, const Box& box) {
    return (box.of(m).sum() / m.sum()).item<double>();
  };
  // The small covers blur the small object less.
  EXPECT_GT(share(map(0, "0.125"), small), 2 * share(map(0, "0.45"), small));
  // Half of the large object suffices, so that small covers take nothing from it.
  EXPECT_LE(at::max(at::abs(map(1, "0.125"))).item<double>(), 1e-5);
  EXPECT_GT(share(map(1, "0.45"), large), 0.5);
  for (const auto& [target, box] : {std::pair{0, small}, {1, large}}) {
    const at::Tensor mean = map(target, "0.125,0.45");
    const double inside = at::max(box.of(mean)).item<double>();
    EXPECT_GT(inside, 0.05);
    EXPECT_EQ(inside, at::max(mean).item<double>()) << "the peak is not on the object";
  }
}

// Each pixel by its own sum over the covers that hold it, run one by one.
TEST(Occlusion, DividesByTheCoversThatHoldAPixelAlsoInTheLastRowsAndColumns) {
  const auto classifier = quadrant_reader();
  const at::Tensor picture = numbers();
  const std::int64_t window = 7, stride = 5;
  const auto logit = [&](const at::Tensor& x) {
    return classifier.forward(x).logits[0][2].item<double>();
  };
  const double clean = logit(picture);
  at::Tensor lost = at::zeros({kSide, kSide}, at::kDouble), times = lost.clone();
  for (std::int64_t top = 0; top < kSide; top += stride)
    for (std::int64_t left = 0; left < kSide; left += stride) {
      if (top >= window && top - stride + window >= kSide) continue;
      if (left >= window && left - stride + window >= kSide) continue;
      const Box box{top, left, std::min(window, kSide - top), std::min(window, kSide - left)};
      at::Tensor copy = picture.clone();
      box.of(copy).fill_(0);
      box.of(lost) += clean - logit(copy);
      box.of(times) += 1;
    }
  ASSERT_GT(times.min().item<double>(), 0);
  const at::Tensor wanted = lost / times;
  const at::Tensor got =
      map_of(classifier, picture, 2,
             {{"window_px", window}, {"stride_px", stride}, {"score", std::string("logit")}});
  EXPECT_LE(at::max(at::abs(got - wanted)).item<double>(), 1e-4 * std::abs(clean));
}

TEST(Occlusion, KeepsAMapOfEachSizeButOfEqualOnesOnlyOne) {
  const auto classifier = quadrant_reader();
  const Question q{classifier, numbers(), {0}, {"picture"}, "", {}, 7};
  const auto made = [&](const char* sizes) {
    return attribution_named("occlusion", "").explain(q, {{"sizes", std::string(sizes)}});
  };
  const Attribution two = made("0.2,0.4");
  ASSERT_EQ(two.parts.size(), 2U);
  EXPECT_EQ(two.parts[0].name, "6px");
  EXPECT_EQ(two.parts[1].name, "13px");
  EXPECT_TRUE(at::allclose(two.map, (two.parts[0].map + two.parts[1].map) / 2, 1e-5, 1e-6));
  const Attribution one = made("0.2,0.19");
  EXPECT_TRUE(one.parts.empty());
  EXPECT_TRUE(at::equal(one.map, two.parts[0].map));
}

// Logits beyond the largest number: their difference is none, and is not made one.
TEST(Occlusion, AMapOfLogitsThatAreNotFiniteIsNotFinite) {
  Net net;
  const std::string weights = net.constant(at::full({3 * kSide * kSide, 2}, 3e38));
  const auto classifier = net.open(net.op("Gemm", {net.op("Flatten", {"x"}), weights}));
  const at::Tensor map = map_of(classifier, at::ones({1, 3, kSide, kSide}), 0,
                                {{"window_px", std::int64_t{8}}, {"score", std::string("logit")}});
  EXPECT_FALSE(at::isfinite(map).any().item<bool>());
}

at::Tensor slopes() {
  return at::arange(3 * kSide * kSide, at::kDouble).mul(0.9).sin().reshape({1, 3, kSide, kSide});
}

// One logit that is the sum of slopes() · x, another that is 0.
network::Classifier linear() {
  Net net;
  const at::Tensor own = slopes().to(at::kFloat).reshape({1, -1});
  const std::string weights = net.constant(at::cat({own, at::zeros_like(own)}).t().contiguous());
  InputDescription input;
  input.mean = {0.5, 0.25, 0.125};
  input.std = {0.5, 0.25, 2};
  return net.open(net.op("Gemm", {net.op("Flatten", {"x"}), weights}), input);
}

constexpr std::int64_t kTile = 8;

Attribution tiles(const Question& question, const std::string& cover) {
  return attribution_named("occlusion", "")
      .explain(question, {{"cover", cover},
                          {"window_px", kTile},
                          {"stride_px", kTile},
                          {"score", std::string("logit")}});
}

// Of tiles side by side each pixel has the sum of slope · (pixel − colour) over its own tile.
TEST(Occlusion, ACoverShowsTheColourThatItIsNamedAfter) {
  const auto classifier = linear();
  const at::Tensor picture = numbers();
  Question q{classifier, picture, {0}, {"picture"}, "", {}, 7};
  q.data_mean = at::tensor({0.3, -0.7, 1.1}, at::kDouble);
  const auto color = [](double r, double g, double b) {
    return at::tensor({r, g, b}, at::kDouble).reshape({1, 3, 1, 1});
  };
  const std::pair<const char*, at::Tensor> shown[] = {
      {"zero", color(0, 0, 0)},
      {"black", color(-1, -1, -0.0625)},
      {"gray", color(0, 1, 0.1875)},
      {"white", color(1, 3, 0.4375)},
      {"mean", picture.to(at::kDouble).mean({2, 3}, true)},
      {"data_mean", color(0.3, -0.7, 1.1)}};
  for (const auto& [name, pixels] : shown) {
    const at::Tensor loss = (slopes() * (picture - pixels)).sum(1, true);
    const at::Tensor sums = at::avg_pool2d(loss, {kTile, kTile}) * (kTile * kTile);
    const at::Tensor wanted = at::upsample_nearest2d(sums, {kSide, kSide})[0];
    EXPECT_LE(at::max(at::abs(tiles(q, name).map - wanted)).item<double>(),
              1e-5 * at::max(at::abs(wanted)).item<double>() + 1e-4)
        << name;
  }
}

// Each pixel of a ramp is the mean of its neighbours, so filling in gives the ramp again: only what
// stands out of it is lost. At the border there are neighbours on one side alone.
TEST(Occlusion, AnInpaintedCoverTakesOnlyWhatStandsOutOfItsSurroundings) {
  const auto classifier = linear();
  const at::Tensor along = at::arange(kSide, at::kDouble).div(kSide);
  at::Tensor picture = at::zeros({1, 3, kSide, kSide}, at::kDouble);
  picture += along + 2 * along.unsqueeze(1);
  const Box spot{10, 18, 3, 4};
  spot.of(picture) += 20;
  const Question q{classifier, picture.to(at::kFloat), {0}, {"picture"}, "", {}, 7};
  const at::Tensor map = tiles(q, "inpaint").map[0];
  at::Tensor wanted = at::zeros({kSide, kSide}, at::kDouble);
  const double lost = 20 * spot.of(slopes()).sum().item<double>();
  Box{8, 16, kTile, kTile}.of(wanted).fill_(lost);
  const Box inside{kTile, kTile, kSide - 2 * kTile, kSide - 2 * kTile};
  ASSERT_GT(std::abs(lost), 1);
  EXPECT_LE(at::max(at::abs(inside.of(map) - inside.of(wanted))).item<double>(),
            1e-3 * std::abs(lost));
}

TEST(Occlusion, CoversOfAFlatPictureThatShowItsColourChangeNothingToTheLastBit) {
  const auto classifier = quadrant_reader();
  Question q{classifier, at::full({1, 3, kSide, kSide}, 0.25), {0}, {"picture"}, "", {}, 7};
  q.data_mean = at::full({3}, 0.25);
  for (const char* cover : {"mean", "data_mean"})
    EXPECT_EQ(at::max(at::abs(tiles(q, cover).map)).item<double>(), 0) << cover;
}

TEST(Occlusion, RefusesCoversThatCannotBe) {
  const auto classifier = linear();
  const auto refusal = [&](const Settings& settings) -> std::string {
    const Question q{classifier, numbers(), {0}, {"picture"}, "", {}, 7};
    try {
      attribution_named("occlusion", "").explain(q, settings);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  using testing::HasSubstr;
  EXPECT_THAT(refusal({{"window_px", std::int64_t{33}}}),
              HasSubstr("33 px is larger than the model's input of 32x32"));
  EXPECT_THAT(refusal({{"sizes", std::string("0.1,1.5")}}), HasSubstr("\"1.5\" is no share"));
  EXPECT_THAT(refusal({{"sizes", std::string("0.1,")}}), HasSubstr("sizes"));
  EXPECT_THAT(refusal({{"sizes", std::string("nan")}}), HasSubstr("sizes"));
  EXPECT_THAT(refusal({{"sizes", std::string("0.3,0.1")}, {"stride_px", std::int64_t{4}}}),
              HasSubstr("4 px leaves pixels between covers of 3 px"));
  EXPECT_THAT(refusal({{"cover", std::string("data_mean")}}), HasSubstr("no data set"));
  EXPECT_THAT(refusal({{"cover", std::string("inpaint")}, {"sizes", std::string("1")}}),
              HasSubstr("nothing to fill it in from"));
  EXPECT_EQ(refusal({{"sizes", std::string("1")}}), "");
}

// Softmax of (z, 0): what a cover takes from the probability, with its sign.
TEST(Occlusion, ExplainsTheProbabilityAndTheMarginWithTheirSigns) {
  const auto classifier = linear();
  const at::Tensor picture = 0.05 * numbers();
  const double clean = (slopes() * picture).sum().item<double>();
  const at::Tensor sums =
      at::avg_pool2d((slopes() * picture).sum(1, true), {kTile, kTile}) * (kTile * kTile);
  const auto whole = [](const at::Tensor& t) { return at::upsample_nearest2d(t, {kSide, kSide}); };
  const auto map = [&](const char* score) {
    return map_of(classifier, picture, 0,
                  {{"window_px", kTile}, {"stride_px", kTile}, {"score", std::string(score)}});
  };
  const at::Tensor margin = whole(sums)[0][0];
  const at::Tensor probability =
      whole(at::sigmoid(at::full_like(sums, clean)) - at::sigmoid(clean - sums))[0][0];
  for (const at::Tensor& wanted : {margin, probability}) {
    ASSERT_GT(wanted.max().item<double>(), 0.01);
    ASSERT_LT(wanted.min().item<double>(), -0.01);
  }
  EXPECT_LE(at::max(at::abs(map("margin") - margin)).item<double>(), 1e-4);
  EXPECT_LE(at::max(at::abs(map("probability") - probability)).item<double>(), 1e-5);
}

}  // namespace
}  // namespace assay::methods
