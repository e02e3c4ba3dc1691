// Which drift of the camera costs the model most, and how far may each parameter go? See drift_forensics.md.
//
// Round 1 asks every picture at a grid of each parameter alone; round 2 searches for the costliest drift on some of the pictures
// (methods/camera/forced_drift.h), one unit a run and start; round 3 shows what was found to the others.
// Cost: drift_forensics_runs.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"
#include "assay/checks/sensitivity/asked_picture.h"
#include "assay/imaging/image_distance.h"

namespace assay::checks {

struct DriftForensics {
  static constexpr CheckInfo kInfo{
      "drift-forensics",
      "Which drift of the camera costs the model most, and how far may each parameter go?",
      "oala2023", Needs::kGradients};
  struct Params {
    std::string factors;
    std::string apart = "groups";
    std::string distance = "rms";
    std::string budgets = "0.02, 0.05, 0.1";
    int steps = 12;
    int starts = 2;
    int search_images = 24;
    int grid = 4;
    double allowed_drop = 0.05;
  };
  static constexpr auto fields() {
    return std::tuple{
        field(
            "factors", &Params::factors, Entries{"factor"},
            "the specification: factors called camera.… (docs/factors.md), each with uniform(LOW, "
            "HIGH); empty: a usual one of all that have derivatives",
            Stage::kMeasuring),
        field("apart", &Params::apart, Choice{"groups|factors|none"},
              "what is searched alone besides all together: parts of the camera, single factors",
              Stage::kMeasuring),
        field("distance", &Params::distance, Choice{imaging::kImageDistances},
              "of the pictures that the model is given, which the budgets bound",
              Stage::kMeasuring),
        field("budgets", &Params::budgets, Choice{},
              "mean distances that a drift may make, separated by commas, ascending",
              Stage::kMeasuring),
        field("steps", &Params::steps, Range{1, 1000}, "",
              "of a search; each a forward and a backward of its pictures", Stage::kMeasuring),
        field("starts", &Params::starts, Range{1, 100}, "", "of each search", Stage::kMeasuring),
        field("search_images", &Params::search_images, Range{1, 10000}, "pictures",
              "that the search may see, at most half; the others tell what its find costs",
              Stage::kMeasuring),
        field(
            "grid", &Params::grid, Range{0, 100}, "",
            "places between nominal and each end of the specification that tolerances look at; 0: "
            "none",
            Stage::kMeasuring),
        field("allowed_drop", &Params::allowed_drop, Range{0.0001, 1}, "",
              "of accuracy, that a parameter may cost inside of its tolerance",
              Stage::kSummarising)};
  }

  enum class Kind : std::uint8_t { kGrid, kSearch, kVerified };
  struct Record : AskedPicture {
    Kind kind = Kind::kGrid;
    // kGrid: nominal, then the grid (drift_forensics_runs.h); kVerified: nominal, then a run's find each.
    bool known = false;        // there is something to be right about
    std::vector<float> score;  // methods/evaluation/truth.h
    std::vector<float> margins;
    // kSearch
    std::int64_t run = 0;
    std::vector<double> theta;
    double loss = 0, distance = 0;
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(kind, known, score, margins, run, theta, loss, distance);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels, factors, units;
    std::vector<double> nominal, low, high;
    std::uint64_t seed = 0;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0, searched = 0;
    std::vector<Finding> findings;
    struct Found {
      std::string name;  // of the run
      double budget = 0;
      Record search;  // of its best start
    };
    std::vector<Found> found;                   // by run
    std::vector<double> tolerated;              // [factors · 2]
    std::vector<std::vector<double>> accuracy;  // [factors][2 · grid + 1] from low to high
    std::vector<Record> verified;               // of pictures that the search did not see
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
