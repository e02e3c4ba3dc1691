// Where does the model look? A class activation map of every picture; see heatmap.md and
// methods/attribution/cam.h.
//
// Cost: one backward of the part of the network behind the layer for each picture; the forward is
// the clean pass.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

enum class MapStatus : std::uint8_t { kOk, kZero, kNonFinite, kNoTarget };

struct Heatmap {
  static constexpr CheckInfo kInfo{"heatmap",
                                   "Where in the picture is the evidence for the decision?",
                                   "draelos2020hirescam", Needs::kLayer, 2};
  struct Params {
    std::string method = "hires_cam";
    std::string target = "predicted";
    std::string layer;
    int exhibits = 6;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("method", &Params::method,
              Choice{"hires_cam|grad_cam|grad_cam_pp|xgrad_cam|layer_cam|eigen_cam"},
              "class activation mapping method", Stage::kMeasuring),
        field("target", &Params::target, Choice{"predicted|label"},
              "the class whose logit is explained", Stage::kMeasuring),
        field(
            "layer", &Params::layer, Choice{},
            "a graph value [N,C,h,w] or tokens (see `assay inspect`); empty: the last with extent",
            Stage::kMeasuring),
        field("exhibits", &Params::exhibits, Range{0, 100}, "pictures",
              "overlays shown in each group", Stage::kSummarising)};
  }

  struct Record {
    std::int64_t row = 0;  // set when read
    std::string id;
    int label = -1, predicted = -1, target = -1;
    double confidence = 0;         // probability of the predicted class
    double label_probability = 0;  // 0 when unlabelled
    MapStatus status = MapStatus::kOk;
    int height = 0, width = 0;
    std::vector<float> map;  // row-major, after the ReLU, raw magnitudes
    double left = 0, top = 0, right = 1,
           bottom = 1;  // the part of the picture it covers, fractions
    template <class A>
    void archive(A& a) {
      a(id, label, predicted, target, confidence, label_probability, status, height, width, map,
        left, top, right, bottom);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::int64_t maps = 0, zero = 0, nonfinite = 0, no_target = 0;
    std::vector<std::int64_t> shape;  // of `all`; empty when the maps differ in size
    std::vector<float> all, rows, targets;
    struct Group {
      std::string title, id;
      std::vector<Record> shown;
    };
    std::vector<Group> groups;
  };

  static std::vector<std::string> keep(const Subject& subject, const Params& params);
  static std::vector<Unit> units(const Subject& subject, const Params& params,
                                 std::span<const Record> so_far);
  static std::vector<Record> measure(const Subject& subject, const Params& params,
                                     std::span<const Unit> units, const Context& context);
  static Cost cost(const Params&, std::string_view) { return {0, 1}; }
  static Result summarise(std::span<const Record> records, const Params& params,
                          const Facts& facts);
  static std::vector<Finding> findings(const Result& result);
  static Section present(const Result& result);
};

}  // namespace assay::checks
