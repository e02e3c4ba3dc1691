// What misleads the model in its worst errors? For each: where it sees the class that it says and
// where the right one, the smallest region whose covering restores the label, what the picture is
// taken for once the wrong class's evidence is gone, and where another model looks. See
// misclassified.md.
//
// Round 1 reads the clean pass of every labelled picture and runs nothing; round 2 studies the
// worst. Cost for each of these: a forward and two backwards for the maps, some 100 forwards for the
// regions, a forward and backward of the other model.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

struct Misclassified {
  static constexpr CheckInfo kInfo{"misclassified", "What misleads the model in its worst errors?",
                                   "dabkowski2017real", Needs::kLayer};
  struct Params {
    int worst = 8;
    std::string second_model;
    std::string layer;
    std::string cover = "blur";
  };
  static constexpr auto fields() {
    return std::tuple{
        field("worst", &Params::worst, Range{1, 1000}, "pictures",
              "errors that are studied, the most decided first", Stage::kMeasuring),
        field("second_model", &Params::second_model, FilePath{},
              "another model of the same classes that takes the same input; empty: none",
              Stage::kMeasuring),
        field(
            "layer", &Params::layer, Choice{},
            "a graph value [N,C,h,w] or tokens for the maps (see `assay inspect`); empty: the last "
            "with extent",
            Stage::kMeasuring),
        field("cover", &Params::cover, Choice{"zero|black|white|mean|blur|inpaint"}, "what covers",
              Stage::kMeasuring)};
  }

  enum class Status : std::uint8_t { kOk, kNoLabel, kNonFinite };

  // A map of a model for a class, over the cells of its layer.
  struct Map {
    int height = 0, width = 0;
    std::vector<float> values;
    template <class A>
    void archive(A& a) {
      a(height, width, values);
    }
  };
  // The smallest region along the ranking at which something happens.
  struct Found {
    double area = std::numeric_limits<double>::quiet_NaN();  // share of the input; NaN: never
    std::vector<std::uint8_t> cells;                         // region_grid.h
    int said = -1;                                           // class, with the region covered
    template <class A>
    void archive(A& a) {
      a(area, cells, said);
    }
  };
  struct Record {
    std::int64_t row = 0;  // set when read
    std::string id, cluster;
    Status status = Status::kOk;
    bool studied = false;  // of round 2
    int label = -1, predicted = -1;
    double margin = 0;  // of the label
    // Round 2
    Map of_predicted, of_label, of_second;
    int second_predicted = -1;  // -1: there is no second model
    std::string second_no_map;  // why it has none
    Found restored, lost;       // the label is said again; the wrong class is said no more
    double left = 0, top = 0, right = 1, bottom = 1;  // what the input covers, fractions
    template <class A>
    void archive(A& a) {
      a(id, cluster, status, studied, label, predicted, margin, of_predicted, of_label, of_second,
        second_predicted, second_no_map, restored, lost, left, top, right, bottom);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::int64_t labelled = 0, unlabelled = 0, nonfinite = 0, errors = 0;
    std::vector<Finding> findings;
    std::vector<Record> studied;  // the worst first
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
