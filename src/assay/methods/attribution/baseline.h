// What "nothing there" looks like: the picture that a path starts from, and what covers a part.
#pragma once

#include <string_view>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

//   zero     0 after normalisation: the mean colour where there is a mean
//   black    the smallest pixel value
//   white    the largest pixel value
//   mean     the picture's own mean colour
//   blur     the picture under a Gaussian blur of a tenth of its longer side (standard deviation)
inline constexpr std::string_view kBaselines = "zero|black|white|mean|blur";

// For pictures [N,C,H,W] as the model takes them, channels first: the same shape, float32.
at::Tensor baseline_of(const network::Classifier& classifier, const at::Tensor& pictures,
                       std::string_view name);

}  // namespace assay::methods
