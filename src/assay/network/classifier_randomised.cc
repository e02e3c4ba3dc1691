#include "assay/base/error.h"
#include "assay/network/classifier_state.h"
#include "assay/network/numerics.h"
#include "assay/network/randomised_weights.h"
#include "assay/network/torch.h"

namespace assay::network {

std::shared_ptr<const Classifier> Classifier::randomised(std::uint64_t seed) const try {
  const State& own = *state_;
  if (own.reading == Reading::kOpaque)
    throw InputError(own.file, "runs as a black box (opaque), whose weights cannot be randomised");
  const std::lock_guard lock(own.randomising);
  if (own.randomised && own.randomised_seed == seed) return own.randomised;
  own.randomised.reset();  // before the next one takes memory

  const at::NoGradGuard no_grad;
  auto state = std::make_shared<State>();
  state->file = own.file;
  state->sha256 = own.sha256;
  state->description = own.description;
  state->output = own.output;
  state->reading = own.reading;
  state->labels = own.labels;
  state->classes = own.classes;
  state->input = own.input;
  state->size = own.size;
  state->head = own.head;
  state->main_path = own.main_path;
  state->pictures_run = own.pictures_run;
  std::shared_ptr<const Graph> graph =
      std::make_shared<const Graph>(with_randomised_weights(*own.batching.graph, seed));
  std::shared_ptr<const Executor> executor = make_differentiable_executor(graph);
  state->take({std::move(graph), std::move(executor), own.batching.rows});
  own.randomised = std::shared_ptr<const Classifier>(new Classifier(std::move(state)));
  own.randomised_seed = seed;
  return own.randomised;
} catch (const std::bad_alloc& error) {
  throw InputError(file(),
                   "its randomised copy does not fit into memory: " + memory_refusal(error));
}

}  // namespace assay::network
