// Stochastic gradient descent with Nesterov's momentum, each batch in two halves on a thread of
// their own, whose gradients are summed in order: the same seed gives the same parameters on one
// type of machine and libtorch. Each kernel runs on one thread (at::set_num_threads(1) is the
// caller's; the second half's thread sets its own).
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "layers.h"

namespace training {

class Descent {
 public:
  // The mean loss of half 0 or 1 of a batch, a scalar. Called on two threads, each with parameters
  // of its own: the learned tensors' memory is shared; where their gradients gather and the running
  // statistics are not.
  using Loss = std::function<at::Tensor(Parameters& parameters, int half)>;

  explicit Descent(const Parameters& parameters);
  // One step down the gradient of a batch; the mean loss.
  double step(const Loss& loss, double rate);
  Parameters finished() const;

 private:
  struct Half {
    Parameters parameters;
    std::vector<at::Tensor> learned;
  };
  std::vector<at::Tensor> learned_, velocity_;
  std::array<Half, 2> halves_;
};

// Rises linearly to the peak within the share `warm_up`, then falls linearly to zero; `progress` in
// [0,1).
double learning_rate(double progress, double peak, double warm_up);

}  // namespace training
