// Occlusion: what the target loses when a square of the picture is covered
// (zeiler2014visualizing; the sizes' mean after Wolfram's sensitivity map of a neural net).
//
//   map(p) = mean over the covers that hold p of (score(x) − score(x covered))
//
// above 0 where what is covered speaks for the class, below 0 where it speaks against it. Covers
// start at multiples of the stride; the last is cut at the border, so that every pixel is covered,
// and each pixel's sum is divided by how many covers held it. With several sizes the map is the mean
// of the maps of each, so objects of different scales count alike; the maps of each are kept. What
// covers: cover.h. Cost: (⌈(H − w)/s⌉ + 1)·(⌈(W − w)/s⌉ + 1) covers a size and picture, each the
// share of a forward that it reaches (network/incremental_executor.h), at most 1.05. When it lies: a
// cover is itself a picture that the model never saw, and its edges may speak; redundant evidence
// hides: covering either of two wheels changes nothing.
#pragma once

#include <tuple>

#include "assay/methods/attribution/cover.h"
#include "assay/methods/attribution/question.h"
#include "assay/methods/attribution/target.h"

namespace assay::methods {

struct Occlusion {
  static constexpr MethodInfo kInfo{"occlusion", "Occlusion",
                                    "what the score loses when the place is covered",
                                    "zeiler2014visualizing", Resolution::kInput};
  struct Params {
    std::string sizes = "0.1,0.2,0.3";
    int window_px = 0, stride_px = 0;
    std::string cover = "mean", score = "margin";
  };
  static constexpr auto fields() {
    return std::tuple{
        field("sizes", &Params::sizes, Choice{},
              "sides of the covers as shares of the shorter side, averaged", Stage::kMeasuring),
        field("window_px", &Params::window_px, Range{0, 65536}, "px",
              "one cover of this side instead of sizes; 0: sizes", Stage::kMeasuring),
        field("stride_px", &Params::stride_px, Range{0, 65536}, "px",
              "from one cover to the next; 0: half a cover", Stage::kMeasuring),
        field("cover", &Params::cover, Choice{kCovers}, "what covers", Stage::kMeasuring),
        field("score", &Params::score, Choice{kScores}, "what is explained", Stage::kMeasuring)};
  }
  // The windows' sides in px for a picture; InputError for sizes that are none or larger than it.
  static std::vector<std::int64_t> windows(const Params& params, std::int64_t height,
                                           std::int64_t width);
  static Attribution explain(const Question& question, const Params& params);
};

}  // namespace assay::methods
