#include "assay/methods/attribution/layer.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"
#include "assay/network/gradient.h"
#include "assay/network/pass.h"

namespace assay::methods {

namespace {

using network::ValueInfo;

// Pictures of no meaning, of the shape that `values` belongs to.
at::Tensor trial_input(const network::Classifier& classifier, const ValueInfo& input) {
  std::int64_t items = 1;
  for (const std::int64_t d : input.shape) items *= d;
  const at::Tensor waves = at::arange(items, at::kDouble).mul(0.7).sin().reshape(input.shape);
  return classifier.input_size().uint8 ? waves.add(1).mul(127).to(at::kByte) : waves.to(at::kFloat);
}

// Values [rows,T,C], the last first: sums of two values that follow from the picture, else any.
std::vector<std::string> token_values(const network::Classifier& classifier,
                                      const std::vector<ValueInfo>& values, std::int64_t tokens) {
  const network::Graph& graph = classifier.graph();
  const auto on_path = [&](network::ValueId id) {
    return id != network::kNoValue &&
           std::any_of(values.begin(), values.end(),
                       [&](const ValueInfo& v) { return graph.find(v.name) == id; });
  };
  std::vector<std::string> sums, others;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    const auto& s = value->shape;
    if (s.size() != 3 || s[0] != values[0].shape[0] || s[1] != tokens) continue;
    const auto& node = graph.nodes()[graph.producer(graph.find(value->name))];
    const bool sum =
        node.op == "Add" && std::all_of(node.inputs.begin(), node.inputs.end(), on_path);
    (sum ? sums : others).push_back(value->name);
  }
  sums.insert(sums.end(), others.begin(), others.end());
  return sums;
}

// Whether the network goes on with convolutions or pooling after its last attention.
bool goes_on_with_pictures(const std::vector<ValueInfo>& values, const std::string& attention) {
  const auto last = std::find_if(values.begin(), values.end(),
                                 [&](const ValueInfo& v) { return v.name == attention; });
  return std::any_of(last, values.end(), [](const ValueInfo& v) {
    return v.shape.size() == 4 && v.shape[2] * v.shape[3] > 1 &&
           (v.op.find("Conv") != std::string::npos || v.op.find("Pool") != std::string::npos);
  });
}

at::Tensor tokens_of(const network::TokenGrid& grid) { return at::tensor(grid.token, at::kLong); }

}  // namespace

at::Tensor at_places(const network::TokenGrid& grid, const at::Tensor& tokens) {
  std::vector<std::int64_t> sizes = tokens.sizes().vec();
  sizes[1] = grid.height;
  sizes.insert(sizes.begin() + 2, grid.width);
  return tokens.index_select(1, tokens_of(grid)).reshape(sizes);
}

at::Tensor tokens_read(const network::Classifier& classifier, const at::Tensor& input,
                       const std::string& name, const at::Tensor& value) {
  const at::AutoGradMode record(true);
  const at::Tensor tokens = value.detach().requires_grad_(true);
  const at::Tensor logits = classifier.logits_from(input, name, tokens);
  // Unlike weights, so that no class cancels another.
  const at::Tensor weights = at::arange(logits.size(1), at::kFloat).mul(0.7).sin().add(1.5);
  const at::Tensor gradient = network::gradient(at::matmul(logits, weights).sum(), tokens);
  if (!gradient.defined()) return at::zeros({value.size(0), value.size(1)}, at::kBool);
  return at::ne(gradient, 0).flatten(2).any(2);
}

std::string default_layer(const network::Classifier& classifier, network::InputSize size) {
  if (classifier.reading() == network::Reading::kOpaque) return classifier.last_spatial_value(size);
  const auto values = classifier.values(size);
  const auto found = network::find_attention(classifier.graph(), values).attention;
  if (!found || goes_on_with_pictures(values, found->weights.back()))
    return classifier.last_spatial_value(size);
  const auto& grid = found->grid;
  const at::Tensor input = trial_input(classifier, values[0]);
  const std::vector<std::string> names = token_values(classifier, values, grid.tokens);
  if (names.empty()) return classifier.last_spatial_value(size);
  const auto pass = classifier.plain_forward(input, names);
  for (const std::string& name : names) {
    const at::Tensor read = tokens_read(classifier, input, name, pass.values.at(name));
    if (at_places(grid, read).any().item<bool>()) return name;
  }
  return classifier.last_spatial_value(size);
}

network::InputSize picture_size(const Question& question) {
  const at::Tensor pictures = channels_first(question.classifier, question.input);
  network::InputSize size;
  size.channels = static_cast<int>(pictures.size(1));
  size.height = static_cast<int>(pictures.size(2));
  size.width = static_cast<int>(pictures.size(3));
  return size;
}

network::Attention attention_of(const Question& question) {
  const auto& classifier = question.classifier;
  if (classifier.reading() == network::Reading::kOpaque)
    throw InputError(classifier.file(),
                     "runs as a black box (opaque), whose attention cannot be seen");
  auto search =
      network::find_attention(classifier.graph(), classifier.values(picture_size(question)));
  if (!search.attention) throw InputError(classifier.file(), search.obstacle);
  return *std::move(search.attention);
}

Cells::Cells(const Question& question) {
  const at::Tensor& value = question.value;
  if (value.dim() == 4) return;
  const std::string where = "layer " + question.layer;
  const std::string wanted =
      std::to_string(value.dim()) +
      " dimensions, a class activation map needs [N,C,h,w] or tokens [N,T,C]";
  if (value.dim() != 3) throw InputError(where, "has " + wanted);
  const auto search = network::find_attention(question.classifier.graph(),
                                              question.classifier.values(picture_size(question)));
  if (!search.attention)
    throw InputError(where, "has " + wanted + " of known places: " + search.obstacle);
  grid_ = search.attention->grid;
  if (value.size(0) != question.input.size(0) || value.size(1) != grid_->tokens)
    throw InputError(where, "is no row of the network's " + std::to_string(grid_->tokens) +
                                " tokens for each picture");
}

at::Tensor Cells::of(const at::Tensor& value) const {
  return grid_ ? at_places(*grid_, value).permute({0, 3, 1, 2}).contiguous() : value;
}

void Cells::clear(at::Tensor& value, std::int64_t row, std::int64_t c) const {
  if (grid_)
    value[row].select(1, c).index_fill_(0, tokens_of(*grid_), 0);
  else
    value[row][c].zero_();
}

}  // namespace assay::methods
