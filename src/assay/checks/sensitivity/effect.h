// What does a change of the scene, or of a part of the picture, do to margin and error? Average causal effects of
// interventions, of each picture against itself. See effect.md.
//
// Rounds: "own" for all that needs the picture alone; "other" for regions that come from another picture.
// Cost: a forward a picture and intervention, and one more.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"
#include "assay/checks/sensitivity/asked_picture.h"

namespace assay::checks {

struct Effect {
  static constexpr CheckInfo kInfo{
      "effect", "What does an intervention do to the margin and to errors, and to whom?",
      "pearl2009"};
  struct Params {
    std::string interventions =
        "dark=brightness=0.6; turned=rotation=10; out_of_focus=defocus_blur=2";
    std::string groups;
    std::string border = "reflect";
    double fill = 0;
    int feather_px = 2;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("interventions", &Params::interventions, Entries{"do"},
              "what is done, by names of your own, such as dark=brightness=0.5 or "
              "background=unmarked: other",
              Stage::kMeasuring),
        field("groups", &Params::groups, Choice{},
              "columns of the manifest to tell apart, separated by commas; empty: none",
              Stage::kMeasuring),
        field("border", &Params::border, Choice{"fill|reflect|crop"},
              "what shows beyond the border of a picture that is moved", Stage::kMeasuring),
        field("fill", &Params::fill, Range{0, 1}, "", "the value of border: fill",
              Stage::kMeasuring),
        field("feather_px", &Params::feather_px, Range{0, 64}, "px",
              "over which a region of another picture fades in", Stage::kMeasuring)};
  }

  struct Record : AskedPicture {
    bool second = false;  // of the round "other"
    bool has_mask = false;
    std::vector<std::string> groups;  // values of params.groups
    float nominal = 0;                // margin of the reference class
    std::vector<std::uint8_t> asked;  // [interventions]: the rest is meaningless where it is 0
    std::vector<float> margins;
    std::vector<std::int32_t> decisions;
    std::vector<std::vector<std::uint8_t>> regions;  // of those with a region: region_grid's cells
    std::int64_t donor = -1;
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(second, has_mask, groups, nominal, asked, margins, decisions, regions, donor);
    }
  };

  // One picture under one intervention.
  struct Change {
    const Record* record = nullptr;
    double margin = 0;  // after less before
    double error = 0;   // −1, 0 or 1; of labelled pictures
    bool flips = false;
  };
  struct Outcome {
    std::string name, text;
    Finding margin, error, flip;
    std::vector<std::pair<std::string, Finding>> by_class, by_group;  // of the margin
    std::vector<std::pair<std::string, Finding>> contrasts;
    std::vector<double> margins;    // of all pictures, for their density
    std::vector<Change> strongest;  // from the largest loss of margin
  };
  struct Result {
    Result() = default;
    Result(Result&&) = default;  // a copy's changes would point into the original's records
    Result& operator=(Result&&) = default;

    Params params;
    std::vector<std::string> labels;
    std::uint64_t seed = 0;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0, unmasked = 0;
    std::vector<Record> records;  // what `strongest` points into
    std::vector<Outcome> outcomes;
    std::vector<Finding> findings;
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
