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

// The gradient of det A, which is finite where A has no inverse too: with A = U diag(s) Vᵀ,
//   det(U) det(V) · U diag(∏_{j≠i} s_j) Vᵀ
at::Tensor cofactors(const at::Tensor& a) {
  const auto [u, s, v] = at::linalg_svd(a, /*full_matrices=*/false);
  const at::Tensor others = s.unsqueeze(-2).expand(a.sizes()).clone();
  others.diagonal(0, -2, -1).fill_(1);
  const at::Tensor sign = at::mul(at::det(u), at::det(v)).unsqueeze(-1).unsqueeze(-1);
  return at::mul(sign, at::matmul(at::mul(u, others.prod(-1).unsqueeze(-2)), v));
}

// libtorch's own gradient divides by the determinant, and is 0 where that rounds to exactly 0.
Kernel determinant(const Node&) {
  return single([](const Inputs& in) {
    const at::Tensor a = in[0].detach(), value = at::det(a);
    if (!at::GradMode::is_enabled() || !in[0].requires_grad()) return value;
    return at::add(value, at::sum(at::mul(at::sub(in[0], a), cofactors(a)), {-2, -1}));
  });
}

constexpr Operator kLinearOperators[] = {
    {"Det", determinant},
    {"Einsum", einsum},
    {"Gemm", gemm},
    {"MatMul", matmul},
};

}  // namespace

std::span<const Operator> linear_operators() { return kLinearOperators; }

}  // namespace assay::network
