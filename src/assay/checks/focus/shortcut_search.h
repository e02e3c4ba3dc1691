// Is there a patch that speaks for a class wherever it is put? Without masks of what may be looked
// at, suspects come from the maps themselves: those of a class that look alike are put together
// (SpRAy), and the patch that a group has in common is put into pictures of other classes. What it
// does there, beside a patch from those classes themselves, is the evidence. See shortcut_search.md.
//
// Round 1 maps `pictures` pictures, round 2 transplants. Cost: for each picture of round 1 a forward
// and backward, for each transplant 2 forwards.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

struct ShortcutSearch {
  static constexpr CheckInfo kInfo{"shortcut_search",
                                   "Is there a patch that speaks for a class wherever it is put?",
                                   "lapuschkin2019", Needs::kLayer};
  struct Params {
    int pictures = 400;
    std::string layer;
    int most_clusters = 6;
    int smallest_cluster = 5;
    double patch_area = 0.1;
    int recipients = 40;
    int feather_px = 2;
    int replicates = 2000;
    double rate = 0.05;
    int exhibits = 8;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("pictures", &Params::pictures, Range{1, 100000}, "pictures", "mapped, by lot",
              Stage::kMeasuring),
        field(
            "layer", &Params::layer, Choice{},
            "a graph value [N,C,h,w] or tokens for the map (see `assay inspect`); empty: the last "
            "with extent",
            Stage::kMeasuring),
        field("most_clusters", &Params::most_clusters, Range{1, 50}, "",
              "groups of maps of one class at most", Stage::kMeasuring),
        field("smallest_cluster", &Params::smallest_cluster, Range{2, 1000}, "pictures",
              "groups of fewer are left alone", Stage::kMeasuring),
        field("patch_area", &Params::patch_area, Range{0.001, 0.9}, "",
              "share of the picture that a patch may take", Stage::kMeasuring),
        field("recipients", &Params::recipients, Range{5, 10000}, "pictures",
              "of other classes that a patch is put into", Stage::kMeasuring),
        field("feather_px", &Params::feather_px, Range{0, 1000}, "px",
              "over which a patch fades in, in the model's input", Stage::kMeasuring),
        field("replicates", &Params::replicates, Range{100, 1000000}, "",
              "bootstrap draws for intervals, and random signs for tests", Stage::kSummarising),
        field("rate", &Params::rate, Range{0.001, 0.5}, "",
              "share of false ones that is allowed among the patches named", Stage::kSummarising),
        field("exhibits", &Params::exhibits, Range{0, 100}, "patches", "shown",
              Stage::kSummarising)};
  }

  enum class Status : std::uint8_t { kOk, kNoEvidence, kNonFinite };

  struct Record {
    std::int64_t row = 0;  // set when read
    std::string id, cluster;
    Status status = Status::kOk;
    bool transplanted = false;  // of round 2
    // Round 1
    int predicted = -1;
    double margin = 0;       // of the predicted class
    std::vector<float> map;  // positive evidence over a grid of kCells² cells, sums to 1
    int map_height = 0, map_width = 0;
    std::vector<float> own_map;                       // as the layer has it
    double left = 0, top = 0, right = 1, bottom = 1;  // what the input covers, fractions
    int picture_height = 0, picture_width = 0;        // px
    // Round 2
    std::int64_t candidate = -1;
    std::int64_t donor = -1, control = -1;  // rows
    int said_with_donor = -1, said_with_control = -1;
    double with_donor = 0, with_control = 0;  // margins of the candidate's class
    template <class A>
    void archive(A& a) {
      a(id, cluster, status, transplanted, predicted, margin, map, map_height, map_width, own_map,
        left, top, right, bottom, picture_height, picture_width, candidate, donor, control,
        said_with_donor, said_with_control, with_donor, with_control);
    }
  };

  // A patch that a group of a class's maps has in common.
  struct Candidate {
    int label = -1;                     // the class
    std::vector<std::int64_t> members;  // rows
    std::vector<std::uint8_t> cells;    // kCells², 0 or 1
    double share = 0;                   // mean share of the members' evidence in the patch
    double area = 0;                    // of the picture
    // From round 2
    double effect = 0;  // rise of the class's margin beyond the control's
    double turned = 0;  // share of recipients turned into the class, less that of the control
    double p = 1, q = 1;
    std::int64_t tried = 0, independent = 0;
    std::vector<const Record*> strongest = {};
  };

  // What a reader may look at of one candidate.
  struct Shown {
    std::int64_t member = -1, recipient = -1, donor = -1;  // rows
    std::string caption;
    std::vector<float> map;
    int map_height = 0, map_width = 0;
    double box[4] = {0, 0, 1, 1};
    std::vector<std::uint8_t> cells;
    std::string said;
    double effect = 0;
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::int64_t mapped = 0, without_evidence = 0, nonfinite = 0;
    std::int64_t classes = 0;                   // with maps
    std::vector<Candidate> candidates;          // the likeliest first
    std::vector<std::string> shapes;            // of each, as a mask's text; empty: sizes differ
    int picture_height = 0, picture_width = 0;  // that the shapes are for
    double scale = 0;                           // the median margin
    std::vector<Finding> findings;
    std::vector<Shown> shown;
  };

  static std::vector<std::string> keep(const Subject& subject, const Params& params);
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
