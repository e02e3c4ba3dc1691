#include "assay/network/attention.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "assay/network/picture_input.h"
#include "assay/network/torch.h"

namespace assay::network {

namespace {

constexpr std::int64_t kMostOtherTokens = 16;  // class, distillation and register tokens

bool is_one_of(const std::string& op, std::initializer_list<const char*> list) {
  return std::any_of(list.begin(), list.end(), [&](const char* o) { return op == o; });
}

class Search {
 public:
  Search(const Graph& graph, const std::vector<ValueInfo>& values)
      : graph_(graph), values_(values) {
    for (const ValueInfo& value : values) shapes_[graph.find(value.name)] = &value.shape;
    for (const Node& node : graph.nodes())
      for (const ValueId id : node.inputs)
        if (id != kNoValue) readers_[id].push_back(&node);
    rows_ = values.empty() || values[0].shape.empty() ? 1 : values[0].shape[0];
  }

  AttentionSearch run() const {
    std::vector<const ValueInfo*> found;
    for (const ValueInfo& value : values_) {
      if (value.op == "Attention" && fused(value))
        return {std::nullopt, "the attention \"" + value.name +
                                  "\" is one fused operator, whose weights are no value of the "
                                  "network"};
      if (is_attention(value)) found.push_back(&value);
    }
    if (found.empty())
      return {std::nullopt,
              "the network has no attention: no Softmax over tokens weights a product"};
    const std::int64_t tokens = found.front()->shape.back();
    Attention attention;
    for (const ValueInfo* value : found) {
      if (const std::string why = unlike(*value, tokens); !why.empty()) return {std::nullopt, why};
      attention.weights.push_back(value->name);
    }
    GridSearch places = find_grid(*found.front(), tokens);
    if (!places.grid) return {std::nullopt, std::move(places.obstacle)};
    attention.grid = *places.grid;
    return {std::move(attention), ""};
  }

 private:
  struct GridSearch {
    std::optional<TokenGrid> grid;
    std::string obstacle;
  };

  bool fused(const ValueInfo& value) const {
    return graph_.nodes()[graph_.producer(graph_.find(value.name))].domain.empty();
  }

  // Whether a product of matrices has the value as its first factor, itself or passed on.
  bool weights_product(ValueId value) const {
    const auto found = readers_.find(value);
    if (found == readers_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(), [&](const Node* node) {
      if (node->inputs[0] != value) return false;
      if (is_one_of(node->op, {"MatMul", "Einsum", "FusedMatMul"})) return true;
      return is_one_of(node->op, {"Identity", "Dropout", "Cast"}) &&
             weights_product(node->outputs[0]);
    });
  }

  bool is_attention(const ValueInfo& value) const {
    const auto rank = static_cast<std::int64_t>(value.shape.size());
    if (value.op != "Softmax" || rank < 3) return false;
    const ValueId id = graph_.find(value.name);
    const Node& node = graph_.nodes()[graph_.producer(id)];
    const std::int64_t axis = node.integer("axis", node.opset >= 13 ? -1 : 1);
    return (axis < 0 ? axis + rank : axis) == rank - 1 && weights_product(id);
  }

  // Why a layer's weights are not those of `tokens` tokens of each picture; empty where they are.
  std::string unlike(const ValueInfo& value, std::int64_t tokens) const {
    const auto& s = value.shape;
    const std::int64_t queries = s[s.size() - 2], keys = s.back();
    const std::string its = "the attention \"" + value.name + "\" " + shape_text(s);
    if (s.size() > 4 || (s.size() == 4 && s[0] != rows_))
      return its + " is windowed: windows of " + std::to_string(keys) +
             " tokens, which do not see each other, are not supported";
    if (s[0] % rows_ != 0) return its + " does not have the pictures as its first dimension";
    if (queries != keys)
      return its + " is between " + std::to_string(queries) + " and " + std::to_string(keys) +
             " tokens; only attention among the same tokens is supported";
    if (keys != tokens)
      return its + " is over " + std::to_string(keys) + " tokens, that of an earlier layer over " +
             std::to_string(tokens) + "; a changing number of tokens is not supported";
    return "";
  }

  // A value with the number of the place in the picture that each of its items belongs to.
  struct Placed {
    ValueId value = kNoValue;
    at::Tensor place;  // of the value's shape, int64
    std::int64_t height = 0, width = 0;
  };

  // The grid of patches before the first attention.
  GridSearch find_grid(const ValueInfo& attention, std::int64_t tokens) const {
    for (auto value = std::find_if(values_.begin(), values_.end(),
                                   [&](const ValueInfo& v) { return &v == &attention; });
         value != values_.begin();) {
      --value;
      const auto& s = value->shape;
      if (value->op.find("Conv") != std::string::npos && s.size() == 4) {
        const at::Tensor numbers = at::arange(s[2] * s[3], at::kLong).reshape({1, 1, s[2], s[3]});
        return followed({graph_.find(value->name), numbers.expand(s), s[2], s[3]}, tokens);
      }
      if (const Placed picture = cut_up(s); picture.place.defined())
        return followed(picture, tokens);
    }
    return {std::nullopt, "where its " + std::to_string(tokens) +
                              " tokens are in the picture cannot be told: they come from no "
                              "convolution or Reshape into patches"};
  }

  // The picture [N,C,H,W], of which [N,C,h,p,w,q] is made, or [N,H,W,C], of which [N,h,p,w,q,C] is.
  Placed cut_up(const std::vector<std::int64_t>& s) const {
    const auto& picture = values_[0].shape;
    if (s.size() != 6 || picture.size() != 4) return {};
    for (const std::size_t at : {std::size_t{2}, std::size_t{1}}) {
      if (s[at] * s[at + 1] != picture[at] || s[at + 2] * s[at + 3] != picture[at + 1]) continue;
      const at::Tensor rows = at::arange(s[at], at::kLong).repeat_interleave(s[at + 1]);
      const at::Tensor columns = at::arange(s[at + 2], at::kLong).repeat_interleave(s[at + 3]);
      at::Tensor place = rows.unsqueeze(1) * s[at + 2] + columns;  // [H,W]
      if (at == 1) place = place.unsqueeze(-1);
      return {graph_.find(values_[0].name), place.expand(picture), s[at], s[at + 2]};
    }
    return {};
  }

  // The tokens [N,h·w,C] that the patches become, and where they stand among the others.
  GridSearch followed(const Placed& patches, std::int64_t tokens) const {
    TokenGrid grid{tokens, patches.height, patches.width, {}};
    const std::string its = "its " + std::to_string(tokens) + " tokens",
                      patch_text = "\"" + graph_.name(patches.value) + "\"";
    const std::int64_t others = tokens - grid.places();
    if (others < 0 || others > kMostOtherTokens)
      return {std::nullopt, its + " are not the " + std::to_string(grid.height) + "x" +
                                std::to_string(grid.width) + " places of the patches " +
                                patch_text};
    const at::Tensor order = order_of_tokens(patches);
    if (!order.defined())
      return {std::nullopt, "where " + its +
                                " are in the picture cannot be told: how the patches " +
                                patch_text + " become tokens cannot be followed"};
    const std::optional<std::int64_t> first = others == 0 ? 0 : first_place(grid);
    if (!first) return {std::nullopt, "other tokens stand on both sides of the patches'"};
    grid.token.assign(static_cast<std::size_t>(grid.places()), -1);
    for (std::int64_t t = 0; t < grid.places(); ++t)
      grid.token[order[t].item<std::int64_t>()] = *first + t;
    if (std::count(grid.token.begin(), grid.token.end(), -1) > 0)
      return {std::nullopt, "some places of the patches " + patch_text + " have no token"};
    return {std::move(grid), ""};
  }

  // The place of each token, [h·w]; undefined where no value [N,h·w,C] was reached.
  at::Tensor order_of_tokens(const Placed& patches) const {
    std::deque<Placed> reached{patches};
    std::unordered_set<ValueId> seen{patches.value};
    for (; !reached.empty(); reached.pop_front()) {
      const auto& [value, place, height, width] = reached.front();
      if (place.dim() == 3 && place.size(1) == height * width &&
          at::eq(place, place.narrow(2, 0, 1)).all().item<bool>())
        return place[0].select(1, 0).contiguous();
      const auto readers = readers_.find(value);
      if (readers == readers_.end()) continue;
      for (const Node* node : readers->second) {
        const auto shape = shapes_.find(node->outputs[0]);
        if (shape == shapes_.end() || !seen.insert(node->outputs[0]).second) continue;
        const at::Tensor next = carried(*node, place, *shape->second);
        if (next.defined()) reached.push_back({node->outputs[0], next, height, width});
      }
    }
    return {};
  }

  // The places of what a node makes of its input's; undefined where it mixes them.
  static at::Tensor carried(const Node& node, const at::Tensor& place,
                            const std::vector<std::int64_t>& shape) {
    if (node.op == "Transpose") {
      std::vector<std::int64_t> axes = node.integers("perm");
      if (axes.empty())
        for (std::int64_t d = place.dim(); d-- > 0;) axes.push_back(d);
      return place.permute(axes);
    }
    if (is_one_of(node.op, {"Reshape", "Flatten", "Squeeze", "Unsqueeze"})) {
      std::int64_t items = 1;
      for (const std::int64_t d : shape) items *= d;
      return items == place.numel() ? place.reshape(shape) : at::Tensor();
    }
    const bool in_place =
        is_one_of(node.op, {"Identity", "Cast", "Dropout", "Add", "Sub", "Mul", "Div",
                            "BatchNormalization", "LayerNormalization", "Relu", "Gelu", "Clip",
                            "QuantizeLinear", "DequantizeLinear"});
    return in_place && place.sizes() == shape ? place : at::Tensor();
  }

  // Which token is the first of the patches', which the others stand before unless a Concat says
  // otherwise; none where they stand on both sides.
  std::optional<std::int64_t> first_place(const TokenGrid& grid) const {
    const std::int64_t others = grid.tokens - grid.places();
    for (const Node& node : graph_.nodes()) {
      if (node.op != "Concat" || !joins_tokens(node, grid.tokens)) continue;
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const auto shape = shapes_.find(node.inputs[i]);
        if (shape == shapes_.end() || (*shape->second)[1] != grid.places()) continue;
        if (i + 1 == node.inputs.size()) return others;
        if (i != 0) return std::nullopt;
        return 0;
      }
    }
    return others;
  }

  bool joins_tokens(const Node& node, std::int64_t tokens) const {
    const auto shape = shapes_.find(node.outputs[0]);
    if (shape == shapes_.end() || shape->second->size() != 3) return false;
    const std::int64_t axis = node.integer("axis", 0);
    return (axis < 0 ? axis + 3 : axis) == 1 && (*shape->second)[1] == tokens;
  }

  const Graph& graph_;
  const std::vector<ValueInfo>& values_;
  std::unordered_map<ValueId, const std::vector<std::int64_t>*> shapes_;
  std::unordered_map<ValueId, std::vector<const Node*>> readers_;
  std::int64_t rows_ = 1;  // pictures of a micro-batch
};

}  // namespace

AttentionSearch find_attention(const Graph& graph, const std::vector<ValueInfo>& values) {
  return Search(graph, values).run();
}

}  // namespace assay::network
