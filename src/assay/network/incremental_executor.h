// The logits of many copies of one picture, each changed inside one rectangle, for what the
// rectangle reaches.
//
// One clean pass is kept. Of each changed copy, only the part of a value that the change reaches
// (affected_region.h) is recomputed, from a crop of the kept value with the copy's own part pasted
// over; what mixes everything (Gemm, attention, squeeze-and-excitation) and all behind it is
// recomputed as a whole, and a mean over all places is corrected by the difference. Copies with
// crops of one shape run together, in batches of a fixed number of rows; a copy's result does not
// depend on the others in its batch. In float32 by the primitives of the inference executor, in
// float64 by libtorch.
// Equal to running each copy, up to rounding: 1e-4 of the largest logit in float32.
// Cost: the share of the network that changes, some copying of crops, and one pass for the clean
// picture. It is told ahead, by counting the arithmetic: where everything is mixed early, or the
// picture is hardly larger than the rectangle, nothing is won.
// Memory: convolutions' packed weights once more, one picture's values, one batch's crops.
// Source: nakandala2019incremental
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "assay/network/cover_schedule.h"
#include "assay/network/executor.h"

namespace assay::network {

class IncrementalExecutor {
 public:
  // `example` is the graph's input with as many rows as it can run with at the least. `free_rows`:
  // whether it runs with any other number too.
  enum class Rows { kFree, kFixed };
  IncrementalExecutor(std::shared_ptr<const Graph> graph, std::shared_ptr<const Executor> executor,
                      const Given& example, ValueId result, Rows rows);
  ~IncrementalExecutor();

  // Its cost beside running each copy as a whole, as estimated. Above kWorthIt the whole copies are
  // cheaper: what the estimate leaves out is up to a seventh.
  static constexpr double kWorthIt = 0.85;
  double cost_share(PatchSize size, const std::vector<Place>& places) const;

  // `result` of each changed copy, [places, …]. `picture` [1,…] as the graph takes it; `pixels(i)`
  // [1,C,height,width] stand at places[i], all inside the picture.
  using Pixels = std::function<at::Tensor(std::size_t)>;
  at::Tensor run(const at::Tensor& picture, PatchSize size, const std::vector<Place>& places,
                 const Pixels& pixels) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::network
