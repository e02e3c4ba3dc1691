// Of many factors, which matter at all? Elementary effects or derivatives of the margin, before a closer look. See screening.md.
//
// Cost: calls_per_image forwards a picture, or a quarter as many gradients.
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

struct Screening {
  static constexpr CheckInfo kInfo{"screening", "Of many factors, which matter at all?",
                                   "morris1991"};
  struct Params {
    std::string factors =
        "rotation=uniform(-10, 10); scale=uniform(0.9, 1.1); shear=uniform(-5, 5); "
        "tilt_x=uniform(-10, 10); tilt_y=uniform(-10, 10); translation_x=uniform(-0.05, 0.05); "
        "translation_y=uniform(-0.05, 0.05); exposure=uniform(-0.5, 0.5); haze=uniform(0, 0.2); "
        "vignetting=uniform(0, 0.3); gaussian_blur=uniform(0, 1.5); contrast=uniform(0.8, 1.2); "
        "gamma=uniform(0.8, 1.25); jpeg_quality=uniform(40, 100)";
    std::string method = "morris";
    int calls_per_image = 120;
    std::string border = "reflect";
    double fill = 0;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("factors", &Params::factors, Entries{"factor"},
              "what may change, each with its distribution in the field", Stage::kMeasuring),
        field("method", &Params::method, Choice{"morris|dgsm"},
              "steps through the factors' ranges, or exact derivatives of the margin",
              Stage::kMeasuring),
        field("calls_per_image", &Params::calls_per_image, Range{16, 100000}, "forwards",
              "budget a picture; a gradient counts as four", Stage::kMeasuring),
        field("border", &Params::border, Choice{"fill|reflect|crop"},
              "what shows beyond the border of a picture that is moved", Stage::kMeasuring),
        field("fill", &Params::fill, Range{0, 1}, "", "the value of border: fill",
              Stage::kMeasuring)};
  }

  struct Record : AskedPicture {
    std::vector<float> margins;    // at the picture's own points
    std::vector<float> gradients;  // dgsm: [points][factors]
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(margins, gradients);
    }
  };
  struct Entry {
    std::string factor, unit, distribution;
    Finding size;     // mean |effect|, or the bound of the total index
    Finding bend;     // deviation of the effects; morris alone
    double mean = 0;  // of the effects with their sign, or of the derivatives
  };
  struct Result {
    Params params;
    std::int64_t pictures = 0, nonfinite = 0, points = 0;
    std::vector<Entry> entries;
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
