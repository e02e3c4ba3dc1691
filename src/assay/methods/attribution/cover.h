// Squares that hide parts of a picture: where they lie, and what they show instead.
//
// Covers start at multiples of the stride; the last of a row or column is cut at the border, so that
// every pixel is covered. What covers is a baseline's pixels in the same place (baseline.h), or
//
//   inpaint   what the pixels around the cover suggest: each hidden pixel the weighted mean of its
//             neighbours (imaging/inpaint.h, rong2022consistent)
//
// Cost of the latter: one sparse linear system in the pixels of each cover.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

inline constexpr std::string_view kCovers = "zero|gray|black|white|mean|data_mean|blur|inpaint";

struct Cover {
  std::int64_t top, left, height, width;
};

// Squares of `window` px, `stride` px apart, over a picture of this size; row by row.
std::vector<Cover> covers_of(std::int64_t height, std::int64_t width, std::int64_t window,
                             std::int64_t stride);
// What a cover hides of [...,H,W]; a view.
at::Tensor hidden_by(const Cover& cover, const at::Tensor& pixels);

// The pixels [1,C,height,width] that a cover shows, of the type that the model takes. Of the
// question's picture `row`, which outlives it. InputError where nothing is left to fill in from.
using Showing = std::function<at::Tensor(const Cover&)>;
Showing showing(const Question& question, std::int64_t row, std::string_view name);

}  // namespace assay::methods
