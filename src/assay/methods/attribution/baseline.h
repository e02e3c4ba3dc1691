// What "nothing there" looks like: the picture that a path starts from, and what covers a part.
#pragma once

#include <string_view>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

//   zero       0 after normalisation: the mean colour of the data that the model was trained on,
//              where the description has that mean
//   gray       the middle of the pixels' range, a neutral colour
//   black      the smallest pixel value
//   white      the largest pixel value
//   mean       the picture's own mean colour
//   data_mean  the mean colour of the question's data set, each picture counted once
//   blur       the picture under a Gaussian blur of a tenth of its longer side (standard deviation)
inline constexpr std::string_view kBaselines = "zero|gray|black|white|mean|data_mean|blur";

// For pictures [N,C,H,W] as the question's model takes them, channels first: the same shape,
// float32. InputError for `data_mean` where the question has none.
at::Tensor baseline_of(const Question& question, const at::Tensor& pictures, std::string_view name);

}  // namespace assay::methods
