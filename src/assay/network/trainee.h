// A copy of a classifier whose parameters learn: leaves of autograd, in a graph that can be written again.
//
// What learns: the float constants that convolutions, matrix products and normalisations read directly (weights, biases, scales,
// shifts). Running statistics stay as they are: a batch norm keeps doing what the file says it does. Quantised weights do not
// learn (InputError where nothing does). Not thread-safe: one owner trains.
// Memory: the learning parameters once more, and what autograd keeps of a pass.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/head.h"
#include "assay/network/torch.h"

namespace assay::network {

class Trainee {
 public:
  // InputError for an opaque file.
  explicit Trainee(const Classifier& classifier);

  // In the graph's order; change their data, not the tensors.
  const std::vector<at::Tensor>& parameters() const { return parameters_; }
  // [N,K] of N = micro_batch() pictures, with autograd to the parameters and the input.
  at::Tensor logits(const at::Tensor& input) const;
  at::Tensor pixel_logits(const at::Tensor& input) const;  // of segmentations, [N,K,H,W]
  void write(const std::string& path) const;               // as ONNX

 private:
  at::Tensor value(const at::Tensor& input) const;

  std::shared_ptr<Graph> graph_;
  std::unique_ptr<Executor> executor_;
  std::vector<at::Tensor> parameters_;
  Head head_;
  ValueId input_ = kNoValue;
};

}  // namespace assay::network
