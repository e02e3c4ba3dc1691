#include "assay/network/batch.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/network/operators.h"

namespace assay::network {

namespace {

constexpr double kTolerance = 1e-4;  // of the largest item

struct Trial {
  const PictureInput& input;
  const Head& head;
  const at::Tensor& pictures;  // kMicroBatch rows
};

at::Tensor rows_through(const Executor& executor, const Trial& trial, std::int64_t first,
                        std::int64_t count) {
  const at::Tensor part = trial.pictures.narrow(0, first, count);
  Request request;
  request.given = {{trial.input.value, part}};
  request.wanted = {trial.head.value};
  request.input_shapes = {Shape(part.sizes().begin(), part.sizes().end())};
  return logits_of(trial.head, executor.run(request)[0], count);
}

bool agree(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return false;
  const at::Tensor finite = at::nan_to_num(b, 0, 0, 0);
  const double scale = finite.numel() ? at::max(at::abs(finite)).item<double>() : 0;
  return at::allclose(a, b, 0, kTolerance * std::max(scale, 1e-30), /*equal_nan=*/true);
}

// Whether a pass over all pictures gives each the row that it has alone. `alone` comes from the
// graph as it was read.
bool rows_are_their_own(const Executor& executor, const Trial& trial, const at::Tensor& alone) {
  try {
    return agree(rows_through(executor, trial, 0, trial.pictures.size(0)), alone);
  } catch (const InputError&) {  // a shape does not fit
    return false;
  } catch (const OperatorError&) {  // the output has not one row a picture
    return false;
  }
}

// The graph in which Reshapes of one picture's data to [1, …] keep the batch's size instead; null
// when there are none.
std::shared_ptr<const Graph> freed(const Graph& graph, const Executor& executor,
                                   const Trial& trial) {
  std::vector<bool> one_row(graph.value_count(), false);
  const at::Tensor picture = trial.pictures.narrow(0, 0, 1);
  Request request;
  request.given = {{trial.input.value, picture}};
  request.wanted = {trial.head.value};
  request.input_shapes = {Shape(picture.sizes().begin(), picture.sizes().end())};
  request.observe = [&](ValueId id, const at::Tensor& tensor) {
    one_row[id] = tensor.dim() > 0 && tensor.size(0) == 1 && executor.follows_from_data(id);
  };
  executor.run(request);
  one_row[trial.input.value] = true;

  auto changed = std::make_shared<Graph>(graph);
  bool any = false;
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    if (node.op != "Reshape" || !node.domain.empty() || node.integer("allowzero", 0) != 0) continue;
    if (node.inputs.size() < 2 || node.inputs[0] == kNoValue || !one_row[node.inputs[0]]) continue;
    const at::Tensor* shape = node.inputs[1] == kNoValue ? nullptr : graph.constant(node.inputs[1]);
    if (!shape || shape->numel() < 1) continue;
    std::vector<std::int64_t> wanted = integers_of(*shape);
    if (wanted[0] != 1) continue;
    wanted[0] = 0;  // the size of the input's first dimension
    changed->set_constant_input(static_cast<int>(n), 1, at::tensor(wanted, at::kLong));
    any = true;
  }
  return any ? changed : nullptr;
}

}  // namespace

Batching find_batching(std::shared_ptr<const Graph> graph, std::shared_ptr<const Executor> executor,
                       const PictureInput& input, const InputSize& size, bool same_size,
                       const InputDescription& description, const Head& head) {
  const at::NoGradGuard no_grad;
  const at::Tensor pictures = trial_pictures(input, size, kMicroBatch, description);
  const Trial trial{input, head, pictures};
  if (!same_size) return {std::move(graph), std::move(executor), 1};
  std::vector<at::Tensor> rows;
  try {
    for (int i = 0; i < kMicroBatch; ++i) rows.push_back(rows_through(*executor, trial, i, 1));
  } catch (const std::runtime_error&) {
    // Not even one picture passes; the file may have fixed another number.
    if (input.batch <= 1 || input.batch > 1024) throw;
    return {std::move(graph), std::move(executor), static_cast<int>(input.batch)};
  }
  const at::Tensor alone = at::cat(rows, 0);
  if (rows_are_their_own(*executor, trial, alone))
    return {std::move(graph), std::move(executor), kMicroBatch};
  if (std::shared_ptr<const Graph> free = freed(*graph, *executor, trial)) {
    std::shared_ptr<const Executor> over_free = make_differentiable_executor(free);
    if (rows_are_their_own(*over_free, trial, alone))
      return {std::move(free), std::move(over_free), kMicroBatch};
  }
  return {std::move(graph), std::move(executor), 1};
}

}  // namespace assay::network
