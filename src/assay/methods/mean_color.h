// The mean colour of a data set: what a cover shows, or a path starts from, that says nothing of any
// picture.
//
//   colour_c = mean over the pictures of mean over the pixels of x_c
//
// x as the model takes it, after normalisation and padding; each picture counts once, whatever its
// size. Pictures that cannot be read or prepared are left out. Cost: each picture is read and
// prepared once; no forward. When it lies: of few pictures it is those pictures' colour.
#pragma once

#include "assay/imaging/data_set.h"
#include "assay/network/classifier.h"

namespace assay::methods {

// [C] float64, in the order of the model's channels; undefined where no picture can be read.
at::Tensor mean_color(const network::Classifier& classifier, const imaging::DataSet& data);

}  // namespace assay::methods
