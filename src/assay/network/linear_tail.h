// Whether all that lies behind a layer is pooling and linear maps, and which map that is then.
//
//   z_k = b_k + Σ_c w_kc · mean_xy(A_c)
//
// for the layer A [N,C,h,w]: a mean over all of its places (GlobalAveragePool, ReduceMean,
// AveragePool over everything) with linear maps of constants behind it (Gemm, MatMul, Add, Conv of
// one pixel), and operators that only pass their input on. Then every class's evidence at a place is
// w_kc · A_c / (h·w), exactly, without a gradient. Cost: a walk over the nodes behind the layer, and
// where the shapes of that size of input are not known yet one forward.
#pragma once

#include <optional>
#include <string>

#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::network {

struct LinearTail {
  at::Tensor weights;  // [K,C] float32
  at::Tensor bias;     // [K] float32
};

struct TailSearch {
  std::optional<LinearTail> tail;
  std::string obstacle;  // why there is none: "Relu \"fc/act\" stands between it and the logits"
};

// `size`: the pictures' that `layer` is looked at for (0 0 0: the file's own).
TailSearch find_linear_tail(const Classifier& classifier, const std::string& layer,
                            InputSize size = {});

}  // namespace assay::network
