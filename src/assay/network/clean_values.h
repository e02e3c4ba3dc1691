// The values of one clean picture that its changed copies are cut from, in the layouts that are
// asked for.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "assay/network/crop.h"
#include "assay/network/graph.h"

namespace assay::network {

class CleanValues {
 public:
  // `otherwise` gives a value [1,…] that was not kept.
  explicit CleanValues(std::function<at::Tensor(ValueId)> otherwise)
      : otherwise_(std::move(otherwise)) {}
  void keep(ValueId id, at::Tensor tensor) { tensors_[id] = std::move(tensor); }
  void keep(ValueId id, Block block, std::int64_t channels);
  const at::Tensor& tensor(ValueId id);
  // In a layout of the value's own; float32 [1,C,H,W] in any.
  const Block& block(ValueId id, const PlaneLayout& layout);

 private:
  struct Kept {
    Block block;
    std::int64_t channels = 0;
  };
  std::function<at::Tensor(ValueId)> otherwise_;
  std::map<ValueId, at::Tensor> tensors_;
  std::map<ValueId, Kept> kept_;
  std::map<std::pair<ValueId, std::int64_t>, Block> converted_;  // by value and inner size
};

}  // namespace assay::network
