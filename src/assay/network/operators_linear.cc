// Products of matrices.
#include "assay/network/operators.h"

namespace assay::network {

namespace {

Kernel gemm(const Node& node) {
  const float alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  const bool transpose_a = node.integer("transA", 0) != 0;
  const bool transpose_b = node.integer("transB", 0) != 0;
  return single([=](const Inputs& in) {
    if (in[0].dim() != 2 || in[1].dim() != 2) refuse("wanted two matrices");
    const at::Tensor a = transpose_a ? in[0].t() : in[0];
    const at::Tensor b = transpose_b ? in[1].t() : in[1];
    if (in.has(2)) {
      if (at::isFloatingType(a.scalar_type())) return at::addmm(in[2], a, b, beta, alpha);
      return at::add(at::mul(at::mm(a, b), static_cast<std::int64_t>(alpha)),
                     at::mul(in[2], static_cast<std::int64_t>(beta)));
    }
    const at::Tensor product = at::mm(a, b);
    return alpha == 1 ? product : at::mul(product, alpha);
  });
}

Kernel matmul(const Node&) {
  return single([](const Inputs& in) { return at::matmul(in[0], in[1]); });
}

Kernel einsum(const Node& node) {
  const std::string equation = node.text("equation", "");
  if (equation.empty()) refuse("equation is missing");
  return single([=](const Inputs& in) {
    std::vector<at::Tensor> operands;
    for (std::size_t i = 0; i < in.size(); ++i) operands.push_back(in[i]);
    return at::einsum(equation, operands);
  });
}

Kernel determinant(const Node&) {
  return single([](const Inputs& in) { return at::det(in[0]); });
}

constexpr Operator kOperators[] = {
    {"Det", determinant},
    {"Einsum", einsum},
    {"Gemm", gemm},
    {"MatMul", matmul},
};

}  // namespace

std::span<const Operator> linear_operators() { return kOperators; }

}  // namespace assay::network
