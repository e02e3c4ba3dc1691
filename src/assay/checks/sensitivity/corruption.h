// How many errors do the common corruptions cost? The 15 + 4 types of ImageNet-C and the 10 of
// ImageNet-C-bar with their published severities. See
// corruption.md.
//
// Cost: a forward a picture, type and severity; twice with a baseline model.
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

struct Corruption {
  static constexpr CheckInfo kInfo{"corruption", "How many errors do common corruptions cost?",
                                   "hendrycks2019", Needs::kLogits, 2};
  struct Params {
    std::string types = "common";
    std::string severities = "1, 2, 3, 4, 5";
    std::string groups;
    std::string baseline = "none";
    std::string baseline_model;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("types", &Params::types, Choice{},
              "common (15), extra (4 more), bar (10), all (29), or names from docs/corruptions.md, "
              "separated by commas",
              Stage::kMeasuring),
        field("severities", &Params::severities, Choice{},
              "numbers from 0 to 5, separated by commas", Stage::kMeasuring),
        field("groups", &Params::groups, Choice{},
              "columns of the manifest to tell apart, separated by commas; empty: none",
              Stage::kMeasuring),
        field("baseline", &Params::baseline, Choice{"none|alexnet"},
              "published errors that the mean corruption error is relative to; of ImageNet, at "
              "severities 1 to 5",
              Stage::kSummarising),
        field("baseline_model", &Params::baseline_model, FilePath{},
              "a model of the same classes and input whose errors it is relative to instead; "
              "empty: none",
              Stage::kMeasuring)};
  }

  struct Record : AskedPicture {
    std::vector<std::string> groups;  // values of params.groups
    bool clean_error = false, baseline_clean_error = false;
    std::vector<std::uint8_t> errors,
        baseline_errors;         // [types · severities], type by type; baseline's: or none
    std::vector<float> margins;  // of the label
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(groups, clean_error, baseline_clean_error, errors, baseline_errors, margins);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> labels, types;
    std::vector<double> severities;
    std::uint64_t seed = 0;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0;
    std::vector<Finding> findings;
    std::vector<std::vector<double>> error;  // [types][severities]
    struct Group {
      std::string label;  // "line=3"
      std::int64_t pictures = 0;
      Finding mean;
      std::vector<double> error;  // [types]
    };
    std::vector<Group> groups;
    std::vector<Record> records;  // those that count
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
