// Runs a graph: from any set of given values to any set of wanted ones.
//
// Only the nodes that lie between are run, and an intermediate tensor is freed as soon as its last
// reader ran. All work happens on the calling thread; `run` may be called from several threads at
// once. Given tensors stand in for the values they name, whatever made them, and are never written
// to. A wanted value may be a view of, or the very tensor of, a given one or a constant.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::network {

struct Given {
  ValueId value = kNoValue;
  at::Tensor tensor;
};

using Shape = std::vector<std::int64_t>;

struct Request {
  std::vector<Given> given;
  std::vector<ValueId> wanted;
  // The shapes of the graph's inputs (in its order) in the pass that the given values belong to.
  // What follows from shapes alone (shape arithmetic) is computed once for each and kept.
  std::vector<Shape> input_shapes;
  // Called with every value that is computed, in order; may be empty.
  std::function<void(ValueId, const at::Tensor&)> observe;
};

class Executor {
 public:
  virtual ~Executor() = default;
  // The wanted values, in their order. BugError when they do not follow from the given ones;
  // InputError, with the node's name, where the file or a given tensor's shape is to blame.
  virtual std::vector<at::Tensor> run(const Request& request) const = 0;
  // Whether the value depends on the input's items, not only on constants and shapes.
  virtual bool follows_from_data(ValueId value) const = 0;
};

// ATen, with autograd as at::GradMode says. Parameters that require grad get it.
// Refuses operators that are not supported, all in one InputError, and computes what follows from
// constants.
std::unique_ptr<Executor> make_differentiable_executor(std::shared_ptr<const Graph> graph);

// For one shape of the input and no gradients: batch norm and activations inside convolutions,
// packed weights, one block of memory (inference_plan.h). Logits within 1e-4 of the differentiable
// executor's, relative to the largest; other requests go to that one. Keeping values never changes
// the result. Null where a parameter is not finite: fused activations would hide it.
// Memory: the convolutions' weights once more, and the activations of one pass a running thread.
std::unique_ptr<Executor> make_inference_executor(std::shared_ptr<const Graph> graph,
                                                  std::shared_ptr<const Executor> differentiable,
                                                  Given example, ValueId result);

}  // namespace assay::network
