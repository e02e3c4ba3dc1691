// How many pictures stay right when each may be changed by so little, by one who means harm? See robustness.md.
//
// Round 1 draws the pictures (a unit each, nothing is run beyond the clean pass); round 2 attacks those that are right, a unit for
// sixteen of them (methods/attack/attacked.h), each attack at every size in ascending order: what fell at one size has fallen at the
// larger ones.
// Cost: robustness_attacks.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

struct Robustness {
  static constexpr CheckInfo kInfo{
      "robustness",
      "How many pictures stay right when each may be changed by so little, by one who means harm?",
      "croce2020reliable", Needs::kGradients};
  struct Params {
    std::string attacks = "fgsm, pgd, standard";
    std::string norm = "linf";
    std::string eps = "1/255, 2/255, 4/255, 8/255";
    int images = 100;
    std::string nearest = "fab(steps=20, targets=3)";
    std::string surrogate;
    double smoothing = 0;
    int smoothing_samples = 1000;
    std::string radii = "0.1, 0.25, 0.5, 1";
    std::string groups;
    int shown = 4;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("attacks", &Params::attacks, List{},
              "names from docs/attacks.md, each alone or with what is set: pgd(steps=40, "
              "restarts=5)",
              Stage::kMeasuring),
        field("norm", &Params::norm, Choice{"linf|l2|l1"}, "of the change of a picture",
              Stage::kMeasuring),
        field("eps", &Params::eps, List{},
              "sizes of it, of pixels from 0 to 1 before normalisation, ascending: 8/255 or 0.5",
              Stage::kMeasuring),
        field("images", &Params::images, Range{1, 1000000}, "pictures",
              "that are attacked, drawn by lot", Stage::kMeasuring),
        field("nearest", &Params::nearest, Choice{},
              "the attack that looks for the smallest change at all: fab or, in l2, "
              "carlini_wagner; empty: none",
              Stage::kMeasuring),
        field("surrogate", &Params::surrogate, FilePath{},
              "another model of the same classes and input, whose attacks are tried on this one; "
              "empty: none",
              Stage::kMeasuring),
        field("smoothing", &Params::smoothing, Range{0, 10}, "",
              "deviation of the noise under which a majority of answers certifies a radius (l2); "
              "0: none is certified",
              Stage::kMeasuring),
        field("smoothing_samples", &Params::smoothing_samples, Range{100, 1000000}, "forwards",
              "a picture for it", Stage::kMeasuring),
        field("radii", &Params::radii, List{}, "that are certified", Stage::kSummarising),
        field("groups", &Params::groups, Choice{},
              "columns of the manifest to tell apart, separated by commas; empty: none",
              Stage::kMeasuring),
        field("shown", &Params::shown, Range{0, 16}, "pictures", "in the report",
              Stage::kMeasuring)};
  }

  // What one of the attacks did to the pictures of a unit: [sizes · pictures], size by size.
  struct Outcome {
    std::vector<std::uint8_t> fooled;
    std::vector<std::int32_t> decision;     // −1: not asked
    std::vector<std::int64_t> evaluations;  // points asked, with a slope or without
    std::int64_t gradients = 0, zero_slopes = 0;
    template <class A>
    void archive(A& a) {
      a(fooled, decision, evaluations, gradients, zero_slopes);
    }
  };
  enum class Kind : std::uint8_t { kDrawn, kAttacked };
  struct Record {
    std::int64_t row = 0;  // set when read
    Kind kind = Kind::kDrawn;
    // kDrawn
    std::string id, cluster;
    std::vector<std::string> groups;
    int label = -1, clean = -1;
    bool finite = true;
    // kAttacked: what of it is a picture's is in the order of `rows`
    std::vector<std::int64_t> rows;
    std::vector<Outcome> outcomes;  // robustness_attacks.h
    std::vector<double> nearest;    // infinite: none was found; empty: none was asked for
    std::vector<double> radius;  // certified for the label; −1: for none; empty: none was asked for
    // The first of them, for the report: pixels [3, C · H · W] of each, the picture, the strongest found, empty where none.
    std::vector<std::vector<float>> before, after;
    std::vector<double> after_eps;
    int channels = 0, height = 0, width = 0;
    bool straight_through = false;  // the gradients are those of rounding taken for the identity
    template <class A>
    void archive(A& a) {
      a(kind, id, cluster, groups, label, clean, finite, rows, outcomes, nearest, radius, before,
        after, after_eps, channels, height, width, straight_through);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::uint64_t seed = 0;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0, wrong = 0;
    std::vector<std::string> attacks, sizes;  // as findings name them
    std::vector<double> eps;
    std::vector<Finding> findings;
    std::vector<std::vector<double>> robust;  // [attacks, then all of them][sizes]
    struct Group {
      std::string label;
      std::int64_t pictures = 0;
      std::vector<double> robust;  // by size, against all
    };
    std::vector<Group> groups;
    std::vector<std::pair<std::string, std::vector<double>>> classes;  // likewise
    std::vector<double> nearest;                                       // ascending
    std::vector<double> radii;                                         // that are certified
    std::vector<std::string> reasons;                                  // for masking
    bool straight_through = false;
    std::vector<std::vector<double>>
        evaluations;  // of the pictures that fell, by attack, at the largest size
    struct Shown {
      std::int64_t row = 0;
      std::string id;
      int label = -1, decision = -1;
      double eps = 0;
      int channels = 0, height = 0, width = 0;
      std::vector<float> before, after;
    };
    std::vector<Shown> shown;
  };

  static std::vector<Unit> units(const Subject& subject, const Params& params,
                                 std::span<const Record> so_far);
  static std::vector<Record> measure(const Subject& subject, const Params& params,
                                     std::span<const Unit> units, const Context& context);
  static Cost cost(const Params& params, std::string_view unit);
  static Result summarise(std::span<const Record> records, const Params& params,
                          const Facts& facts);
  static std::vector<Finding> findings(const Result& result);
  static Section present(const Result& result);
};

}  // namespace assay::checks
