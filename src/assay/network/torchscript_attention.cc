// Attention, as the products and the softmax that it is.
#include <cmath>
#include <limits>

#include "assay/network/operators.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace {

// The scores with what a mask forbids set to -inf; a mask of numbers is added.
Traced masked(const Call& c, const Traced& scores, const Traced& mask) {
  if (mask.trial.scalar_type() != at::kBool) return c.emit("Add", {scores, mask});
  const Traced never = c.constant(-std::numeric_limits<double>::infinity());
  return c.emit("Where", {mask, scores, never});
}

// softmax(q kᵀ scale + mask) v over the last two dimensions.
Traced attend(const Call& c, const Traced& q, const Traced& k, const Traced& v, double scale,
              const Traced* mask) {
  const Traced scaled = c.emit("Mul", {q, c.constant(scale)});
  Traced scores = c.emit("MatMul", {scaled, swapped(c, k, -2, -1)});
  if (mask) scores = masked(c, scores, *mask);
  return c.emit("MatMul", {softmax(c, scores, -1), v});
}

// scaled_dot_product_attention(q, k, v, mask, dropout, is_causal, scale, …)
Value scaled_dot_product(Call& c) {
  const Traced q = c.tensor(0), k = c.tensor(1), v = c.tensor(2);
  if (c.real(4, 0) != 0) throw Untranslated("with dropout; export the model after eval()");
  if (c.flag(7)) throw Untranslated("with grouped queries");
  const double width = static_cast<double>(c.graph.decide(c.graph.size(q, -1)));
  const double scale = c.real(6, 1 / std::sqrt(width));
  Traced mask;
  if (c.has(3)) {
    mask = c.tensor(3);
  } else if (c.flag(5)) {
    const std::int64_t rows = c.graph.decide(c.graph.size(q, -2));
    const std::int64_t columns = c.graph.decide(c.graph.size(k, -2));
    if (rows * columns > (1 << 26)) throw Untranslated("of more than 2^26 scores");
    mask = c.graph.constant(at::ones({rows, columns}, at::kBool).tril());
  }
  return tensor(attend(c, q, k, v, scale, mask.name.empty() ? nullptr : &mask));
}

// [N,T,E] with E = heads × width to [N,heads,T,width].
Traced heads_apart(const Call& c, const Traced& x, std::int64_t heads) {
  const Traced split = c.emit("Reshape", {x, c.graph.integers({0, 0, heads, -1})});
  return swapped(c, split, 1, 2);
}

struct SelfAttention {
  std::int64_t heads = 1;
  Traced in_weight, in_bias, out_weight, out_bias;
};

// [N,T,E] to [N,T,E]
Traced self_attention(const Call& c, const Traced& x, const SelfAttention& layer) {
  const std::int64_t width = x.trial.size(-1);
  const Traced projected = linear(c, x, layer.in_weight, &layer.in_bias);
  const auto qkv = c.graph.emit_all("Split", {projected, c.graph.integers({width, width, width})},
                                    {{"axis", std::int64_t{-1}}}, 3);
  if (layer.heads < 1 || width % layer.heads != 0)
    throw OperatorError("the number of heads does not divide the width");
  const double scale = 1 / std::sqrt(static_cast<double>(width / layer.heads));
  const Traced mixed =
      attend(c, heads_apart(c, qkv[0], layer.heads), heads_apart(c, qkv[1], layer.heads),
             heads_apart(c, qkv[2], layer.heads), scale, nullptr);
  const Traced joined = c.emit("Reshape", {swapped(c, mixed, 1, 2), c.graph.integers({0, 0, -1})});
  return linear(c, joined, layer.out_weight, &layer.out_bias);
}

// _native_multi_head_attention(q, k, v, width, heads, qkv weight, qkv bias, projection weight,
// projection bias, mask, need_weights, …)
Value native_attention(Call& c) {
  if (c.cell(0) != c.cell(1) || c.cell(0) != c.cell(2))
    throw Untranslated("of queries that are not its keys and values");
  if (c.has(9)) throw Untranslated("with a mask");
  const Traced x = c.tensor(0);
  if (x.trial.dim() != 3) throw Untranslated("of an input without a batch");
  return make_tuple({tensor(self_attention(
                         c, x, {c.integer(4), c.tensor(5), c.tensor(6), c.tensor(7), c.tensor(8)})),
                     Unknown{}});
}

Traced normalised(const Call& c, const Traced& x, std::size_t weight, double epsilon) {
  return c.emit("LayerNormalization", {x, c.tensor(weight), c.tensor(weight + 1)},
                {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(epsilon)}});
}

// x Φ(x), or x where positive.
Traced activated(const Call& c, const Traced& x, bool gelu) {
  const Value given = tensor(x);
  Call inner(c.graph, std::span(&given, 1));
  return (*find_translation(gelu ? "aten::gelu" : "aten::relu")(inner).as<CellRef>())->read();
}

// _transformer_encoder_layer_fwd(x, width, heads, qkv weight, qkv bias, projection weight,
// projection bias, use_gelu, norm_first, eps, norm 1 weight, bias, norm 2 weight, bias, dense 1
// weight, bias, dense 2 weight, bias, mask, mask_type)
Value encoder_layer(Call& c) {
  if (c.has(18)) throw Untranslated("with a mask");
  const bool first = c.flag(8);
  const double epsilon = c.real(9, 1e-5);
  const SelfAttention layer{c.integer(2), c.tensor(3), c.tensor(4), c.tensor(5), c.tensor(6)};
  const auto dense = [&](const Traced& x) {
    const Traced bias1 = c.tensor(15), bias2 = c.tensor(17);
    return linear(c, activated(c, linear(c, x, c.tensor(14), &bias1), c.flag(7)), c.tensor(16),
                  &bias2);
  };
  Traced x = c.tensor(0);
  if (x.trial.dim() != 3) throw Untranslated("of an input without a batch");
  x = c.emit("Add", {x, self_attention(c, first ? normalised(c, x, 10, epsilon) : x, layer)});
  if (!first) x = normalised(c, x, 10, epsilon);
  x = c.emit("Add", {x, dense(first ? normalised(c, x, 12, epsilon) : x)});
  if (!first) x = normalised(c, x, 12, epsilon);
  return tensor(x);
}

constexpr ScriptOperator kScriptAttentionOperators[] = {
    {"aten::scaled_dot_product_attention", scaled_dot_product},
    {"aten::_native_multi_head_attention", native_attention},
    {"aten::_transformer_encoder_layer_fwd", encoder_layer},
};

}  // namespace

std::span<const ScriptOperator> attention_translations() { return kScriptAttentionOperators; }

}  // namespace assay::network::torchscript
