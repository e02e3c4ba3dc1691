// How far may each factor of the scene go, and all of them together, before the decision no longer holds? See tolerance.md.
//
// Rounds: "alone" scans every factor of every picture from nominal outward for the first value at which the decision fails;
// "together" looks for failures in the box of all factors, by points spread over it, by surrogates and by gradients;
// "verified" draws from the box that is claimed. What is claimed are order statistics over pictures: exact.
// Cost: at most factors · 2 · (steps + 6) forwards alone; points + 40 forwards and 16 gradients together; draws forwards.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/checks/check.h"
#include "assay/checks/sensitivity/asked_picture.h"

namespace assay::checks {

struct Tolerance {
  static constexpr CheckInfo kInfo{
      "tolerance", "How far may the scene change before the decision no longer holds?",
      "wilks1941"};
  struct Params {
    std::string factors =
        "rotation=uniform(-20, 20); brightness=uniform(0.4, 1.6); gaussian_blur=uniform(0, 3)";
    std::string holds = "decision";
    double least = 0.9;
    double confidence = 0.95;
    int steps = 10;
    int points = 48;
    int draws = 16;
    std::string border = "reflect";
    double fill = 0;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("factors", &Params::factors, Entries{"factor"},
              "how far each is looked at, such as rotation=uniform(-20, 20); nominal lies within",
              Stage::kMeasuring),
        field("holds", &Params::holds, Choice{"decision|accuracy"},
              "what must hold: the decision on the unchanged picture, or the label's",
              Stage::kMeasuring),
        field("least", &Params::least, Range{0.01, 0.999}, "",
              "share of pictures for which it holds", Stage::kMeasuring),
        field("confidence", &Params::confidence, Range{0.5, 0.999}, "",
              "of each claim by itself, one-sided", Stage::kMeasuring),
        field("steps", &Params::steps, Range{2, 200}, "",
              "values looked at from nominal to each end", Stage::kMeasuring),
        field("points", &Params::points, Range{24, 10000}, "forwards",
              "spread over the box of all factors, a picture", Stage::kMeasuring),
        field("draws", &Params::draws, Range{1, 10000}, "forwards",
              "from the claimed box, a picture", Stage::kMeasuring),
        field("border", &Params::border, Choice{"fill|reflect|crop"},
              "what shows beyond the border of a picture that is moved", Stage::kMeasuring),
        field("fill", &Params::fill, Range{0, 1}, "", "the value of border: fill",
              Stage::kMeasuring)};
  }

  enum class Round : std::uint8_t { kAlone, kTogether, kVerified };

  struct Record : AskedPicture {
    Round round = Round::kAlone;
    bool holds = false;  // at nominal
    // Alone: how much of the way to its lowest and its highest value each factor may go, [factors · 2].
    std::vector<float> reach;
    // Together: where it was looked, [n][factors] with −1 and 1 for the box's ends, and what failed there, [n].
    std::vector<float> places, margins;
    std::vector<std::uint8_t> failed;
    // Verified: `failed` of each draw, and the statistics of the picture and of each draw, [1 + draws][statistics].
    std::vector<float> statistics;
    int channels = 0;
    template <class A>
    void archive(A& a) {
      AskedPicture::archive(a);
      a(round, holds, reach, places, margins, failed, statistics, channels);
    }
  };

  // One factor's claim.
  struct Extent {
    std::string name, unit;
    double nominal = 0, searched_low = 0, searched_high = 0;
    std::optional<double> low, high;          // alone, with confidence
    std::optional<double> box_low, box_high;  // together
    // The share of pictures that hold up to x, with its interval; x from the lowest to the highest searched.
    std::vector<double> x, share, share_low, share_high;
  };
  struct Shown {
    AskedPicture picture;
    std::vector<double> theta;  // where it fails in the box that was searched
    double margin = 0, scale = 0;
  };
  struct Result {
    Params params;
    std::vector<std::string> labels;
    std::uint64_t seed = 0;
    std::int64_t pictures = 0, unlabelled = 0, nonfinite = 0, counted = 0, wrong = 0;
    std::int64_t fewest = 0;  // pictures that a claim needs
    std::string no_box;       // why; empty: there is one
    std::vector<Finding> findings;
    std::vector<Extent> extents;
    std::vector<Shown> failing;  // from the one nearest to nominal
    double box_share = 0;        // of the searched volume
    std::optional<Datasheet> datasheet;
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
