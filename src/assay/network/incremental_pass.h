// One batch of changed copies of a picture through the network (incremental_executor.h).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "assay/network/affected_region.h"
#include "assay/network/clean_values.h"
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
  GraphFacts facts;                   // constants for `fixed_rows`, shapes for `example_rows`
  std::vector<at::ScalarType> types;  // by value
  std::vector<Chain> chains;          // behind the entry, in order
  std::vector<int> last_use;          // by value: the chain that reads it last
  std::vector<Route> routes;
  std::vector<bool> keeps;  // by value: its crops are parts of a plane
  ValueId input = kNoValue, entry = kNoValue, result = kNoValue;
  std::int64_t example_rows = 1;
  std::int64_t fixed_rows = 0;  // of every batch; 0: any number

  struct Step {
    Primitive primitive;
    PlaneLayout source, destination;
  };
  // Node, rows, crop's size, layouts of source and addend.
  using StepKey =
      std::tuple<int, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  mutable std::mutex mutex;  // guards what follows
  mutable PackedWeights weights;
  mutable std::map<StepKey, std::optional<Step>> steps;
};

// Values whose clean form a pass may ask for.
std::vector<ValueId> values_to_keep(const IncrementalNetwork& network);

// `pixels` [rows,C,h,w] of the entry, for the places of `batch`; missing rows repeat the first.
at::Tensor run_batch(const IncrementalNetwork& network, const CoverSchedule& schedule,
                     const CoverBatch& batch, const std::vector<Place>& places,
                     const at::Tensor& pixels, CleanValues& clean, BlockMemory& memory);

// The whole picture [1,C,H,W] of the entry, of which `keep` is kept. `schedule` is that of one patch
// of its size.
void run_clean(const IncrementalNetwork& network, const CoverSchedule& schedule,
               const at::Tensor& picture, const std::vector<ValueId>& keep, CleanValues& clean);

}  // namespace assay::network
