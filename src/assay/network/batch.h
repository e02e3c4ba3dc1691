// How many pictures a kernel sees at once: the micro-batch.
//
// It is 8 where every row of a pass over 8 pictures is shown to be that picture's own (within 1e-4
// of the largest item). Exporters often bake a batch of one into Reshape constants; where freeing
// them passes the same test, the freed graph is used. Else it is what the file fixed, at last 1.
// Cost: about 16 forwards when a model is opened.
#pragma once

#include <memory>

#include "assay/network/executor.h"
#include "assay/network/head.h"
#include "assay/network/picture_input.h"

namespace assay::network {

inline constexpr int kMicroBatch = 8;

struct Batching {
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<const Executor> executor;
  int rows = 1;
};

// `same_size`: whether all pictures have `size`; else the micro-batch is 1.
Batching find_batching(std::shared_ptr<const Graph> graph, std::shared_ptr<const Executor> executor,
                       const PictureInput& input, const InputSize& size, bool same_size,
                       const InputDescription& description, const Head& head);

}  // namespace assay::network
