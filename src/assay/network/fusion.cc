#include "assay/network/fusion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace assay::network {

namespace {

using Kind = Activation::Kind;

class Fuser {
 public:
  Fuser(const Graph& graph, const GraphFacts& facts, ValueId result)
      : graph_(graph), facts_(facts), readers_(graph.value_count()), taken_(graph.nodes().size()) {
    mark_needed(result);
    for (std::size_t n = 0; n < needed_.size(); ++n)
      if (needed_[n])
        for (const ValueId id : graph.nodes()[n].inputs)
          if (id != kNoValue) readers_[id].push_back(static_cast<int>(n));
    readers_[result].push_back(-1);  // the reader outside: nothing may swallow the result
  }

  std::vector<Chain> fuse() {
    std::vector<Chain> chains;
    for (std::size_t n = 0; n < needed_.size(); ++n)
      if (needed_[n] && !taken_[n]) chains.push_back(chain_from(static_cast<int>(n)));
    std::stable_sort(chains.begin(), chains.end(), [](const Chain& a, const Chain& b) {
      return a.nodes.back() < b.nodes.back();
    });
    return chains;
  }

 private:
  const Node& node(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }
  bool is(int n, const char* op) const { return node(n).domain.empty() && node(n).op == op; }

  void mark_needed(ValueId result) {
    needed_.assign(graph_.nodes().size(), false);
    std::vector<ValueId> open{result};
    while (!open.empty()) {
      const ValueId id = open.back();
      open.pop_back();
      const int n = graph_.producer(id);
      if (n < 0 || !facts_.data[id] || needed_[n]) continue;
      needed_[n] = true;
      for (const ValueId input : node(n).inputs)
        if (input != kNoValue) open.push_back(input);
    }
  }

  const at::Tensor* constant(const Node& n, std::size_t input) const {
    if (input >= n.inputs.size() || n.inputs[input] == kNoValue) return nullptr;
    const at::Tensor& t = facts_.constants[n.inputs[input]];
    return t.defined() ? &t : nullptr;
  }

  // The only node that reads the chain's output, or -1.
  int only_reader(const Chain& chain) const {
    const auto& readers = readers_[chain.output];
    return readers.size() == 1 ? readers[0] : -1;
  }

  void take(Chain& chain, int n) {
    taken_[n] = true;
    chain.nodes.push_back(n);
    chain.output = node(n).outputs[0];
  }

  Chain chain_from(int n) {
    Chain chain;
    take(chain, n);
    if (is_convolution(n)) {
      chain.weight = *constant(node(n), 1);
      const at::Tensor* bias = constant(node(n), 2);
      chain.bias = bias ? *bias : at::zeros({chain.weight.size(0)});
      while (fold_factor(chain)) {
      }
      take_addend(chain);
      take_activation(chain);
    } else if (is_sum(n)) {
      chain.addend = node(n).inputs[1];
      take_activation(chain);
    }
    return chain;
  }

  bool is_convolution(int n) const {
    if (!is(n, "Conv") || !facts_.data[node(n).inputs[0]]) return false;
    const at::Tensor* weight = constant(node(n), 1);
    const bool bias = node(n).inputs.size() < 3 || node(n).inputs[2] == kNoValue ||
                      constant(node(n), 2) != nullptr;
    return weight && bias && weight->dim() == 4 && weight->scalar_type() == at::kFloat;
  }

  // Add of two values of the same shape.
  bool is_sum(int n) const {
    if (!is(n, "Add")) return false;
    const ValueId a = node(n).inputs[0], b = node(n).inputs[1];
    return a != b && facts_.data[a] && facts_.data[b] && facts_.shapes[a] == facts_.shapes[b];
  }

  // The items of a constant that has one item, or one a channel; nothing for other shapes.
  static std::optional<at::Tensor> by_channel(const at::Tensor& t, std::int64_t channels) {
    if (t.scalar_type() != at::kFloat || t.dim() > 4) return std::nullopt;
    if (t.numel() == 1) return t.reshape({1}).expand({channels});
    const bool lies_along_channels = t.dim() >= 3 && t.size(t.dim() - 3) == channels;
    if (!lies_along_channels || t.numel() != channels) return std::nullopt;
    return t.reshape({channels});
  }

  void scale(Chain& chain, const at::Tensor& factor, const at::Tensor& offset) {
    const at::Tensor f = factor.to(at::kDouble);
    chain.weight = (chain.weight.to(at::kDouble) * f.reshape({-1, 1, 1, 1})).to(at::kFloat);
    chain.bias = (chain.bias.to(at::kDouble) * f + offset.to(at::kDouble)).to(at::kFloat);
  }

  // Takes a batch normalisation, or a product or sum with constants, into weights and bias.
  bool fold_factor(Chain& chain) {
    const int n = only_reader(chain);
    if (n < 0) return false;
    const Node& next = node(n);
    const std::int64_t channels = chain.weight.size(0);
    if (is(n, "BatchNormalization") && next.inputs[0] == chain.output) {
      if (next.integer("training_mode", 0) != 0) return false;
      at::Tensor p[4];
      for (std::size_t i = 0; i < 4; ++i) {
        const at::Tensor* t = constant(next, i + 1);
        if (!t || t->numel() != channels) return false;
        p[i] = t->to(at::kDouble);
      }
      const at::Tensor factor = p[0] / at::sqrt(p[3] + next.number("epsilon", 1e-5f));
      scale(chain, factor, p[1] - p[2] * factor);
      take(chain, n);
      return true;
    }
    const bool product = is(n, "Mul");
    if ((!product && !is(n, "Add")) || next.inputs.size() != 2) return false;
    const at::Tensor* other = constant(next, next.inputs[0] == chain.output ? 1 : 0);
    if (!other || facts_.shapes[next.outputs[0]] != facts_.shapes[chain.output]) return false;
    const auto values = by_channel(*other, channels);
    if (!values) return false;
    scale(chain, product ? *values : at::ones({channels}),
          product ? at::zeros({channels}) : *values);
    take(chain, n);
    return true;
  }

  void take_addend(Chain& chain) {
    const int n = only_reader(chain);
    if (n < 0 || taken_[n] || !is_sum(n)) return;
    const Node& sum = node(n);
    chain.addend = sum.inputs[sum.inputs[0] == chain.output ? 1 : 0];
    take(chain, n);
  }

  void take_activation(Chain& chain) {
    const int n = only_reader(chain);
    if (n >= 0) {
      if (const auto activation = activation_of(n)) {
        chain.activation = *activation;
        take(chain, n);
      }
      return;
    }
    // x · σ(x): two readers, of which one reads the other.
    const auto& readers = readers_[chain.output];
    if (readers.size() != 2 || readers[0] < 0 || readers[1] < 0) return;
    const int gate = std::min(readers[0], readers[1]), product = std::max(readers[0], readers[1]);
    const bool hard = is(gate, "HardSigmoid") &&
                      std::abs(node(gate).number("alpha", 0.2f) - 1.f / 6) < 1e-6f &&
                      node(gate).number("beta", 0.5f) == 0.5f;
    if (gate == product || !(hard || is(gate, "Sigmoid")) || !is(product, "Mul")) return;
    const ValueId gated = node(gate).outputs[0];
    const auto& factors = node(product).inputs;
    if (readers_[gated].size() != 1 || std::count(factors.begin(), factors.end(), gated) != 1 ||
        std::count(factors.begin(), factors.end(), chain.output) != 1)
      return;
    chain.activation.kind = hard ? Kind::kHardSwish : Kind::kSwish;
    take(chain, gate);
    take(chain, product);
  }

  std::optional<Activation> activation_of(int n) const {
    const Node& next = node(n);
    if (is(n, "Relu")) return Activation{Kind::kRelu};
    if (is(n, "LeakyRelu")) return Activation{Kind::kLeakyRelu, next.number("alpha", 0.01f)};
    if (is(n, "Sigmoid")) return Activation{Kind::kSigmoid};
    if (is(n, "Tanh")) return Activation{Kind::kTanh};
    if (is(n, "Elu")) return Activation{Kind::kElu, next.number("alpha", 1)};
    if (is(n, "HardSwish")) return Activation{Kind::kHardSwish};
    if (!is(n, "Clip")) return std::nullopt;
    constexpr float kMost = std::numeric_limits<float>::max();
    Activation clip{Kind::kClip, next.number("min", -kMost), next.number("max", kMost)};
    for (std::size_t i = 1; i < next.inputs.size(); ++i) {
      if (next.inputs[i] == kNoValue) continue;
      const at::Tensor* bound = constant(next, i);
      if (!bound || bound->numel() != 1) return std::nullopt;
      (i == 1 ? clip.alpha : clip.beta) = bound->item<float>();
    }
    if (clip.alpha > clip.beta) return std::nullopt;
    return clip;
  }

  const Graph& graph_;
  const GraphFacts& facts_;
  std::vector<bool> needed_;               // by node
  std::vector<std::vector<int>> readers_;  // by value, once for each input that reads it
  std::vector<bool> taken_;                // by node: in a chain already
};

}  // namespace

std::vector<Chain> fuse(const Graph& graph, const GraphFacts& facts, ValueId result) {
  const at::NoGradGuard no_grad;
  return Fuser(graph, facts, result).fuse();
}

}  // namespace assay::network
