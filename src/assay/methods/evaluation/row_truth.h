// What is right of a data set's row: its label, or, where the model segments, its mask as the model is shown the picture.
#pragma once

#include <cstdint>

#include "assay/imaging/data_set.h"
#include "assay/methods/evaluation/truth.h"

namespace assay::methods {

bool segments(const network::Classifier& classifier);
// Label −1 where the row has none that the model knows. InputError("data.truth", …) for a segmentation without a mask.
Truth row_truth(const network::Classifier& classifier, const imaging::DataSet& data,
                std::int64_t row, const imaging::Picture& picture);
bool is_known(const Truth& truth);

}  // namespace assay::methods
