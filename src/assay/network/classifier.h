// The audited model as everything above the network sees it: pictures' tensors in, logits out, any
// value in between.
//
// Classifier = graph + input description + labels + what the output is.
// Tensors are [N,C,H,W] (or [N,H,W,C] where the description says so), float32 unless the file takes
// uint8. Logits are [N,K] float32 whatever the file's output is: a terminal softmax is undone by
// reading its input (else by log p), log-probabilities are logits already, an N×1 sigmoid head with
// logit z becomes the two columns (0, z). All functions are const and may be called from several
// threads at once; each runs on the calling thread alone. Errors: InputError for what the file or
// the description gets wrong; libtorch's own are given their node's name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/base/input_description.h"
#include "assay/network/place.h"

namespace at {
class Tensor;
}

namespace assay::network {

class Graph;
struct Head;
struct Node;

struct InputSize {
  int channels = 0, height = 0, width = 0;  // 0: free
  bool uint8 = false;  // the file takes 8-bit pixels and does its own preprocessing
};

struct ValueInfo {
  std::string name;
  std::string op;                   // the operator that makes it; "Input" for the model's input
  std::vector<std::int64_t> shape;  // of one micro-batch
};

struct Pass;  // network/pass.h

enum class Reading {
  kGraph,   // into the graph: layers, gradients, every method
  kOpaque,  // a TorchScript file as a black box: logits alone (opaque_executor.h)
};

class Classifier {
 public:
  // Reads `model` (ONNX or TorchScript, told by its content). `labels` may be empty: then classes
  // are named "0", "1", …; another count than the model's classes is an InputError.
  static Classifier open(const std::string& model, const InputDescription& input,
                         const OutputDescription& output, std::vector<std::string> labels,
                         Reading reading = Reading::kGraph);
  ~Classifier();
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;

  const std::string& file() const;
  const std::string& sha256() const;  // of the file and its external data, hex
  const InputDescription& input() const;
  const OutputDescription& output() const;
  Reading reading() const;
  int classes() const;
  const std::vector<std::string>& labels() const;  // classes() names
  InputSize input_size() const;                    // what the file demands
  // Pictures that went through it or a randomised copy since it was opened, padding included.
  std::int64_t pictures_run() const;
  // Changes when any parameter does. Cost: one pass over the weights.
  std::uint64_t fingerprint() const;
  // The only number of rows that a kernel ever sees (see ARCHITECTURE.md, determinism): 8, or 1
  // where the exporter baked a batch of one or the pictures may differ in size.
  int micro_batch() const;
  const Graph& graph() const;
  const Head& head() const;  // which value the logits are read from, and how (head.h)

  // The values of the main path for an input of [channels,height,width] (0 0 0: the file's own
  // size), in order.
  std::vector<ValueInfo> values(InputSize size = {}) const;
  // The last 4-D value whose spatial extent is larger than 1×1: the default layer of CAM methods.
  // InputError if none.
  std::string last_spatial_value(InputSize size = {}) const;
  // `name` if it is a value of the graph, else InputError with the nearest names.
  std::string value_named(const std::string& name) const;

  // The logits of `input` and the values asked for, without autograd, by the inference executor where
  // pictures have one size (executor.h). Cost: one forward. What is kept never changes a logit.
  Pass forward(const at::Tensor& input, std::span<const std::string> keep = {}) const;
  // The same node by node, by the executor that gradients are taken with: for a single picture's
  // explanation, where rounding must not switch a ReLU between the pass and its gradient.
  Pass plain_forward(const at::Tensor& input, std::span<const std::string> keep = {}) const;
  // Where output().kind is segmentation: the logits of every pixel [N,K,H,W], by the inference executor; with `slopes` by the
  // differentiable one, and with autograd.
  at::Tensor pixel_logits(const at::Tensor& input, bool slopes = false) const;
  // The logits as a function of `value` standing in for the graph value `name`; autograd records
  // where `value` (or `input`) requires grad. `input` is read only where some path to the logits
  // goes round `name`. By the differentiable executor: those of forward() within 1e-4 of the
  // largest, not to the last bit.
  at::Tensor logits_from(const at::Tensor& input, const std::string& name,
                         const at::Tensor& value) const;
  // The logits with autograd through the whole network. `observe` sees each value as it is made,
  // with the node that makes it, before anything reads it: a hook on it changes the gradient.
  using Observe = std::function<void(const Node& maker, const at::Tensor& value)>;
  at::Tensor logits(const at::Tensor& input, const Observe& observe = {}) const;
  // The graph value `name` as a function of `input`, with autograd; only what it follows from is
  // run. InputError where its first dimension is not the pictures'.
  at::Tensor value_of(const at::Tensor& input, const std::string& name) const;

  // The logits [places,K] of changed copies of one picture [1,…]: pixels(i), [1,C,height,width]
  // whatever the input's layout, stand at places[i]. Those of forward() on the copies within 1e-4 of
  // the largest; where enough of the network is out of a change's reach it is not run again
  // (incremental_executor.h). Cost: never more than 1.05 forwards a copy.
  using Pixels = std::function<at::Tensor(std::size_t)>;
  at::Tensor patched_logits(const at::Tensor& picture, PatchSize size,
                            const std::vector<Place>& places, const Pixels& pixels) const;

  // The same network with its weights shuffled (randomised_weights.h): the control of a map that
  // claims to show what was learnt. Same seed, same network; the last one is kept, so that asking
  // again costs nothing. Memory: the weights once more, and what running them takes. InputError
  // for quantised weights and opaque files.
  std::shared_ptr<const Classifier> randomised(std::uint64_t seed) const;

 private:
  struct State;
  explicit Classifier(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// What could be told of a model that comes without a description, for a starter audit.
struct Guess {
  InputDescription input;
  OutputDescription output;
  int classes = 0;
  std::vector<std::string> guessed;  // "KEY: why", one for each key that the file does not settle
};
// Reads and tries the model. Cost: two forwards. InputError as Classifier::open.
Guess guess_description(const std::string& model, Reading reading = Reading::kGraph);

// Run once, before any model: one thread in each kernel, deterministic algorithms.
void configure_numerics();
// Run once on each thread that calls a model: OpenMP keeps its thread count for each thread that
// starts kernels.
void enter_kernel_thread();
// What the numbers depend on besides the inputs: executor, libtorch and BLAS versions, CPU
// features.
std::string numerics_version();

}  // namespace assay::network
