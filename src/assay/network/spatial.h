// Which value of a network is the last picture-like one: the default layer of class activation
// maps.
//
// A value is picture-like when it has four dimensions, more than one pixel, and comes from a
// convolution or pooling through operators that keep the place of things (activations, arithmetic,
// normalisation, concatenation, resampling). Attention matrices and tokens, which have four
// dimensions too, are not. Where a network has none such, the last four-dimensional value of more
// than one pixel is taken.
#pragma once

#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/graph.h"

namespace assay::network {

// `values`: the main path with its shapes, in order. InputError when there is no four-dimensional
// value.
std::string last_spatial_value(const Graph& graph, const std::vector<ValueInfo>& values);

}  // namespace assay::network
