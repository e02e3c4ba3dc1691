// One call of an operator for tests of gradients: its attributes, and inputs that are random doubles
// away from every kink, given tensors, or left out.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "assay/network/gradient.h"
#include "assay/network/operators.h"

namespace assay::network {

using Dims = std::vector<std::int64_t>;

// One input of a case: random doubles, or a tensor, or nothing.
struct Slot {
  Dims shape;
  double low = -2, high = 2;
  at::Tensor fixed = {};
  bool absent = false;
};
inline Slot x(Dims shape, double low = -2, double high = 2) {
  return {std::move(shape), low, high, {}};
}
inline Slot fixed(const at::Tensor& tensor) { return {{}, 0, 0, tensor}; }
inline Slot ints(const Dims& values) { return fixed(at::tensor(values, at::kLong)); }
inline Slot number(std::int64_t value) { return fixed(at::scalar_tensor(value, at::kLong)); }
inline Slot none() { return {{}, 0, 0, {}, true}; }

struct Case {
  std::string op;
  int opset = 13;
  std::map<std::string, Attribute> attributes = {};
  std::vector<Slot> inputs = {};
  std::vector<double> kinks = {};  // values that no random input comes near
  int outputs = 1;
  std::string domain = {};
};

inline constexpr double kStep = 1e-5;

inline Kernel kernel_of(const Case& c) {
  Node node;
  node.op = c.op;
  node.domain = c.domain;
  node.opset = c.opset;
  node.attributes = c.attributes;
  for (int i = 0; i < c.outputs; ++i) node.outputs.push_back(i);
  const Operator* op = find_operator(c.domain, c.op);
  if (!op) throw std::runtime_error("no operator " + c.op);
  return op->make(node);
}

// Different numbers in a random order, none within ten steps of a kink: any two, of one slot or of
// two, are far enough apart to keep their order.
inline at::Tensor sample(const Slot& slot, std::size_t index, const std::vector<double>& kinks) {
  std::int64_t items = 1;
  for (const std::int64_t d : slot.shape) items *= d;
  std::vector<double> values;
  for (std::int64_t i = 0; i < items; ++i) {
    const std::int64_t place = (i * 7919 + 13 * static_cast<std::int64_t>(index)) % items;
    const double phase = 0.21 + 0.17 * static_cast<double>(index);
    double v = slot.low + (slot.high - slot.low) * (static_cast<double>(place) + phase) /
                              static_cast<double>(items);
    for (const double kink : kinks)
      if (std::abs(v - kink) < 20 * kStep) v += 50 * kStep;
    for (const double kink : kinks) EXPECT_GE(std::abs(v - kink), 10 * kStep);
    values.push_back(v);
  }
  return at::tensor(values, at::kDouble).reshape(slot.shape);
}

inline std::vector<at::Tensor> samples(const Case& c) {
  std::vector<at::Tensor> all;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    const Slot& slot = c.inputs[i];
    all.push_back(slot.absent || slot.fixed.defined() ? slot.fixed : sample(slot, i, c.kinks));
  }
  return all;
}

inline bool is_random(const Slot& slot) { return !slot.absent && !slot.fixed.defined(); }

inline Outputs run(const Kernel& kernel, const std::vector<at::Tensor>& tensors) {
  std::vector<const at::Tensor*> arguments;
  for (const at::Tensor& t : tensors) arguments.push_back(t.defined() ? &t : nullptr);
  return kernel(Inputs(arguments));
}

// A fixed mixture of all floating outputs.
inline at::Tensor mixture(const Outputs& outputs) {
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (const at::Tensor& y : outputs) {
    if (!y.defined() || !at::isFloatingType(y.scalar_type())) continue;
    const at::Tensor weights =
        at::sin(at::add(at::mul(at::arange(y.numel(), at::kDouble), 1.3), 0.7));
    sum = at::add(sum, at::sum(at::mul(y.to(at::kDouble).reshape({-1}), weights)));
  }
  return sum;
}

// The gradient of the mixture with regard to each random input; undefined elsewhere.
template <class F>
std::vector<at::Tensor> gradients_of(const Case& c, const std::vector<at::Tensor>& tensors, F f) {
  const at::AutoGradMode on(true);
  std::vector<at::Tensor> leaves, all = tensors;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (is_random(c.inputs[i])) {
      all[i] = tensors[i].detach().clone().requires_grad_(true);
      leaves.push_back(all[i]);
    }
  return gradients(mixture(f(all)), leaves);
}

// Cases of the operators whose gradient is the derivative; operators_gradient_test.cc.
std::vector<Case> exact_gradient_cases();

}  // namespace assay::network
