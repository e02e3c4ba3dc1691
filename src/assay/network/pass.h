// What one forward gives: the logits and the values that were asked for.
#pragma once

#include <map>
#include <string>

#include "assay/network/torch.h"

namespace assay::network {

struct Pass {
  at::Tensor logits;                         // [N,K] float32
  std::map<std::string, at::Tensor> values;  // the kept ones, by name
};

}  // namespace assay::network
