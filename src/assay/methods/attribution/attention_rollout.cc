#include "assay/methods/attribution/attention_rollout.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/network/pass.h"

namespace assay::methods {

namespace {

// The last value [N,T,…] of the main path behind the last attention; empty if there is none.
std::string last_tokens(const std::vector<network::ValueInfo>& values,
                        const network::Attention& attention) {
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    if (value->name == attention.weights.back()) break;
    const auto& s = value->shape;
    if (s.size() == 3 && s[0] == values[0].shape[0] && s[1] == attention.grid.tokens)
      return value->name;
  }
  return "";
}

// The tokens that count, [N,T], each row summing to 1.
at::Tensor readers(const Question& question, const at::Tensor& tokens, const std::string& name) {
  const at::Tensor read =
      tokens_read(question.classifier, question.input, name, tokens).to(at::kFloat);
  const at::Tensor sums = read.sum(1, /*keepdim=*/true);
  // Logits that depend on no token: as if all were read.
  return at::where(sums > 0, read / sums.clamp_min(1),
                   at::full_like(read, 1.0 / static_cast<double>(read.size(1))));
}

}  // namespace

at::Tensor AttentionRollout::rolled_out(const std::vector<at::Tensor>& layers,
                                        std::int64_t pictures) {
  at::Tensor product;
  for (const at::Tensor& weights : layers) {
    const std::int64_t tokens = weights.size(-1);
    const at::Tensor mean =
        weights.to(at::kFloat).reshape({pictures, -1, tokens, tokens}).mean(at::IntArrayRef{1});
    const at::Tensor mixed = mean + at::eye(tokens);
    const at::Tensor rows = mixed / mixed.sum(at::IntArrayRef{-1}, /*keepdim=*/true);
    product = product.defined() ? at::bmm(rows, product) : rows;
  }
  return product;
}

Attribution AttentionRollout::explain(const Question& question, const Params&) {
  const network::Attention attention = attention_of(question);
  const std::string tokens =
      last_tokens(question.classifier.values(picture_size(question)), attention);
  if (tokens.empty())
    throw InputError(question.classifier.file(),
                     "which tokens the logits are read from cannot be told: no value [N," +
                         std::to_string(attention.grid.tokens) + ",C] follows its last attention");
  std::vector<std::string> keep = attention.weights;
  keep.push_back(tokens);
  const network::Pass pass = question.classifier.plain_forward(question.input, keep);
  std::vector<at::Tensor> layers;
  for (const std::string& name : attention.weights) layers.push_back(pass.values.at(name));
  const at::Tensor rolled = rolled_out(layers, question.input.size(0));
  const at::Tensor row =
      at::bmm(readers(question, pass.values.at(tokens), tokens).unsqueeze(1), rolled);
  return {at_places(attention.grid, row.squeeze(1)), {}, {}};
}

}  // namespace assay::methods
