// Regions of classifiers whose smallest ones can be counted.

#include "assay/methods/attribution/extremal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

#include "assay/methods/attribution/catalogue.h"
#include "assay/network/graph.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"

namespace assay::methods {
namespace {

constexpr std::int64_t kSide = 12, kPixels = kSide * kSide;

network::Node node(const std::string& op,
                   std::map<std::string, network::Attribute> attributes = {}) {
  network::Node n;
  n.op = op;
  n.opset = 17;
  n.attributes = std::move(attributes);
  return n;
}

// z_0 = Σ w·x, z_1 = `threshold`, of one channel; with `curved`, z_0 = |Σ w·x − 2|.
network::Classifier deciding(const at::Tensor& w, double threshold, const char* curved = nullptr) {
  network::configure_numerics();
  network::Graph graph("test");
  graph.add_input("x", "float32", true, {network::kFree, 1, kSide, kSide});
  graph.add_constant("w", at::stack({w.flatten(), at::zeros({kPixels})}));
  graph.add_constant("b", at::tensor({curved ? -2.0F : 0.0F, static_cast<float>(threshold)}));
  graph.add_node(node("Flatten"), {"x"}, {"flat"});
  graph.add_node(node("Gemm", {{"transB", std::int64_t{1}}}), {"flat", "w", "b"},
                 {curved ? "y" : "z"});
  if (curved) graph.add_node(node(curved), {"y"}, {"z"});
  graph.add_output("z");
  graph.finish();
  const std::string file = std::filesystem::temp_directory_path() /
                           ("assay_extremal_" + std::to_string(::getpid()) + ".onnx");
  network::write_onnx(graph, file);
  InputDescription input;
  input.channels = Channels::kGray;
  input.resize = ResizeRule::kSquash;
  input.resize_height = input.resize_width = kSide;
  auto classifier = network::Classifier::open(file, input, {}, {});
  std::filesystem::remove(file);
  return classifier;
}

at::Tensor picture() {
  return at::arange(kPixels, at::kDouble)
      .mul(1.3)
      .cos()
      .add(1.5)
      .to(at::kFloat)
      .reshape({1, 1, kSide, kSide});
}

Attribution explained(const network::Classifier& classifier, std::int64_t target, Settings settings,
                      const at::Tensor& input = picture()) {
  const auto given = [&](const char* name) {
    return std::any_of(settings.begin(), settings.end(),
                       [&](const auto& s) { return s.first == name; });
  };
  if (!given("map")) settings.emplace_back("map", std::string("gradient_x_input"));
  if (!given("cover")) settings.emplace_back("cover", std::string("zero"));
  const std::vector<std::int64_t> targets(static_cast<std::size_t>(input.size(0)), target);
  const std::vector<std::string> names(targets.size(), "picture");
  return attribution_named("extremal", "")
      .explain({classifier, input, targets, names, "", {}, 0}, settings);
}

double figure(const Attribution& made, const std::string& name, std::size_t row = 0) {
  for (const auto& f : made.figures)
    if (f.name == name) return f.values.at(row);
  ADD_FAILURE() << name;
  return 0;
}

const at::Tensor& part(const Attribution& made, const std::string& name) {
  for (const auto& p : made.parts)
    if (p.name == name) return p.map;
  throw std::logic_error(name);
}

// Contributions w·x of the pixels in falling order.
std::vector<double> contributions(const at::Tensor& w) {
  const at::Tensor all = (w.flatten() * picture().flatten()).to(at::kDouble).contiguous();
  std::vector<double> sorted(all.data_ptr<double>(), all.data_ptr<double>() + kPixels);
  std::sort(sorted.rbegin(), sorted.rend());
  return sorted;
}

at::Tensor positive_weights() {
  return at::arange(kPixels, at::kDouble).mul(0.37).sin().add(1.1).to(at::kFloat);
}

TEST(Extremal, OfALinearClassifierAreTheFewestPixelsThatReachTheThreshold) {
  const auto sorted = contributions(positive_weights());
  double all = 0;
  for (const double c : sorted) all += c;
  for (const double share : {0.05, 0.3, 0.5, 0.9}) {
    const double threshold = share * all;
    std::int64_t enough = 0, needed = 0;
    for (double sum = 0; sum <= threshold; ++enough)
      sum += sorted[static_cast<std::size_t>(enough)];
    for (double left = all; left > threshold; ++needed)
      left -= sorted[static_cast<std::size_t>(needed)];
    const auto classifier = deciding(positive_weights(), threshold);
    const Attribution made = explained(classifier, 0, {});
    EXPECT_EQ(figure(made, "sufficient_area"), static_cast<double>(enough) / kPixels) << share;
    EXPECT_EQ(figure(made, "necessary_area"), static_cast<double>(needed) / kPixels) << share;
    EXPECT_EQ(part(made, "sufficient").sum().item<double>(), enough);
    EXPECT_EQ(part(made, "necessary").sum().item<double>(), needed);
    EXPECT_TRUE(at::equal(made.map, (part(made, "sufficient") + part(made, "necessary")) / 2));
    // What is said to be enough is, and what is said to be needed, on the model itself.
    const at::Tensor seen = picture() * part(made, "sufficient").unsqueeze(1),
                     left = picture() * (1 - part(made, "necessary").unsqueeze(1));
    const at::Tensor z = classifier.plain_forward(at::cat({seen, left})).logits;
    EXPECT_EQ(z[0].argmax().item<std::int64_t>(), 0);
    EXPECT_EQ(z[1].argmax().item<std::int64_t>(), 1);
    const at::Tensor p = at::softmax(z.to(at::kDouble), 1).select(1, 0);
    EXPECT_NEAR(figure(made, "sufficient_probability"), p[0].item<double>(), 1e-6);
    EXPECT_NEAR(figure(made, "necessary_probability"), p[1].item<double>(), 1e-6);
  }
}

TEST(Extremal, MayAskForAShareOfTheProbability) {
  const auto sorted = contributions(positive_weights() * 0.02);
  double all = 0;
  for (const double c : sorted) all += c;
  const auto probability = [](double z) { return 1 / (1 + std::exp(1 - z)); };
  for (const double keep : {0.5, 0.9}) {
    std::int64_t enough = 0, needed = 0;
    for (double sum = 0; probability(sum) < keep * probability(all); ++enough)
      sum += sorted[static_cast<std::size_t>(enough)];
    for (double left = all; probability(left) >= keep * probability(all); ++needed)
      left -= sorted[static_cast<std::size_t>(needed)];
    const Attribution made = explained(deciding(positive_weights() * 0.02, 1), 0, {{"keep", keep}});
    EXPECT_EQ(figure(made, "sufficient_area"), static_cast<double>(enough) / kPixels) << keep;
    EXPECT_EQ(figure(made, "necessary_area"), static_cast<double>(needed) / kPixels) << keep;
  }
}

TEST(Extremal, OfANonmonotoneCurveIsACrossing) {
  // |Σ − 2| is large for nothing, small in between, large for all: with everything covered the
  // class is kept already; lost and regained further on.
  const at::Tensor w = positive_weights() * 0.05;
  const auto bent = deciding(w, 3, "Abs");
  const Attribution made = explained(bent, 0, {});
  ASSERT_GT(figure(made, "sufficient_area"), 0);
  const at::Tensor rank = part(made, "ranking").flatten();
  const auto kept = [&](std::int64_t k, bool covers) {
    const at::Tensor order = std::get<1>(at::sort(rank, true, 0, true));
    at::Tensor visible = at::full({kPixels}, covers ? 1.0F : 0.0F);
    visible.index_fill_(0, order.narrow(0, 0, k), covers ? 0 : 1);
    const at::Tensor z =
        bent.plain_forward(picture() * visible.reshape({1, 1, kSide, kSide})).logits[0];
    return z[0].item<double>() > z[1].item<double>();
  };
  const auto k = std::llround(figure(made, "sufficient_area") * kPixels);
  EXPECT_TRUE(kept(k, false));
  EXPECT_FALSE(kept(k - 1, false));
  const auto lost = std::llround(figure(made, "necessary_area") * kPixels);
  EXPECT_FALSE(kept(lost, true));
  EXPECT_TRUE(kept(lost - 1, true));
}

TEST(Extremal, SaysWhereThereIsNoSuchRegion) {
  // Another class is decided for: nothing keeps this one.
  const Attribution other = explained(deciding(positive_weights(), 1e6), 0, {});
  for (const char* name : {"sufficient_area", "necessary_area", "sufficient_probability"})
    EXPECT_TRUE(std::isnan(figure(other, name))) << name;
  EXPECT_EQ(at::max(at::abs(other.map)).item<double>(), 0);
  // Decided for whatever is seen: nothing is enough, and nothing is needed.
  const Attribution always = explained(deciding(positive_weights(), -1), 0, {});
  EXPECT_EQ(figure(always, "sufficient_area"), 0);
  EXPECT_TRUE(std::isnan(figure(always, "necessary_area")));
  at::Tensor broken = picture();
  broken[0][0][3][3] = std::numeric_limits<float>::quiet_NaN();
  const Attribution undefined = explained(deciding(positive_weights(), 1), 0, {}, broken);
  EXPECT_TRUE(at::isnan(undefined.map).all().item<bool>());
  EXPECT_TRUE(std::isnan(figure(undefined, "sufficient_area")));
}

// A bright square on a dark ground, and three times as bright: [2,1,12,12].
at::Tensor squares() {
  at::Tensor bright = at::zeros({2, 1, kSide, kSide});
  bright[0][0].narrow(0, 3, 4).narrow(1, 5, 4).fill_(1);
  bright[1].copy_(bright[0] * 3);
  return bright;
}

TEST(Extremal, OfASquareAreThePixelsThatItCanSpare) {
  // 16 pixels of 1, of which the sum must exceed 12.5; or of 3.
  const Attribution made = explained(deciding(squares()[0][0], 12.5), 0, {}, squares());
  EXPECT_EQ(figure(made, "sufficient_area"), 13.0 / kPixels);
  EXPECT_EQ(figure(made, "necessary_area"), 4.0 / kPixels);
  EXPECT_EQ(figure(made, "sufficient_area", 1), 5.0 / kPixels);
  EXPECT_EQ(figure(made, "necessary_area", 1), 12.0 / kPixels);
}

TEST(Extremal, EveryCoverGivesRegionsThatTheModelConfirms) {
  const auto classifier = deciding(squares()[0][0], 12.5);
  for (const char* cover : {"zero", "black", "mean", "blur", "inpaint"}) {
    SCOPED_TRACE(cover);
    const Attribution made =
        explained(classifier, 0, {{"cover", std::string(cover)}}, squares().narrow(0, 0, 1));
    // Pixels beyond the square are ranked behind it, and are not needed.
    EXPECT_GT(figure(made, "sufficient_area"), 0);
    EXPECT_LE(figure(made, "sufficient_area"), 16.0 / kPixels);
    EXPECT_LE(figure(made, "necessary_area"), 16.0 / kPixels);
    EXPECT_GT(figure(made, "sufficient_probability"), 0.5);
    EXPECT_LT(figure(made, "necessary_probability"), 0.5);
  }
}

TEST(Extremal, TakesTheMapOfAnyOtherMethod) {
  std::string others;
  for (const auto& name : attribution_names())
    if (name != "extremal") others += (others.empty() ? "" : "|") + name;
  EXPECT_EQ(others, Extremal::kRankings);
  const at::Tensor bright = squares().narrow(0, 0, 1);
  const auto classifier = deciding(bright[0][0], 12.5);
  const Attribution made = explained(classifier, 0, {{"map", std::string("occlusion")}}, bright);
  EXPECT_TRUE(at::equal(part(made, "ranking"),
                        attribution_named("occlusion", "")
                            .explain({classifier, bright, {0}, {"picture"}, "", {}, 0}, {})
                            .map));
  EXPECT_GE(figure(made, "sufficient_area"), 13.0 / kPixels);
}

}  // namespace
}  // namespace assay::methods
