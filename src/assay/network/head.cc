#include "assay/network/head.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/network/operators.h"
#include "assay/network/picture_input.h"

namespace assay::network {

namespace {

// The smallest positive normal float32: -87.3 after the logarithm, which float32 resolves well.
constexpr float kSmallest = std::numeric_limits<float>::min();

at::Tensor log_of(const at::Tensor& p) { return at::log(at::clamp_min(p, kSmallest)); }

// log p - log(1 - p)
at::Tensor logit_of(const at::Tensor& p) { return at::sub(log_of(p), log_of(at::rsub(p, 1))); }

}  // namespace

ValueId described_output(const Graph& graph, const OutputDescription& output) {
  if (!output.value.empty()) {
    const ValueId id = graph.find(output.value);
    if (id != kNoValue) return id;
    std::vector<std::string> names;
    for (ValueId v = 0; v < graph.value_count(); ++v) names.push_back(graph.name(v));
    const std::string near = nearest(output.value, names);
    throw InputError(graph.file(), "no value \"" + output.value + "\" in the network" +
                                       (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
  if (graph.outputs().size() == 1) return graph.outputs()[0];
  std::string names;
  for (const ValueId id : graph.outputs())
    names += (names.empty() ? "" : ", ") + ("\"" + graph.name(id) + "\"");
  throw InputError(graph.file(), "the model has " + std::to_string(graph.outputs().size()) +
                                     " outputs (" + names +
                                     "); say which one in output: {value: NAME, kind: …}");
}

const Node* final_operator(const Graph& graph, ValueId value, const std::vector<std::string>& ops) {
  static const std::vector<std::string> kPassOn = {"Identity", "Reshape",   "Flatten", "Squeeze",
                                                   "Cast",     "Unsqueeze", "Dropout"};
  const auto is_one_of = [](const Node& node, const std::vector<std::string>& list) {
    return node.domain.empty() && std::find(list.begin(), list.end(), node.op) != list.end();
  };
  while (graph.producer(value) >= 0) {
    const Node& node = graph.nodes()[graph.producer(value)];
    if (node.inputs.empty() || node.inputs[0] == kNoValue) return nullptr;
    if (is_one_of(node, ops)) return &node;
    if (!is_one_of(node, kPassOn) || node.outputs[0] != value) return nullptr;
    value = node.inputs[0];
  }
  return nullptr;
}

Head find_head(const Graph& graph, ValueId output, OutputKind kind) {
  const Node* node = nullptr;
  if (kind == OutputKind::kProbabilities)
    node = final_operator(graph, output, {"Softmax", "Sigmoid"});
  else if (kind == OutputKind::kSigmoid)
    node = final_operator(graph, output, {"Sigmoid"});
  return node ? Head{node->inputs[0], OutputKind::kLogits} : Head{output, kind};
}

at::Tensor matrix_of(const at::Tensor& value, std::int64_t rows) {
  std::int64_t wide = 0;  // dimensions after the first that have more than one item
  for (std::int64_t d = 1; d < value.dim(); ++d) wide += value.size(d) != 1;
  if (rows == 1 && value.dim() == 1 && value.numel() > 0) return value.reshape({1, -1});
  if (value.dim() < 1 || value.size(0) != rows || wide > 1 || value.numel() == 0)
    refuse("shape " + shape_text({value.sizes().begin(), value.sizes().end()}) + " for " +
           std::to_string(rows) + " picture" + (rows == 1 ? "" : "s") +
           ", wanted one row of class scores a picture, [N,K]");
  return value.reshape({rows, value.numel() / rows});
}

at::Tensor pixel_logits_of(const at::Tensor& value, std::int64_t rows) {
  if (value.dim() != 4 || value.size(0) != rows || value.numel() == 0)
    refuse("shape " + shape_text({value.sizes().begin(), value.sizes().end()}) + " for " +
           std::to_string(rows) + " picture" + (rows == 1 ? "" : "s") +
           ", wanted the scores of every pixel, [N,K,H,W]");
  const at::Tensor z = value.to(at::kFloat);
  return z.size(1) == 1 ? at::cat({at::zeros_like(z), z}, 1) : z;
}

at::Tensor logits_of(const Head& head, const at::Tensor& value, std::int64_t rows) {
  if (head.kind == OutputKind::kSegmentation) {
    const at::Tensor z = pixel_logits_of(value, rows).flatten(2);
    return at::logsumexp(z, 2) - std::log(static_cast<double>(z.size(2)));
  }
  const at::Tensor m = matrix_of(value, rows).to(at::kFloat);
  const bool one_column = m.size(1) == 1;
  at::Tensor z = m;
  if (head.kind == OutputKind::kSigmoid || (one_column && head.kind == OutputKind::kProbabilities))
    z = logit_of(m);
  else if (head.kind == OutputKind::kProbabilities)
    z = log_of(m);
  else if (one_column && head.kind == OutputKind::kLogProbabilities)
    z = logit_of(at::exp(m));
  return one_column ? at::cat({at::zeros_like(z), z}, 1) : z;
}

}  // namespace assay::network
