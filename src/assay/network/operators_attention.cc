// Attention as one operator (operator set 23 on), and the rotation that goes with it. Exporters of
// older sets write it as MatMul, Softmax and Einsum.
#include <cmath>
#include <limits>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

// [N,S,H·D] as [N,H,S,D].
at::Tensor by_heads(const at::Tensor& x, std::int64_t heads) {
  if (x.dim() == 4) return x;
  if (x.dim() != 3) refuse("wanted inputs of 3 or 4 dimensions");
  if (heads < 1 || x.size(2) % heads != 0) refuse("the number of heads does not fit the input");
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

at::Tensor joined_heads(const at::Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

// What is added to the scores [N,H,Q,K]: -inf where a key must not be seen.
at::Tensor forbidden(const at::Tensor& allowed, const at::Tensor& like) {
  const at::Tensor zero = at::zeros({}, like.options().requires_grad(false));
  return at::where(allowed, zero, at::full_like(zero, -std::numeric_limits<double>::infinity()));
}

// (Q, K, V, mask, past K, past V, keys that count [N]) → (Y, K, V with the past, scores)
Kernel attention(const Node& node) {
  const std::int64_t q_heads = node.integer("q_num_heads", 0);
  const std::int64_t kv_heads = node.integer("kv_num_heads", 0);
  const bool causal = node.integer("is_causal", 0) != 0;
  const std::int64_t mode = node.integer("qk_matmul_output_mode", 0);
  const double given_scale = node.number("scale", 0), cap = node.number("softcap", 0);
  return [=](const Inputs& in) -> Outputs {
    const bool flat = in[0].dim() == 3;
    const at::Tensor q = by_heads(in[0], q_heads);
    at::Tensor k = by_heads(in[1], kv_heads), v = by_heads(in[2], kv_heads);
    std::int64_t past = 0;
    if (in.has(4) && in.has(5)) {
      past = in[4].size(2);
      k = at::cat({in[4], k}, 2);
      v = at::cat({in[5], v}, 2);
    }
    const at::Tensor present_k = k, present_v = v;
    if (k.size(1) < 1 || q.size(1) % k.size(1) != 0) refuse("the heads of Q and K do not fit");
    const std::int64_t each = q.size(1) / k.size(1), keys = k.size(2);
    if (each > 1) {
      k = k.repeat_interleave(each, 1);
      v = v.repeat_interleave(each, 1);
    }
    const double scale = given_scale != 0 ? given_scale : 1 / std::sqrt(double(q.size(3)));
    const at::Tensor products = at::mul(at::matmul(q, k.transpose(-1, -2)), scale);
    const at::Tensor key = at::arange(keys, at::kLong);
    at::Tensor bias = at::zeros({}, products.options().requires_grad(false));
    if (in.has(3)) {
      at::Tensor mask = in[3];
      const bool truths = mask.scalar_type() == at::kBool;
      const std::int64_t missing = keys - mask.size(-1);
      if (missing > 0 && mask.size(-1) > 1)  // keys that it does not speak of are not seen
        mask = truths ? at::constant_pad_nd(mask, {0, missing}, false)
                      : at::constant_pad_nd(mask, {0, missing},
                                            -std::numeric_limits<double>::infinity());
      bias = truths ? forbidden(mask, products) : mask;
    }
    if (causal) {
      const at::Tensor query = at::arange(q.size(2), at::kLong).unsqueeze(1);
      bias = at::add(bias, forbidden(at::le(key, at::add(query, past)), products));
    }
    if (in.has(6))
      bias = at::add(bias, forbidden(at::lt(key, in[6].reshape({-1, 1, 1, 1})), products));
    const auto capped = [&](const at::Tensor& x) {
      return cap > 0 ? at::mul(at::tanh(at::div(x, cap)), cap) : x;
    };
    const at::Tensor biased = at::add(products, bias), scores = capped(biased);
    const at::Tensor weights = at::softmax(scores, -1);
    const at::Tensor y = at::matmul(weights, v);
    const at::Tensor shown = mode == 0   ? products
                             : mode == 1 ? biased
                             : mode == 2 ? scores
                                         : weights;
    return {flat ? joined_heads(y) : y, present_k, present_v, shown};
  };
}

// (X, cosines, sines, positions): pairs of items turned by an angle that grows with the position.
Kernel rotary_embedding(const Node& node) {
  const std::int64_t heads = node.integer("num_heads", 0);
  const std::int64_t turned = node.integer("rotary_embedding_dim", 0);
  const bool interleaved = node.integer("interleaved", 0) != 0;
  return single([=](const Inputs& in) {
    const bool flat = in[0].dim() == 3;
    const at::Tensor x = by_heads(in[0], heads);  // [N,H,S,D]
    const std::int64_t size = turned > 0 ? turned : x.size(3);
    if (size > x.size(3) || size % 2 != 0) refuse("rotary_embedding_dim does not fit the input");
    const auto angles = [&](const at::Tensor& cache) {
      const at::Tensor rows =  // [N,S,D/2]
          in.has(3) ? cache.index_select(0, in[3].reshape({-1}).to(at::kLong))
                          .reshape({in[3].size(0), in[3].size(1), -1})
                    : cache;
      return rows.narrow(-1, 0, size / 2).unsqueeze(1);
    };
    const at::Tensor cosine = angles(in[1]), sine = angles(in[2]);
    const at::Tensor part = x.narrow(3, 0, size);
    const at::Tensor a = interleaved ? part.slice(3, 0, size, 2) : part.narrow(3, 0, size / 2);
    const at::Tensor b =
        interleaved ? part.slice(3, 1, size, 2) : part.narrow(3, size / 2, size / 2);
    const at::Tensor real = at::sub(at::mul(cosine, a), at::mul(sine, b));
    const at::Tensor imaginary = at::add(at::mul(sine, a), at::mul(cosine, b));
    const at::Tensor done =
        interleaved ? at::stack({real, imaginary}, 4).flatten(3) : at::cat({real, imaginary}, 3);
    const at::Tensor y = at::cat({done, x.narrow(3, size, x.size(3) - size)}, 3);
    return flat ? joined_heads(y) : y;
  });
}

constexpr Operator kAttentionOperators[] = {
    {"Attention", attention},
    {"RotaryEmbedding", rotary_embedding},
};

}  // namespace

std::span<const Operator> attention_operators() { return kAttentionOperators; }

}  // namespace assay::network
