// The pictures of a folder that weld-draw wrote, ready for the network.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/network/torch.h"
#include "model.h"

namespace weld {

struct Selection {
  std::string folder;
  std::string split;   // "train" or "test", the manifest's column
  std::string column;  // only rows with this value in this column; empty: all
  std::string value;
};

// 8 bits a value, 49 kB a picture.
struct TrainingSet {
  std::int64_t count = 0;
  std::vector<std::uint8_t> pixels;  // [count, 3, 128, 128]
  std::vector<std::int64_t> labels;  // [count], by the order of the classes
  std::vector<std::uint8_t>
      masks;  // [count, 128, 128], 1 where the most is defect; when segmenting
};

// Reads with all cores. InputError for a missing column, an empty selection or a bad picture.
TrainingSet read_training_set(const Selection& selection, Task task);

struct Batch {
  at::Tensor pictures;  // [n,3,128,128], normalised
  at::Tensor targets;   // int64: [n] classes, or [n,128,128] with 1 where a defect is
};

struct Sample {
  std::int64_t picture = 0;
  float gain = 1;  // brightness
};

Batch make_batch(const TrainingSet& set, Task task, std::span<const Sample> samples);

}  // namespace weld
