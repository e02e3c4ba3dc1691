// What is right of a data set's row: its label, or, where the model segments, its mask as the model is shown the picture.
#pragma once

#include <cstdint>
#include <string>

#include "assay/imaging/data_set.h"
#include "assay/methods/evaluation/truth.h"

namespace assay::methods {

bool segments(const network::Classifier& classifier);
// Label −1 where the row has none that the model knows. InputError("data.truth", …) for a segmentation without a mask.
Truth row_truth(const network::Classifier& classifier, const imaging::DataSet& data,
                std::int64_t row, const imaging::Picture& picture);
bool is_known(const Truth& truth);
// A row's picture as the model is shown it: [1,C,H,W] in [0,1].
at::Tensor shown_pixels(const network::Classifier& classifier, const imaging::Picture& picture,
                        const std::string& id);

}  // namespace assay::methods
