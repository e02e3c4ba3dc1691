// Recurrent layers: RNN, GRU, LSTM. A loop over time of matrix products.
//
// X [T,N,I] (layout 1: [N,T,I]); W [D,G·H,I], R [D,G·H,H], B [D,2·G·H] with D directions and G
// gates; Y [T,D,N,H], Y_h and Y_c [D,N,H].
#include <algorithm>
#include <functional>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

using GateFunction = std::function<at::Tensor(const at::Tensor&)>;

struct Cell {
  at::Tensor h, c;  // [N,H]; c only of an LSTM
};

struct Weights {
  at::Tensor w, r, wb, rb;  // [G·H,I], [G·H,H], [G·H], [G·H]
  at::Tensor peepholes;     // [3·H]; undefined: none
};

using Step = std::function<Cell(const at::Tensor& x, const Cell& before, const Weights& weights,
                                std::span<const GateFunction> f)>;

struct RecurrentNode {
  std::int64_t hidden = 0, gates = 0;
  std::vector<GateFunction> activations;  // of all directions, one after the other
  bool batch_first = false, forward = true, backward = false;
  double clip = 0;  // 0: none
  std::int64_t directions() const { return (forward ? 1 : 0) + (backward ? 1 : 0); }
};

GateFunction activation(std::string name, float alpha, float beta) {
  std::transform(name.begin(), name.end(), name.begin(), ::tolower);
  if (name == "sigmoid") return [](const at::Tensor& x) { return at::sigmoid(x); };
  if (name == "tanh") return [](const at::Tensor& x) { return at::tanh(x); };
  if (name == "relu") return [](const at::Tensor& x) { return at::relu(x); };
  if (name == "softsign")
    return [](const at::Tensor& x) { return at::div(x, at::add(at::abs(x), 1)); };
  if (name == "softplus") return [](const at::Tensor& x) { return at::softplus(x); };
  if (name == "affine")
    return [=](const at::Tensor& x) { return at::add(at::mul(x, alpha), beta); };
  if (name == "leakyrelu") return [=](const at::Tensor& x) { return at::leaky_relu(x, alpha); };
  if (name == "elu") return [=](const at::Tensor& x) { return at::elu(x, alpha); };
  if (name == "hardsigmoid")
    return [=](const at::Tensor& x) { return at::clamp(at::add(at::mul(x, alpha), beta), 0, 1); };
  refuse("activation " + name + " is not supported");
}

RecurrentNode recurrent_node(const Node& node, std::int64_t gates,
                             const std::vector<std::string>& usual) {
  RecurrentNode r;
  r.gates = gates;
  r.hidden = node.integer("hidden_size", 0);
  r.batch_first = node.integer("layout", 0) != 0;
  r.clip = node.number("clip", 0);
  const std::string direction = node.text("direction", "forward");
  r.forward = direction != "reverse";
  r.backward = direction != "forward";
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    refuse("direction " + direction + " is unknown");
  std::vector<std::string> names;
  if (node.has("activations")) {
    const auto it = node.attributes.find("activations");
    if (const auto* given = std::get_if<std::vector<std::string>>(&it->second)) names = *given;
  }
  const std::size_t wanted = usual.size() * static_cast<std::size_t>(r.directions());
  if (names.empty())
    for (std::size_t i = 0; i < wanted; ++i) names.push_back(usual[i % usual.size()]);
  if (names.size() != wanted) refuse("wanted " + std::to_string(wanted) + " activations");
  const auto alphas = node.numbers("activation_alpha"), betas = node.numbers("activation_beta");
  for (std::size_t i = 0; i < wanted; ++i) {
    const bool hard = names[i] == "HardSigmoid";
    const float alpha = hard ? 0.2f : names[i] == "Elu" || names[i] == "Affine" ? 1.f : 0.01f;
    r.activations.push_back(activation(names[i], i < alphas.size() ? alphas[i] : alpha,
                                       i < betas.size() ? betas[i]
                                       : hard           ? 0.5f
                                                        : 0.f));
  }
  return r;
}

at::Tensor bounded(const RecurrentNode& r, const at::Tensor& x) {
  return r.clip > 0 ? at::clamp(x, -r.clip, r.clip) : x;
}

Weights weights_of(const RecurrentNode& r, const Inputs& in, std::int64_t d) {
  const std::int64_t rows = r.gates * r.hidden;
  Weights weights;
  weights.w = in[1].select(0, d);
  weights.r = in[2].select(0, d);
  if (weights.w.dim() != 2 || weights.w.size(0) != rows || weights.r.size(0) != rows)
    refuse("hidden_size does not fit the weights");
  const at::Tensor b = in.has(3) ? in[3].select(0, d) : at::zeros({2 * rows}, weights.w.options());
  weights.wb = b.narrow(0, 0, rows);
  weights.rb = b.narrow(0, rows, rows);
  if (in.has(7)) weights.peepholes = in[7].select(0, d);
  return weights;
}

// One direction over all of time. Sequences that are shorter keep their last state, and give zeros
// beyond it.
std::pair<at::Tensor, Cell> run_direction(const RecurrentNode& r, const at::Tensor& x,
                                          const at::Tensor& lengths, Cell cell,
                                          const Weights& weights, const Step& step, bool backward,
                                          std::span<const GateFunction> f) {
  const std::int64_t time = x.size(0);
  std::vector<at::Tensor> y(static_cast<std::size_t>(time));
  for (std::int64_t i = 0; i < time; ++i) {
    const std::int64_t t = backward ? time - 1 - i : i;
    const Cell next = step(x.select(0, t), cell, weights, f);
    if (!lengths.defined()) {
      cell = next;
      y[t] = cell.h;
      continue;
    }
    const at::Tensor runs = at::gt(lengths, t).unsqueeze(1);  // [N,1]
    y[t] = at::where(runs, next.h, at::zeros_like(next.h));
    cell.h = at::where(runs, next.h, cell.h);
    if (cell.c.defined()) cell.c = at::where(runs, next.c, cell.c);
  }
  return {time ? at::stack(y, 0) : at::zeros({0, x.size(1), r.hidden}, x.options()), cell};
}

Kernel recurrent(const RecurrentNode& r, const Step& step, bool has_c) {
  if (r.hidden < 1 || r.hidden > (1 << 24)) refuse("hidden_size is missing or out of range");
  return [=](const Inputs& in) -> Outputs {
    if (in[0].dim() != 3) refuse("wanted an input of 3 dimensions");
    const at::Tensor x = r.batch_first ? in[0].transpose(0, 1) : in[0];
    const at::Tensor lengths = in.has(4) ? in[4].to(at::kLong) : at::Tensor();
    const auto initial = [&](std::size_t input, std::int64_t d) {
      if (!in.has(input)) return at::zeros({x.size(1), r.hidden}, x.options());
      return in[input].select(r.batch_first ? 1 : 0, d);
    };
    std::vector<at::Tensor> y, h, c;
    const std::size_t each = r.activations.size() / static_cast<std::size_t>(r.directions());
    for (std::int64_t d = 0; d < r.directions(); ++d) {
      Cell cell{initial(5, d), has_c ? initial(6, d) : at::Tensor()};
      const bool backward = r.backward && (!r.forward || d == 1);
      const auto [all, last] =
          run_direction(r, x, lengths, cell, weights_of(r, in, d), step, backward,
                        std::span(r.activations).subspan(static_cast<std::size_t>(d) * each, each));
      y.push_back(all);
      h.push_back(last.h);
      if (has_c) c.push_back(last.c);
    }
    const std::int64_t axis = r.batch_first ? 1 : 0;
    at::Tensor whole = at::stack(y, 1);  // [T,D,N,H]
    if (r.batch_first) whole = whole.permute({2, 0, 1, 3});
    Outputs outputs = {whole, at::stack(h, axis)};
    if (has_c) outputs.push_back(at::stack(c, axis));
    return outputs;
  };
}

at::Tensor gate(const RecurrentNode& r, const at::Tensor& all, std::int64_t i) {
  return all.narrow(-1, i * r.hidden, r.hidden);
}

Kernel rnn(const Node& node) {
  const RecurrentNode r = recurrent_node(node, 1, {"Tanh"});
  return recurrent(
      r,
      [r](const at::Tensor& x, const Cell& before, const Weights& w,
          std::span<const GateFunction> f) -> Cell {
        const at::Tensor sum = at::add(at::linear(x, w.w, w.wb), at::linear(before.h, w.r, w.rb));
        return {f[0](bounded(r, sum)), {}};
      },
      false);
}

// Gates z (update), r (reset), h.
Kernel gru(const Node& node) {
  const RecurrentNode r = recurrent_node(node, 3, {"Sigmoid", "Tanh"});
  const bool linear_first = node.integer("linear_before_reset", 0) != 0;
  return recurrent(
      r,
      [r, linear_first](const at::Tensor& x, const Cell& before, const Weights& w,
                        std::span<const GateFunction> f) -> Cell {
        const at::Tensor from_x = at::linear(x, w.w, w.wb);
        const at::Tensor from_h = at::linear(before.h, w.r, w.rb);
        const auto sum = [&](std::int64_t i) {
          return f[0](bounded(r, at::add(gate(r, from_x, i), gate(r, from_h, i))));
        };
        const at::Tensor update = sum(0), reset = sum(1);
        at::Tensor hidden;
        if (linear_first) {
          hidden = at::mul(reset, gate(r, from_h, 2));
        } else {
          const std::int64_t from = 2 * r.hidden;
          hidden = at::linear(at::mul(reset, before.h), w.r.narrow(0, from, r.hidden),
                              w.rb.narrow(0, from, r.hidden));
        }
        const at::Tensor candidate = f[1](bounded(r, at::add(gate(r, from_x, 2), hidden)));
        return {at::add(candidate, at::mul(update, at::sub(before.h, candidate))), {}};
      },
      false);
}

// Gates i (input), o (output), f (forget), c.
Kernel lstm(const Node& node) {
  const RecurrentNode r = recurrent_node(node, 4, {"Sigmoid", "Tanh", "Tanh"});
  if (node.integer("input_forget", 0) != 0) refuse("input_forget is not supported");
  return recurrent(
      r,
      [r](const at::Tensor& x, const Cell& before, const Weights& w,
          std::span<const GateFunction> f) -> Cell {
        const at::Tensor sum = at::add(at::linear(x, w.w, w.wb), at::linear(before.h, w.r, w.rb));
        const auto opened = [&](std::int64_t i, const at::Tensor& seen, std::int64_t peephole) {
          at::Tensor g = gate(r, sum, i);
          if (w.peepholes.defined())
            g = at::add(g, at::mul(seen, w.peepholes.narrow(0, peephole * r.hidden, r.hidden)));
          return f[0](bounded(r, g));
        };
        const at::Tensor input = opened(0, before.c, 0), forget = opened(2, before.c, 2);
        const at::Tensor candidate = f[1](bounded(r, gate(r, sum, 3)));
        const at::Tensor c = at::add(at::mul(forget, before.c), at::mul(input, candidate));
        return {at::mul(opened(1, c, 1), f[2](c)), c};
      },
      true);
}

constexpr Operator kRecurrentOperators[] = {
    {"GRU", gru},
    {"LSTM", lstm},
    {"RNN", rnn},
};

}  // namespace

std::span<const Operator> recurrent_operators() { return kRecurrentOperators; }

}  // namespace assay::network
