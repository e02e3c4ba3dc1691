#include "assay/methods/attribution/legrad.h"

#include "assay/methods/attribution/target.h"
#include "assay/network/gradient.h"

namespace assay::methods {

std::vector<at::Tensor> LeGrad::gradients(const Question& question,
                                          const network::Attention& attention) {
  const network::Graph& graph = question.classifier.graph();
  const std::int64_t pictures = question.input.size(0), tokens = attention.grid.tokens;
  const std::int64_t rows = question.classifier.micro_batch();
  std::vector<const network::Node*> makers;
  for (const std::string& name : attention.weights)
    makers.push_back(&graph.nodes()[graph.producer(graph.find(name))]);
  // By layer and micro-batch; what flows back fills them.
  std::vector<std::vector<at::Tensor>> flows(makers.size());
  const auto watch = [&](const network::Node& maker, const at::Tensor& value) {
    for (std::size_t l = 0; l < makers.size(); ++l) {
      if (makers[l] != &maker) continue;
      const std::size_t batch = flows[l].size();
      flows[l].push_back(at::zeros_like(value.detach()));
      if (!value.requires_grad()) continue;
      value.register_hook(
          [&flows, l, batch](const at::Tensor& flow) { flows[l][batch] = flow.detach(); });
    }
  };
  {
    const at::AutoGradMode record(true);
    const at::Tensor pixels = question.input.detach().to(at::kFloat).requires_grad_(true);
    const at::Tensor logits = question.classifier.logits(pixels, watch);
    network::gradient(of_targets(logits, question.targets).sum(), pixels);
  }
  std::vector<at::Tensor> gradients;
  for (auto& batches : flows) {
    for (at::Tensor& batch : batches) batch = batch.reshape({rows, -1, tokens, tokens});
    gradients.push_back(at::cat(batches, 0).narrow(0, 0, pictures));
  }
  return gradients;
}

Attribution LeGrad::explain(const Question& question, const Params&) {
  const network::Attention attention = attention_of(question);
  at::Tensor sum = at::zeros({question.input.size(0), attention.grid.tokens});
  for (const at::Tensor& gradient : gradients(question, attention))
    sum = sum + gradient.clamp_min(0).mean(at::IntArrayRef{1, 2});
  return {at_places(attention.grid, sum / static_cast<double>(attention.weights.size())), {}, {}};
}

}  // namespace assay::methods
