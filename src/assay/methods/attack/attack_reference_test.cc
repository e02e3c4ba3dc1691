// Against the surviving pictures that other people's attacks left (reference/attacks): same models, pictures and budgets.
// One picture in ten, and of the attacks those of some hundred steps; ASSAY_ATTACKS=all takes all (half an hour without sanitizers).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "assay/base/npy.h"
#include "assay/base/shared_test.h"
#include "assay/imaging/picture.h"
#include "assay/methods/attack/attacked.h"
#include "assay/methods/evaluation/truth.h"
#include "assay/methods/reference_data_test.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::methods {
namespace {

struct Case {
  std::string name, model, images;
};

int every() { return std::getenv("ASSAY_ATTACKS") ? 1 : 10; }

class Reference {
 public:
  explicit Reference(const Case& c)
      : record_(read_json(shared_file("reference/attacks/" + c.name + ".json"))),
        classifier_(open(c, record_)) {
    std::vector<at::Tensor> pictures;
    if (c.images.empty()) {
      const NpyArray a =
          read_npy(shared_file("reference/attacks/" + c.name + "_clean/inputs_gray_u8.npy"));
      const std::vector<double> values = a.values<double>();
      const at::Tensor all = at::tensor(values, at::kDouble).view(a.shape) / 255;
      for (std::int64_t i = 0; i < all.size(0); ++i)
        pictures.push_back(all[i].to(at::kFloat).unsqueeze(0).expand({3, -1, -1}));
    } else {
      for (const std::string& file : record_.at("files").get<std::vector<std::string>>())
        pictures.push_back(pixels_of(picture_of(c.images + "/" + file, Channels::kRgb))[0]);
    }
    channels_ = static_cast<int>(pictures[0].size(0));
    height_ = static_cast<int>(pictures[0].size(1));
    width_ = static_cast<int>(pictures[0].size(2));
    victim_ = victim_of(classifier_, channels_, height_, width_);
    const auto labels = record_.at("labels").get<std::vector<int>>();
    const auto wrong = record_.at("clean_wrong_indices").get<std::set<int>>();
    for (std::size_t i = 0; i < pictures.size(); i += static_cast<std::size_t>(every())) {
      const at::Tensor flat = pictures[i].contiguous();
      Pixels x(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
      const Query query{x, {}, false};
      const Query* one[] = {&query};
      const Answer clean = victim_->answers(one)[0];
      EXPECT_EQ(excess(clean.logits, labels[i]) > 0, wrong.count(static_cast<int>(i)) > 0) << i;
      if (wrong.count(static_cast<int>(i)) > 0) continue;
      standing_.push_back(static_cast<int>(i));
      pixels_.push_back(std::move(x));
      labels_.push_back(labels[i]);
      logits_.push_back(clean.logits);
    }
  }

  std::size_t correct() const { return standing_.size(); }
  const json& record() const { return record_; }

  std::set<int> survivors(const std::vector<Attack>& attacks, Norm norm, double eps,
                          bool last = false) const {
    std::vector<Target> targets;
    std::vector<int> who = standing_;
    for (std::size_t k = 0; k < pixels_.size(); ++k)
      targets.push_back({Ball(pixels_[k], norm, eps), channels_, height_, width_, labels_[k], -1,
                         logits_[k], static_cast<std::uint64_t>(standing_[k])});
    for (const Attack& attack : attacks) {
      const auto found =
          attacked(*victim_, targets, attack, last ? Counts::kLast : Counts::kFirst, 11);
      std::vector<Target> left;
      std::vector<int> names;
      for (std::size_t k = 0; k < found.size(); ++k) {
        evaluations += found[k].gradients + found[k].queries;
        if (found[k].fooled) {
          EXPECT_TRUE(targets[k].ball.holds(found[k].pixels));
          continue;
        }
        left.push_back(std::move(targets[k]));
        names.push_back(who[k]);
      }
      targets = std::move(left);
      who = std::move(names);
    }
    return {who.begin(), who.end()};
  }
  // Of the nearest fooling points, ascending.
  std::vector<double> distances(const std::string& text, Norm norm) const {
    std::vector<Target> targets;
    for (std::size_t k = 0; k < pixels_.size(); ++k)
      targets.push_back({Ball(pixels_[k], norm, INFINITY), channels_, height_, width_, labels_[k],
                         -1, logits_[k], static_cast<std::uint64_t>(standing_[k])});
    std::vector<double> all;
    for (const Attacked& a :
         attacked(*victim_, targets, attacks_named(text, norm, "").front(), Counts::kNearest, 11))
      all.push_back(a.fooled ? a.distance : INFINITY);
    std::sort(all.begin(), all.end());
    return all;
  }
  mutable std::int64_t evaluations = 0;

 private:
  static network::Classifier open(const Case& c, const json& record) {
    InputDescription input;
    input.mean = record.at("mean").get<std::vector<double>>();
    input.std = record.at("std").get<std::vector<double>>();
    return network::Classifier::open(shared_file("data/models/" + c.model), input, {}, {});
  }

  json record_;
  network::Classifier classifier_;
  int channels_ = 0, height_ = 0, width_ = 0;
  std::unique_ptr<Victim> victim_;
  std::vector<int> standing_, labels_;
  std::vector<Pixels> pixels_;
  std::vector<std::vector<double>> logits_;
};

const Case kCases[] = {{"neu_smallcnn", "neu_smallcnn_op13.onnx", ""},
                       {"resnet20", "cifar10_resnet20_op13.onnx", "cifar10_lossless"},
                       {"vit_ibp_3_3_8", "cifar10_vit_ibp_3_3_8.onnx", "cifar10_lossless"}};

// Of the pictures that are looked at.
std::set<int> set_of(const json& row, const char* key) {
  std::set<int> all;
  for (const int i : row.at(key).get<std::vector<int>>())
    if (i % every() == 0) all.insert(i);
  return all;
}
std::vector<int> only_in(const std::set<int>& a, const std::set<int>& b) {
  std::vector<int> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}

class References : public testing::TestWithParam<Case> {};

TEST_P(References, AttacksLeaveNoMoreThanOthersDo) {
  ASSAY_NEEDS_SHARED("reference/attacks/resnet20.json");
  const Reference reference(GetParam());
  const auto one = [](const std::string& text, Norm norm) { return attacks_named(text, norm, ""); };
  std::set<std::string> seen;
  for (const json& row : reference.record().at("results")) {
    const std::string attack = row.at("attack");
    const bool quick = attack.starts_with("fg") || attack == "bim10" || attack == "pgd40x5";
    const std::string once = attack + row.at("norm").get<std::string>();
    if (every() > 1 && (!quick || (attack == "pgd40x5" && !seen.insert(once).second))) continue;
    const Norm norm = row.at("norm") == "L2" ? Norm::kL2 : Norm::kLinf;
    const double eps = row.at("eps");
    const std::set<int> theirs = set_of(row, "survivors");
    const std::string what = attack + " " + row.at("eps_label").get<std::string>();
    if (attack == "fgsm" || attack == "fgm") {
      // Pictures whose margin is at rounding level may fall on either side.
      const auto ours = reference.survivors(one("fgsm", norm), norm, eps);
      EXPECT_LE(only_in(ours, theirs).size() + only_in(theirs, ours).size(), 1U) << what;
    } else if (attack == "bim10") {
      const auto last = reference.survivors(one("bim(iterate=last)", norm), norm, eps, true);
      EXPECT_LE(only_in(last, theirs).size() + only_in(theirs, last).size(), 1U) << what;
      const auto best = reference.survivors(one("bim", norm), norm, eps);
      EXPECT_THAT(only_in(best, theirs), testing::SizeIs(testing::Le(1U))) << what;
      if (row.contains("survivors_any_iterate")) {
        EXPECT_EQ(best, set_of(row, "survivors_any_iterate")) << what;
      }
    } else if (attack == "pgd40x5") {
      EXPECT_LE(reference.survivors(one("pgd", norm), norm, eps).size(), theirs.size() + 2) << what;
    } else if (attack == "apgd_ce" || attack == "apgd_t") {
      EXPECT_LE(reference.survivors(one(attack, norm), norm, eps).size(), theirs.size() + 2)
          << what;
    } else if (attack == "square1000") {
      EXPECT_LE(reference.survivors(one("square(steps=1000)", norm), norm, eps).size(),
                theirs.size() + 2)
          << what;
    } else if (attack == "aa_standard") {
      reference.evaluations = 0;
      EXPECT_EQ(reference.survivors(one("standard", norm), norm, eps), theirs) << what;
      // One start of the first attack, whole, is what the published schedule spends on each at the least.
      EXPECT_LE(reference.evaluations * 10, static_cast<std::int64_t>(reference.correct()) * 101)
          << what;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, References, testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

TEST(MinimumNorm, IsNoLargerThanWhatOthersFound) {
  ASSAY_NEEDS_SHARED("reference/attacks/resnet20.json");
  const Reference reference(kCases[1]);
  for (const json& row : reference.record().at("minimum_norm")) {
    const bool descent = row.at("attack") == "carlini_wagner";
    if (descent && every() > 1) continue;
    std::vector<double> theirs;
    const auto indices = row.at("indices").get<std::vector<int>>();
    for (std::size_t i = 0; i < indices.size(); ++i)
      if (indices[i] % every() == 0)
        theirs.push_back(row.at("l2")[i].is_null() ? INFINITY : row.at("l2")[i].get<double>());
    std::sort(theirs.begin(), theirs.end());
    const std::vector<double> ours = reference.distances(
        descent ? "carlini_wagner(steps=100, restarts=5)" : "fab(targets=3, steps=10)", Norm::kL2);
    ASSERT_EQ(theirs.size(), ours.size());
    const std::size_t middle = (ours.size() - 1) / 2;
    EXPECT_LE(ours[middle], theirs[middle] * 1.02) << row.at("attack");
  }
}

}  // namespace
}  // namespace assay::methods
