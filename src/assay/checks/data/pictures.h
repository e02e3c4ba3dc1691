// Could every picture be read, and did the model answer with numbers? Reads the clean pass only;
// see pictures.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "assay/checks/check.h"

namespace assay::checks {

struct Pictures {
  static constexpr CheckInfo kInfo{
      "pictures", "Could every picture be read, and did the model answer each with numbers?",
      "gebru2021datasheets"};
  struct Params {
    int listed = 100;
  };
  static constexpr auto fields() {
    return std::tuple{field("listed", &Params::listed, Range{0, 100000}, "rows",
                            "pictures named in the report at most", Stage::kSummarising)};
  }
  using Record = CleanRecord;
  struct Result {
    std::int64_t rows = 0, unreadable = 0, nonfinite = 0, unlabelled = 0;
    std::vector<std::pair<std::string, std::string>> listed;  // id, what is wrong
  };
  static Result summarise(std::span<const Record> records, const Params& params, const Facts&);
  static std::vector<Finding> findings(const Result& result);
  static Section present(const Result& result);
};

}  // namespace assay::checks
