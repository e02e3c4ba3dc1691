// Is the model fed as it was trained? Tries other input descriptions on a few pictures; see
// input.md.
//
// Cost: one forward a picture and alternative, over at most `pictures` pictures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

struct Input {
  static constexpr CheckInfo kInfo{
      "input", "Is the model fed as it was trained: channels, range, mean and deviation?",
      "mcnemar1947"};
  struct Params {
    int pictures = 64;
  };
  static constexpr auto fields() {
    return std::tuple{field("pictures", &Params::pictures, Range{0, 4096}, "pictures",
                            "labelled pictures tried with other input descriptions; 0: none",
                            Stage::kMeasuring)};
  }

  // How the stated description (first) and every alternative did on one picture.
  struct Record {
    std::vector<std::string> names;
    std::vector<std::uint8_t> right;
    std::vector<double> label_log_probability;
    template <class A>
    void archive(A& a) {
      a(names, right, label_log_probability);
    }
  };
  struct Alternative {
    std::string name;
    std::int64_t right = 0;
    double nll = 0;           // mean
    std::int64_t gained = 0;  // right with it, wrong as stated
    std::int64_t lost = 0;    // the other way round
    double p = 1;             // one-sided exact McNemar
    bool better = false;      // significantly, Holm over the alternatives at 0.01
  };
  struct Result {
    std::int64_t pictures = 0;
    std::vector<Alternative> all;  // the stated description first
  };

  static std::vector<Unit> units(const Subject& subject, const Params& params,
                                 std::span<const Record> so_far);
  static std::vector<Record> measure(const Subject& subject, const Params& params,
                                     std::span<const Unit> units, const Context& context);
  static Cost cost(const Params&, std::string_view) {
    return {6, 0};
  }  // at most so many alternatives
  static Result summarise(std::span<const Record> records, const Params& params, const Facts&);
  static std::vector<Finding> findings(const Result& result);
  static Section present(const Result& result);
};

}  // namespace assay::checks
