// Which changes of scene, camera or storage drive the model, and how often do they break it? See sensitivity.md.
//
// Every picture is asked under the same θ, drawn from the factors' distributions; a polynomial chaos surrogate of its
// margin gives Sobol' indices, corrected for the surrogate's own error; other θ, fresh for every
// picture, give the rates of failure. Rounds: "first" for every picture; "second" where the surrogate is
// not good enough yet; "frozen", pick-freeze on the model itself, of some pictures to confirm, of all
// where the surrogate stays bad; with it "rare", where surrogates expect failures. Cost: calls_per_image forwards and scenes a picture.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"
#include "assay/checks/sensitivity/asked_picture.h"
#include "assay/stats/sensitivity/sobol_indices.h"

namespace assay::checks {

struct Sensitivity {
  static constexpr CheckInfo kInfo{
      "sensitivity",
      "Which changes of the scene drive the decision, and how often do they break it?", "bahr2025",
      Needs::kLogits, 2};
  struct Params {
    std::string factors =
        "rotation=truncated_normal(0, 5, -15, 15); brightness=truncated_normal(1, 0.15, 0.5, 1.5); "
        "gaussian_blur=uniform(0, 1)";
    std::string correlations;
    std::string output = "margin";
    int calls_per_image = 200;
    std::string estimator = "chaos";
    bool derivatives = false;
    std::string design = "independent";
    std::string border = "reflect";
    double fill = 0;
    int most_degree = 14;
    double least_q2 = 0.9;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("factors", &Params::factors, Entries{"factor"},
              "what may change, each with its distribution in the field, such as "
              "rotation=uniform(-20, 20)",
              Stage::kMeasuring),
        field("correlations", &Params::correlations, Entries{"correlation"},
              "between factors that change together, such as exposure*temperature=0.6 (a Gaussian "
              "copula); then Shapley effects take the indices' place",
              Stage::kMeasuring),
        field("output", &Params::output, Choice{"logits|margin|probability|entropy"},
              "what is explained: margin and probability are the label's, logits those of all "
              "classes together",
              Stage::kSummarising),
        field("calls_per_image", &Params::calls_per_image, Range{60, 100000}, "forwards",
              "budget a picture", Stage::kMeasuring),
        field("estimator", &Params::estimator, Choice{"chaos|pick_freeze"},
              "what gives the indices: surrogates, or the model itself with all of the budget",
              Stage::kMeasuring),
        field("derivatives", &Params::derivatives,
              "surrogates of the margin from values and exact derivatives: a point then costs four "
              "calls and gives factors + 1 equations, which pays from some five factors on",
              Stage::kMeasuring),
        field("design", &Params::design, Choice{"independent|sobol|hypercube"},
              "how the points are spread", Stage::kMeasuring),
        field("border", &Params::border, Choice{"fill|reflect|crop"},
              "what shows beyond the border of a picture that is moved", Stage::kMeasuring),
        field("fill", &Params::fill, Range{0, 1}, "", "the value of border: fill",
              Stage::kMeasuring),
        field("most_degree", &Params::most_degree, Range{1, 30}, "", "of polynomials",
              Stage::kMeasuring),
        field("least_q2", &Params::least_q2, Range{0, 1}, "",
              "surrogates that explain less are given more points, then up", Stage::kMeasuring)};
  }

  enum class Round : std::uint8_t { kFirst, kSecond, kFrozen, kRare };
  static constexpr int kMostLogits = 20;  // classes of which all logits are kept
  struct Record : AskedPicture {
    Round round = Round::kFirst;
    Said design;                // at the design's points; at pick-freeze's in a frozen round
    Said fresh;                 // first round: at θ of the picture's own
    std::vector<float> logits;  // [design's points][classes], of at most kMostLogits classes
    std::vector<float> slopes;  // of the margin [design's points][factors]; NaN where there is none
    std::vector<std::int64_t> asked;  // rare round: places in the picture's pool, those of `design`
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(round, design, fresh, logits, slopes, asked);
    }
  };

  // An index of the whole set, or of a class.
  struct Entry {
    std::string id;  // "first_order/rotation"
    Finding finding;
    double of_frozen = 0;     // the same by pick-freeze, NaN without
    double frozen_error = 0;  // its standard error
  };
  struct PerPicture {
    std::int64_t row = 0;
    std::string id;
    int reference = -1;
    std::vector<double> total;  // [factors], cut to [0,1]
    std::vector<double> total_low,
        total_high;         // 95 %, of this picture alone; empty without a surrogate's
    double failure = 0;     // share of fresh draws with another decision than the reference
    Shift view;             // nothing changed yet
    std::size_t worst = 0;  // the design point with the least margin
    double worst_margin = 0;
  };
  // f against one factor, the others at their distribution: mean of the surrogates over pictures, and the model's points.
  struct Response {
    std::vector<double> x, mean, low, high;  // low and high: the middle 80 % of pictures
    std::vector<double> seen_x, seen_y;      // means over pictures of the model's answers, in bins
  };
  // f against two factors, the others at their distribution, mean over pictures.
  struct Plane {
    std::size_t a = 0, b = 0;
    std::vector<double> x, y, mean;  // a's values, b's values, [y][x]
  };
  // The share of pictures and points that fail while a factor lies in one of ten equally likely ranges.
  struct Failures {
    std::vector<double> x, share, low, high;
  };
  struct Result {
    Params params;
    std::vector<std::string> labels, names, units;
    std::int64_t pictures = 0, nonfinite = 0, unlabelled = 0, points = 0, fresh = 0, frozen = 0,
                 rare = 0;
    std::string status;  // why there are no indices; empty: there are
    bool by_pick_freeze = false;
    double q2 = 0;
    std::vector<Finding> findings;
    std::vector<Entry> first, total, pairs;        // of the whole set
    std::vector<Entry> shapley;                    // of correlated factors, instead of these
    std::vector<std::vector<double>> logit_total;  // [classes][factors], output: logits alone
    std::vector<std::vector<double>> class_total;  // [classes seen][factors]
    std::vector<int> classes;
    std::vector<PerPicture> per_picture;
    std::vector<int> group;                   // of each picture by its profile
    std::vector<Response> responses;          // [factors]
    std::vector<Plane> planes;                // of the strongest interactions
    std::vector<Failures> failures;           // [factors]
    std::vector<std::vector<double>> design;  // θ [points][factors]
    std::vector<double> margins;              // of fresh draws, for their density
    bool random = false;
    double noise = 0;  // share of the variance that draws make
    bool disagree = false;
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
