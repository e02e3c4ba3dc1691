// How well does the model say what each pixel shows, and how sure may it be? See segmentation.md.
//
// Cost: one forward a picture.
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

struct Segmentation {
  static constexpr CheckInfo kInfo{
      "segmentation", "How well does the model say what each pixel shows, and how sure may it be?",
      "jaccard1912"};
  struct Params {
    int replicates = 1000;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("replicates", &Params::replicates, Range{200, 100000}, "",
              "bootstrap draws behind the intervals of what is counted over all pixels",
              Stage::kSummarising)};
  }

  static constexpr std::size_t kBins = 15;  // of confidence, equal width
  struct Record : AskedPicture {
    bool known = false;
    // Pixels of each class that the truth has, the answer has, both have.
    std::vector<std::int64_t> truth, answer, both;
    // By bin of the answer's probability: pixels, those that are right, the sum of probabilities.
    std::vector<std::int64_t> bin_pixels, bin_right;
    std::vector<double> bin_confidence;
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(known, truth, answer, both, bin_pixels, bin_right, bin_confidence);
    }
  };
  struct Result {
    Params params;
    std::vector<std::string> classes;
    std::int64_t pictures = 0, unknown = 0, nonfinite = 0;
    std::vector<Finding> findings;
    std::vector<double> accuracy, confidence;  // [kBins] over all pixels
    std::vector<std::int64_t> pixels;          // [kBins]
    std::vector<Record> records;               // those that count
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
