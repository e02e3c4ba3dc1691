#include "assay/network/dropout.h"

#include <algorithm>
#include <set>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/seed.h"

namespace assay::network {

namespace {

double rate_of(const Graph& graph, const Node& node) {
  if (node.inputs.size() > 1 && node.inputs[1] != kNoValue) {
    const at::Tensor* ratio = graph.constant(node.inputs[1]);
    return ratio && ratio->numel() == 1 ? ratio->item<double>() : 0.5;
  }
  return static_cast<double>(node.number("ratio", 0.5F));
}

// By node: whether the logits follow from it.
std::vector<bool> leading_nodes(const Graph& graph, ValueId result) {
  std::vector<bool> leads(graph.nodes().size(), false), wanted(graph.value_count(), false);
  wanted[result] = true;
  for (std::size_t i = graph.nodes().size(); i-- > 0;) {
    const Node& node = graph.nodes()[i];
    leads[i] = std::any_of(node.outputs.begin(), node.outputs.end(),
                           [&](ValueId v) { return v != kNoValue && wanted[v]; });
    if (!leads[i]) continue;
    for (const ValueId v : node.inputs)
      if (v != kNoValue) wanted[v] = true;
  }
  return leads;
}

bool drops(const Graph& graph, const Node& node) {
  return node.op == "Dropout" && !node.inputs.empty() && !node.outputs.empty() &&
         node.outputs[0] != kNoValue && rate_of(graph, node) > 0;
}

}  // namespace

std::vector<DropoutPlace> dropout_places(const Classifier& classifier) {
  std::vector<DropoutPlace> places;
  if (classifier.reading() != Reading::kGraph) return places;
  const Graph& graph = classifier.graph();
  const auto leads = leading_nodes(graph, classifier.head().value);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (leads[i] && drops(graph, node))
      places.push_back({graph.name(node.inputs[0]), rate_of(graph, node), false});
  }
  return places;
}

DropoutSampler::DropoutSampler(const Classifier& classifier, const std::vector<DropoutPlace>& more)
    : graph_(std::make_shared<const Graph>(classifier.graph())),
      input_(picture_input(*graph_, classifier.input().layout)),
      head_(classifier.head()) {
  if (classifier.reading() != Reading::kGraph)
    throw InputError(classifier.file(), "is run as a black box: nothing inside can be dropped");
  executor_ = make_differentiable_executor(graph_);
  const Graph& graph = *graph_;
  const auto leads = leading_nodes(graph, head_.value);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (!leads[i] || !drops(graph, node) || !executor_->follows_from_data(node.outputs[0]))
      continue;
    places_.push_back({graph.name(node.inputs[0]), rate_of(graph, node), false});
    cuts_.push_back({node.inputs[0], node.outputs[0], static_cast<int>(i), {}, places_.size() - 1});
  }
  for (const DropoutPlace& place : more) {
    const ValueId value = graph.find(classifier.value_named(place.value));
    const bool read = value == head_.value ||
                      std::any_of(graph.nodes().begin(), graph.nodes().end(), [&](const Node& n) {
                        return leads[static_cast<std::size_t>(&n - graph.nodes().data())] &&
                               std::find(n.inputs.begin(), n.inputs.end(), value) != n.inputs.end();
                      });
    if (!read || !executor_->follows_from_data(value))
      throw InputError(classifier.file(), "the value \"" + place.value +
                                              "\" does not lead from the picture to the logits");
    places_.push_back(place);
    cuts_.push_back({value, value, graph.producer(value) + 1, {}, places_.size() - 1});
  }
  if (cuts_.empty())
    throw InputError(
        classifier.file(),
        "has no dropout: name the value and rate to drop (as the layer's training had)");
  // A value that is dropped from is what the Dropout node behind it reads.
  std::stable_sort(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) {
    return a.node != b.node ? a.node < b.node : a.source == a.target && b.source != b.target;
  });
  for (Cut& cut : cuts_) {
    std::set<ValueId> live;
    const auto made_before = [&](ValueId v) {
      return v != kNoValue && graph.producer(v) < cut.node && !graph.constant(v) &&
             executor_->follows_from_data(v);
    };
    for (std::size_t i = static_cast<std::size_t>(cut.node); i < graph.nodes().size(); ++i) {
      const Node& node = graph.nodes()[i];
      if (!leads[i] || (cut.source != cut.target && node.outputs[0] == cut.target)) continue;
      for (const ValueId v : node.inputs)
        if (made_before(v)) live.insert(v);
    }
    if (made_before(head_.value)) live.insert(head_.value);
    live.erase(cut.target);
    cut.live.assign(live.begin(), live.end());
  }
}

std::vector<ValueId> DropoutSampler::wanted_at(std::size_t cut) const {
  std::vector<ValueId> wanted = cuts_[cut].live;
  if (std::find(wanted.begin(), wanted.end(), cuts_[cut].source) == wanted.end())
    wanted.push_back(cuts_[cut].source);
  return wanted;
}

DropoutSampler::Values DropoutSampler::run(const Values& given, const std::vector<ValueId>& wanted,
                                           const Shape& input_shape) const {
  Request request;
  for (const auto& [value, tensor] : given) request.given.push_back({value, tensor});
  request.wanted = wanted;
  request.input_shapes = {input_shape};
  std::vector<at::Tensor> tensors = executor_->run(request);
  Values values;
  for (std::size_t i = 0; i < wanted.size(); ++i) values[wanted[i]] = std::move(tensors[i]);
  return values;
}

DropoutSampler::Prefix DropoutSampler::prefix(const at::Tensor& input) const {
  const at::NoGradGuard no_grad;
  Prefix prefix;
  prefix.input_shape = Shape(input.sizes().begin(), input.sizes().end());
  prefix.values = run({{input_.value, as_taken(input_, input)}}, wanted_at(0), prefix.input_shape);
  return prefix;
}

at::Tensor DropoutSampler::dropped(const at::Tensor& value, const Cut& cut, std::uint64_t seed,
                                   std::span<const std::uint64_t> items,
                                   std::int64_t sample) const {
  const auto rows = static_cast<std::int64_t>(items.size());
  if (value.dim() < 1 || value.size(0) % rows != 0)
    throw InputError(graph_->file(), "the first dimension of \"" + places_[cut.place].value +
                                         "\" is not the pictures'");
  const DropoutPlace& place = places_[cut.place];
  std::vector<std::int64_t> sizes(value.sizes().begin(), value.sizes().end());
  if (place.channels)
    for (std::size_t d = 2; d < sizes.size(); ++d) sizes[d] = 1;
  at::Tensor mask = at::empty(sizes, at::kFloat);
  const std::int64_t each = mask.numel() / rows;
  const float kept = place.rate < 1 ? static_cast<float>(1 / (1 - place.rate)) : 0;
  const double limit = place.rate * 4294967296.0;
  for (std::int64_t r = 0; r < rows; ++r) {
    Stream stream(seed, "dropout/" + std::to_string(cut.place) + "/" + std::to_string(sample),
                  items[static_cast<std::size_t>(r)]);
    float* m = mask.data_ptr<float>() + r * each;
    // Two draws of 32 bits from each of 64.
    for (std::int64_t i = 0; i < each; i += 2) {
      const std::uint64_t bits = stream();
      m[i] = static_cast<double>(bits & 0xffffffffU) < limit ? 0 : kept;
      if (i + 1 < each) m[i + 1] = static_cast<double>(bits >> 32U) < limit ? 0 : kept;
    }
  }
  return value * mask.to(value.scalar_type());
}

at::Tensor DropoutSampler::logits(const Prefix& prefix, std::uint64_t seed,
                                  std::span<const std::uint64_t> items, std::int64_t sample) const {
  const at::NoGradGuard no_grad;
  Values values = prefix.values;
  for (std::size_t i = 0; i < cuts_.size(); ++i) {
    const Cut& cut = cuts_[i];
    Values given;
    for (const ValueId v : cut.live) given[v] = values.at(v);
    given[cut.target] = dropped(values.at(cut.source), cut, seed, items, sample);
    values = run(given, i + 1 < cuts_.size() ? wanted_at(i + 1) : std::vector<ValueId>{head_.value},
                 prefix.input_shape);
  }
  return logits_of(head_, values.at(head_.value), static_cast<std::int64_t>(items.size()));
}

}  // namespace assay::network
