// Gradients of a scalar, by libtorch's autograd.
//
// Through ATen's own interface: including libtorch's autograd headers would cost 3 s in every file
// that sees libtorch. Cost: one backward of what was recorded between the leaves and the scalar,
// which is freed.
#pragma once

#include <vector>

#include "assay/network/torch.h"

namespace assay::network {

// d scalar / d leaf for every leaf (a tensor that requires grad and was not computed); undefined
// where the scalar does not depend on it. A `grad` that a leaf already has is dropped.
std::vector<at::Tensor> gradients(const at::Tensor& scalar, const std::vector<at::Tensor>& leaves);
at::Tensor gradient(const at::Tensor& scalar, const at::Tensor& leaf);

}  // namespace assay::network
