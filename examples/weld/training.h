// Training the example's networks.
//
// By training/descent.h, with a learning rate that rises and falls once and brightness varied by a
// tenth. The same seed gives the same parameters on one type of machine and libtorch.
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
Parameters train(const TrainingSet& set, const Training& wanted, const Report& report);

struct Score {
  std::int64_t pictures = 0, right = 0;  // pictures, or pixels when segmenting, that are right
  std::int64_t both = 0, either = 0;     // defects' pixels found and true; found or true
};
Score score(Task task, const Parameters& parameters, const TrainingSet& set);

}  // namespace weld
