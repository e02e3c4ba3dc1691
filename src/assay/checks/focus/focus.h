// Does the decision rest on pixels that may not carry it? Maps say where the evidence lies;
// interventions judge: the invalid pixels are replaced by those of another picture of the same class
// and of a different one, and what the difference of the two does to the margin and the decision is
// what the model takes from pixels that may carry nothing. See focus.md.
//
// Round 1 observes every picture, round 2 replaces. Cost for each picture: 2 forwards and a forward
// and backward for its map, the same again by the network with randomised weights; for
// `occlusion_pictures` of them, which are units of their own, the covers of an occlusion map; 2
// forwards in round 2.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

struct Focus {
  static constexpr CheckInfo kInfo{
      "focus", "Does the decision rest on pixels that may not carry it?", "borg2021test"};
  struct Params {
    std::string mask_marks = "valid";
    std::string border;
    std::string layer;
    int occlusion_pictures = 64;
    double occlusion_size = 0.2;
    int feather_px = 2;
    std::string groups;
    int replicates = 2000;
    int simulations = 400;
    int exhibits = 12;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("mask_marks", &Params::mask_marks, Choice{"valid|invalid"},
              "what the data's masks mark: where evidence may lie, or where it may not",
              Stage::kMeasuring),
        field(
            "border", &Params::border, Choice{},
            "the picture's outermost pixels are invalid: \"8px\", or a share of the shorter side, "
            "\"5%\"; empty: none",
            Stage::kMeasuring),
        field(
            "layer", &Params::layer, Choice{},
            "a graph value [N,C,h,w] or tokens for the map (see `assay inspect`); empty: the last "
            "with extent",
            Stage::kMeasuring),
        field("occlusion_pictures", &Params::occlusion_pictures, Range{0, 1000000}, "pictures",
              "how many also get an occlusion map, drawn at random", Stage::kMeasuring),
        field("occlusion_size", &Params::occlusion_size, Range{0.01, 1}, "",
              "side of its covers as a share of the shorter side", Stage::kMeasuring),
        field("feather_px", &Params::feather_px, Range{0, 1000}, "px",
              "over which a replaced region fades in, in the model's input", Stage::kMeasuring),
        field(
            "groups", &Params::groups, Choice{},
            "columns of the manifest, separated by commas, whose values get findings of their own",
            Stage::kMeasuring),
        field("replicates", &Params::replicates, Range{100, 1000000}, "",
              "bootstrap draws for intervals, and random signs for tests", Stage::kSummarising),
        field("simulations", &Params::simulations, Range{0, 10000}, "",
              "planted shortcuts by which the check's own power is found; 0: not found",
              Stage::kSummarising),
        field("exhibits", &Params::exhibits, Range{0, 100}, "pictures", "shown in each group",
              Stage::kSummarising)};
  }

  // What a record is of: a picture as round 1 sees it, its occlusion map, or its replacements.
  enum class Kind : std::uint8_t { kSeen, kOccluded, kReplaced };
  enum class Status : std::uint8_t { kOk, kNoMask, kEmpty, kFull, kNoLabel, kNonFinite };

  // How much of a map's positive values lies in invalid pixels; NaN where it has none.
  struct Share {
    double share = std::numeric_limits<double>::quiet_NaN();
    std::vector<float> shifted;  // under the mask shifted round the picture
    bool known() const { return share == share; }
    template <class A>
    void archive(A& a) {
      a(share, shifted);
    }
  };
  // What the model said of a picture whose invalid pixels are another's.
  struct Reply {
    int predicted = -1;                      // -1: not finite
    double label = 0, donor = 0, other = 0;  // logits: of the label, of the class of the different
                                             // donor, the largest of the others (-infinity: none)
    template <class A>
    void archive(A& a) {
      a(predicted, label, donor, other);
    }
  };

  struct Record {
    std::int64_t row = 0;  // set when read
    std::string id, cluster;
    int label = -1;
    Kind kind = Kind::kSeen;
    Status status = Status::kOk;
    // Round 1
    std::vector<std::string> groups;  // values of params.groups
    int predicted = -1;
    double margin = 0;                      // of the label, of the clean pass
    int height = 0, width = 0;              // of the model's input
    double area = 0;                        // share of its pixels that is invalid
    std::vector<std::uint8_t> invalid;      // over it, kGrid² bits (region_grid.h)
    std::string no_map;                     // why there is no CAM; empty: there is
    Share cam, randomised;                  // `randomised`: CAM of the network with random weights
    Share occlusion;                        // of kOccluded
    int invalid_only = -1, inpainted = -1;  // classes said of the invalid pixels alone, and of the
                                            // picture without them; -1: not finite
    int map_height = 0, map_width = 0;
    std::vector<float> map;                           // the CAM
    double left = 0, top = 0, right = 1, bottom = 1;  // what the input covers, fractions
    // Round 2
    std::int64_t same = -1, different = -1;  // rows of the donors
    int donor_label = -1;                    // of `different`
    double replaced_area = 0;                // share of the input's pixels
    std::vector<std::uint8_t> region;        // what was replaced, kGrid² bits
    Reply by_same, by_different;
    template <class A>
    void archive(A& a) {
      a(id, cluster, label, kind, status, groups, predicted, margin, height, width, area, invalid,
        no_map, cam, occlusion, randomised, invalid_only, inpainted, map_height, map_width, map,
        left, top, right, bottom, same, different, donor_label, replaced_area, region, by_same,
        by_different);
    }
  };

  // One judged picture: what was seen of it, and what replacing did.
  struct Case {
    Record seen;
    std::optional<Record> swap;
    double effect = 0;  // margin by the same class less margin by a different one
    bool judged() const { return swap.has_value(); }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::map<Status, std::int64_t> left_out;
    std::int64_t pictures = 0;     // seen, with invalid and valid pixels and a label
    std::int64_t judged = 0;       // of these, by intervention
    std::int64_t nonfinite = 0;    // replaced pictures with an output that is not finite
    std::int64_t independent = 0;  // clusters of the judged, or pictures
    bool clustered = false;
    std::string impossible;  // why nothing was replaced; empty: something was
    std::string no_map;
    double scale = 0;  // the median |margin|
    std::vector<Finding> findings;
    std::vector<Case> strongest, sample;  // by effect; of the others, by lot
    std::optional<double> power, false_alarms,
        strength;  // of planted shortcuts; strength in logits
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
