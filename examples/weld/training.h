// Training the example's networks.
//
// Stochastic gradient descent with Nesterov's momentum, a learning rate that rises and falls once,
// brightness varied by a tenth. The same seed gives the same parameters on one type of machine and
// libtorch: each kernel runs on one thread (at::set_num_threads(1) is the caller's), and a batch is
// always the same two halves, each on a thread of its own, whose gradients are summed in order.
#pragma once

#include <cstdint>
#include <functional>

#include "model.h"
#include "training_set.h"

namespace weld {

struct Training {
  Task task = Task::kClassify;
  int epochs = 6;
  std::uint64_t seed = 7;
};

// After each epoch: its number from 1, and the mean loss.
using Report = std::function<void(int, double)>;

// InputError for fewer than 64 pictures.
Parameters train(const TrainingSet& set, const Training& training, const Report& report);

struct Score {
  std::int64_t pictures = 0, right = 0;  // pictures, or pixels when segmenting, that are right
  std::int64_t both = 0, either = 0;     // defects' pixels found and true; found or true
};
Score score(Task task, const Parameters& parameters, const TrainingSet& set);

}  // namespace weld
