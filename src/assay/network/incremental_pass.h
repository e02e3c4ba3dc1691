// One batch of changed copies of a picture through the network (incremental_executor.h).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "assay/network/affected_region.h"
#include "assay/network/cover_schedule.h"
#include "assay/network/crop.h"
#include "assay/network/executor.h"
#include "assay/network/inference_plan.h"
#include "assay/network/operators.h"

namespace assay::network {

// What all passes share. Read only but for the primitives, which are made on first use.
struct IncrementalNetwork {
  std::shared_ptr<const Graph> graph;
  std::vector<Kernel> kernels;
  GraphFacts facts;                   // constants for `rows` rows, shapes for `example_rows`
  std::vector<at::ScalarType> types;  // by value
  std::vector<Chain> chains;          // behind the entry, in order
  std::vector<int> last_use;          // by value: the chain that reads it last
  std::vector<Route> routes;
  std::vector<bool> keeps;  // by value: its crops are parts of a plane
  ValueId input = kNoValue, entry = kNoValue, result = kNoValue;
  std::int64_t rows = 0, example_rows = 1;

  struct Step {
    Primitive primitive;
    PlaneLayout source, destination;
  };
  // Of a convolution or pooling: node, crop's size, layouts of source and addend.
  using StepKey = std::tuple<int, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  mutable std::mutex mutex;  // guards what follows
  mutable PackedWeights weights;
  mutable std::map<StepKey, std::optional<Step>> steps;
};

// The kept values of one clean picture, in the layouts that were asked for.
class CleanValues {
 public:
  CleanValues(const IncrementalNetwork& network, std::map<ValueId, at::Tensor> values)
      : network_(network), values_(std::move(values)) {}
  const at::Tensor& value(ValueId id) const;  // [1,…]
  const Block& block(ValueId id, const PlaneLayout& layout);

 private:
  const IncrementalNetwork& network_;
  std::map<ValueId, at::Tensor> values_;
  std::map<std::tuple<ValueId, std::int64_t>, Block> blocks_;
};

// Values whose clean form a pass may ask for.
std::vector<ValueId> values_to_keep(const IncrementalNetwork& network);

// `pixels` [rows,C,h,w] of the entry, for the places of `batch`; missing rows repeat the first.
at::Tensor run_batch(const IncrementalNetwork& network, const CoverSchedule& schedule,
                     const CoverBatch& batch, const std::vector<Place>& places,
                     const at::Tensor& pixels, CleanValues& clean, BlockMemory& memory);

}  // namespace assay::network
