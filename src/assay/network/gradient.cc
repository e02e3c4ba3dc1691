#include "assay/network/gradient.h"

namespace assay::network {

std::vector<at::Tensor> gradients(const at::Tensor& scalar, const std::vector<at::Tensor>& leaves) {
  for (const auto& leaf : leaves) leaf.mutable_grad() = at::Tensor();
  std::vector<at::Tensor> all(leaves.size());
  if (!scalar.requires_grad()) return all;
  scalar.backward({}, c10::nullopt, /*create_graph=*/false, at::TensorList(leaves));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    all[i] = leaves[i].grad();
    leaves[i].mutable_grad() = at::Tensor();
  }
  return all;
}

at::Tensor gradient(const at::Tensor& scalar, const at::Tensor& leaf) {
  return gradients(scalar, {leaf})[0];
}

}  // namespace assay::network
