// Do the maps show what the model goes by? The figures of methods/evaluation/ for the maps of one
// attribution method, over a sample of the pictures, beside those of three controls that know
// nothing of the model: a random ranking, a centre prior, an edge detector. See faithfulness.md.
//
// Cost for each picture: 16 (steps − 1) + squares + 1 forwards, and 3 + samples explanations, one of
// them by the network with randomised weights.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"
#include "assay/checks/focus/faithfulness_figures.h"

namespace assay::checks {

struct Faithfulness {
  static constexpr CheckInfo kInfo{"faithfulness", "Do the maps show what the model goes by?",
                                   "rong2022consistent", Needs::kLayer, 2};
  struct Params {
    std::string method = "hires_cam";
    std::string target = "predicted";
    std::string layer;
    std::string baseline = "mean";
    int pictures = 64;
    int steps = 10;
    int squares = 32;
    int samples = 6;
    double radius = 0.02;
    int replicates = 1000;
    int exhibits = 4;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("method", &Params::method,
              Choice{"hires_cam|grad_cam|grad_cam_pp|xgrad_cam|layer_cam|eigen_cam|gradient|"
                     "gradient_x_input|integrated_gradients|smooth_grad|guided_backprop|occlusion"},
              "whose maps are judged", Stage::kMeasuring),
        field("target", &Params::target, Choice{"predicted|label"},
              "the class whose evidence is shown", Stage::kMeasuring),
        field("layer", &Params::layer, Choice{},
              "a 4-D graph value (see `assay inspect`); empty: the last one with spatial extent",
              Stage::kMeasuring),
        field("baseline", &Params::baseline, Choice{"zero|black|white|mean|blur"},
              "what takes the place of removed pixels where they are not in-painted",
              Stage::kMeasuring),
        field("pictures", &Params::pictures, Range{1, 1000000}, "pictures",
              "how many are drawn from the data set", Stage::kMeasuring),
        field("steps", &Params::steps, Range{2, 1000}, "",
              "equal shares in which pixels are removed", Stage::kMeasuring),
        field("squares", &Params::squares, Range{1, 100000}, "",
              "covered squares that a map must foretell (infidelity)", Stage::kMeasuring),
        field("samples", &Params::samples, Range{1, 10000}, "",
              "jittered copies whose maps are compared (max-sensitivity)", Stage::kMeasuring),
        field("radius", &Params::radius, Range{0.0001, 1}, "",
              "of the jitter, as a share of the picture's range", Stage::kMeasuring),
        field("replicates", &Params::replicates, Range{100, 1000000}, "",
              "bootstrap draws for intervals", Stage::kSummarising),
        field("exhibits", &Params::exhibits, Range{0, 100}, "pictures", "maps shown in each group",
              Stage::kSummarising)};
  }

  enum class Status : std::uint8_t { kOk, kNoTarget, kNonFinite };
  struct Record {
    std::int64_t row = 0;  // set when read
    std::string id, cluster;
    int label = -1, target = -1;
    double probability = 0;  // of the target
    Status status = Status::kOk;
    std::string not_randomised;       // why there is no randomised network; empty: there is
    std::vector<MapFigures> figures;  // one a ranker, in their order; empty unless kOk
    int height = 0, width = 0;
    std::vector<float> map;                           // the method's, row-major, as it came
    double left = 0, top = 0, right = 1, bottom = 1;  // what the map covers, fractions
    template <class A>
    void archive(A& a) {
      a(id, cluster, label, target, probability, status, not_randomised, figures, height, width,
        map, left, top, right, bottom);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::int64_t judged = 0, no_target = 0, nonfinite = 0, independent = 0;
    bool clustered = false;
    std::vector<Finding> findings;
    // Means over the pictures, one a ranker; y, low and high.
    std::array<Series, kRankers> deletion, insertion, gap;
    std::vector<Record> worst, best;  // by ROAD
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
