#include "assay/network/classifier.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/network/batch.h"
#include "assay/network/executor.h"
#include "assay/network/head.h"
#include "assay/network/onnx_reader.h"
#include "assay/network/operators.h"
#include "assay/network/pass.h"
#include "assay/network/picture_input.h"
#include "assay/network/spatial.h"

namespace assay::network {

struct Classifier::State {
  std::string file, sha256;
  InputDescription description;
  OutputDescription output;
  std::vector<std::string> labels;
  int classes = 0;
  PictureInput input;
  InputSize size;  // of the pictures; 0 where they may differ
  Head head;
  Batching batching;
  std::vector<bool> main_path;  // by ValueId: follows from the picture and leads to the logits
  mutable std::mutex mutex;
  mutable std::map<Shape, std::vector<ValueInfo>> values;  // by input shape
};

namespace {

std::vector<bool> main_path_of(const Graph& graph, const Executor& executor, ValueId logits) {
  std::vector<bool> on(graph.value_count(), false);
  on[logits] = executor.follows_from_data(logits);
  for (std::size_t n = graph.nodes().size(); n-- > 0;) {
    const Node& node = graph.nodes()[n];
    const bool leads = std::any_of(node.outputs.begin(), node.outputs.end(),
                                   [&](ValueId id) { return id != kNoValue && on[id]; });
    for (const ValueId id : node.inputs)
      if (leads && id != kNoValue && executor.follows_from_data(id)) on[id] = true;
  }
  return on;
}

// A final softmax is only undone where the logits found before it really give what the file gives.
Head proven_head(const Graph& graph, const Executor& executor, const PictureInput& input,
                 const at::Tensor& pictures, ValueId output, OutputKind kind) {
  const Head head = find_head(graph, output, kind);
  if (head.value == output) return head;
  const std::int64_t rows = pictures.size(0);
  Request request;
  request.given = {{input.value, pictures}};
  request.wanted = {head.value, output};
  request.input_shapes = {Shape(pictures.sizes().begin(), pictures.sizes().end())};
  const std::vector<at::Tensor> values = executor.run(request);
  const Node& last = *final_operator(graph, output, {"Softmax", "Sigmoid"});
  try {
    const at::Tensor raw = matrix_of(values[0], rows), said = matrix_of(values[1], rows);
    const at::Tensor meant = last.op == "Softmax" ? at::softmax(raw, 1) : at::sigmoid(raw);
    if (meant.sizes() == said.sizes() && at::allclose(meant, said, 0, 1e-5, true)) return head;
  } catch (const OperatorError&) {  // not one row a picture before the softmax
  }
  return {output, kind};
}

// `rows` made up to a multiple of the micro-batch by copies of the first, which the caller drops
// again.
at::Tensor padded(const at::Tensor& part, std::int64_t rows, std::int64_t wanted) {
  if (rows == wanted) return part;
  const std::int64_t each = part.size(0) / rows;
  std::vector<at::Tensor> parts = {part};
  for (std::int64_t i = rows; i < wanted; ++i) parts.push_back(part.narrow(0, 0, each));
  return at::cat(parts, 0);
}

at::Tensor joined(const std::vector<at::Tensor>& parts) {
  return parts.size() == 1 ? parts[0] : at::cat(parts, 0);
}

}  // namespace

Classifier::Classifier(std::shared_ptr<State> state) : state_(std::move(state)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

Classifier Classifier::open(const std::string& model, const InputDescription& description,
                            const OutputDescription& output, std::vector<std::string> labels) {
  OnnxModel read = read_onnx(model);
  const Graph& graph = *read.graph;
  auto state = std::make_shared<State>();
  state->file = model;
  state->sha256 = std::move(read.sha256);
  state->description = description;
  state->output = output;
  state->input = picture_input(graph, description.layout);
  state->size = described_size(graph, state->input, description);
  auto executor = make_differentiable_executor(read.graph);
  const ValueId value = described_output(graph, output);
  if (!executor->follows_from_data(value))
    throw InputError(model,
                     "the output \"" + graph.name(value) + "\" does not depend on the picture");

  const at::NoGradGuard no_grad;
  const InputSize tried = trial_size(state->size);
  const std::int64_t rows = std::clamp<std::int64_t>(state->input.batch, 1, 1024);
  const at::Tensor pictures = trial_pictures(state->input, tried, rows, description);
  state->head = proven_head(graph, *executor, state->input, pictures, value, output.kind);
  Request request;
  request.given = {{state->input.value, pictures}};
  request.wanted = {state->head.value};
  request.input_shapes = {Shape(pictures.sizes().begin(), pictures.sizes().end())};
  try {
    state->classes =
        static_cast<int>(logits_of(state->head, executor->run(request)[0], rows).size(1));
  } catch (const OperatorError& error) {
    throw InputError(model, "the output \"" + graph.name(value) + "\" has " + error.what());
  }
  if (labels.empty())
    for (int k = 0; k < state->classes; ++k) labels.push_back(std::to_string(k));
  if (static_cast<int>(labels.size()) != state->classes)
    throw InputError(model, "the model has " + std::to_string(state->classes) + " classes, but " +
                                std::to_string(labels.size()) + " labels are given");
  state->labels = std::move(labels);
  const bool same_size = state->size.height > 0 && state->size.width > 0;
  state->batching = find_batching(read.graph, std::move(executor), state->input, tried, same_size,
                                  description, state->head);
  state->main_path =
      main_path_of(*state->batching.graph, *state->batching.executor, state->head.value);
  return Classifier(std::move(state));
}

const std::string& Classifier::file() const { return state_->file; }
const std::string& Classifier::sha256() const { return state_->sha256; }
const InputDescription& Classifier::input() const { return state_->description; }
const OutputDescription& Classifier::output() const { return state_->output; }
int Classifier::classes() const { return state_->classes; }
const std::vector<std::string>& Classifier::labels() const { return state_->labels; }
InputSize Classifier::input_size() const { return state_->input.size; }
int Classifier::micro_batch() const { return state_->batching.rows; }
const Graph& Classifier::graph() const { return *state_->batching.graph; }

std::vector<ValueInfo> Classifier::values(InputSize size) const {
  const State& s = *state_;
  if (size.height == 0 && size.width == 0 && size.channels == 0) size = trial_size(s.size);
  size.uint8 = s.input.size.uint8;
  const Shape shape = s.input.shape(size, s.batching.rows);
  {
    const std::lock_guard lock(s.mutex);
    if (const auto it = s.values.find(shape); it != s.values.end()) return it->second;
  }
  const at::NoGradGuard no_grad;
  const Graph& graph = *s.batching.graph;
  std::vector<ValueInfo> infos = {{s.input.name, "Input", shape}};
  Request request;
  request.given = {{s.input.value, trial_pictures(s.input, size, s.batching.rows, s.description)}};
  request.wanted = {s.head.value};
  request.input_shapes = {shape};
  request.observe = [&](ValueId id, const at::Tensor& tensor) {
    if (s.main_path[id])
      infos.push_back({graph.name(id),
                       graph.nodes()[graph.producer(id)].op,
                       {tensor.sizes().begin(), tensor.sizes().end()}});
  };
  s.batching.executor->run(request);
  const std::lock_guard lock(s.mutex);
  if (s.values.size() >= 16) s.values.clear();
  return s.values.emplace(shape, std::move(infos)).first->second;
}

std::string Classifier::last_spatial_value(InputSize size) const {
  return network::last_spatial_value(graph(), values(size));
}

std::string Classifier::value_named(const std::string& name) const {
  const Graph& g = graph();
  if (g.find(name) != kNoValue) return name;
  std::vector<std::string> names;
  for (ValueId id = 0; id < g.value_count(); ++id)
    if (state_->main_path[id]) names.push_back(g.name(id));
  const std::string near = nearest(name, names);
  throw InputError(state_->file, "no value \"" + name + "\" in the network" +
                                     (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

namespace {

// The value whose name a caller gave, which must have rows of pictures.
ValueId data_value(const Graph& graph, const Executor& executor, const std::string& name) {
  const ValueId id = graph.find(name);
  if (id == kNoValue) throw InputError(graph.file(), "no value \"" + name + "\" in the network");
  if (!executor.follows_from_data(id))
    throw InputError(graph.file(), "the value \"" + name + "\" does not depend on the picture");
  return id;
}

// How many rows of a value belong to one picture.
std::int64_t rows_each(const Graph& graph, const std::string& name, const at::Tensor& tensor,
                       std::int64_t pictures) {
  if (tensor.dim() < 1 || tensor.size(0) == 0 || tensor.size(0) % pictures != 0)
    throw InputError(graph.file(), "the value \"" + name + "\" has shape " +
                                       shape_text({tensor.sizes().begin(), tensor.sizes().end()}) +
                                       " for " + std::to_string(pictures) +
                                       " pictures: its first dimension is not the batch");
  return tensor.size(0) / pictures;
}

void check_pictures(const Graph& graph, const PictureInput& input, const at::Tensor& pictures) {
  const auto type = pictures.scalar_type();
  if (type != at::kFloat && !(type == at::kByte && input.size.uint8))
    throw BugError("pictures must be float32, or uint8 where the file takes it");
  const Shape own(pictures.sizes().begin(), pictures.sizes().end());
  bool fits = own.size() == 4 && own[0] > 0;
  if (fits) {
    const Shape wanted = input.shape(input.size, 0);  // 0 where free
    for (std::size_t d = 1; d < 4; ++d) fits = fits && (wanted[d] == 0 || wanted[d] == own[d]);
  }
  if (!fits)
    throw InputError(graph.file(), "the model's input " + shape_text(graph.inputs().front().shape) +
                                       " cannot take pictures of shape " + shape_text(own));
}

}  // namespace

Pass Classifier::forward(const at::Tensor& input, std::span<const std::string> keep) const {
  const State& s = *state_;
  const at::NoGradGuard no_grad;
  const Graph& graph = *s.batching.graph;
  check_pictures(graph, s.input, input);
  Request request;
  request.wanted = {s.head.value};
  for (const std::string& name : keep)
    request.wanted.push_back(data_value(graph, *s.batching.executor, name));

  const std::int64_t pictures = input.size(0), batch = s.batching.rows;
  std::vector<at::Tensor> logits;
  std::vector<std::vector<at::Tensor>> kept(keep.size());
  for (std::int64_t first = 0; first < pictures; first += batch) {
    const std::int64_t rows = std::min(batch, pictures - first);
    const at::Tensor part = padded(input.narrow(0, first, rows), rows, batch);
    request.given = {{s.input.value, part}};
    request.input_shapes = {Shape(part.sizes().begin(), part.sizes().end())};
    const std::vector<at::Tensor> values = s.batching.executor->run(request);
    logits.push_back(logits_of(s.head, values[0], batch).narrow(0, 0, rows));
    for (std::size_t k = 0; k < keep.size(); ++k) {
      const std::int64_t each = rows_each(graph, keep[k], values[k + 1], batch);
      kept[k].push_back(values[k + 1].narrow(0, 0, rows * each));
      // A view would hold on to the padding's rows.
      if (rows < batch) kept[k].back() = kept[k].back().clone();
    }
  }
  Pass pass;
  pass.logits = joined(logits);
  for (std::size_t k = 0; k < keep.size(); ++k) pass.values[keep[k]] = joined(kept[k]);
  return pass;
}

at::Tensor Classifier::logits_from(const at::Tensor& input, const std::string& name,
                                   const at::Tensor& value) const {
  const State& s = *state_;
  const Graph& graph = *s.batching.graph;
  const ValueId id = data_value(graph, *s.batching.executor, name);
  if (id == s.input.value) return logits(value);
  if (!s.main_path[id])
    throw InputError(s.file, "the value \"" + name + "\" does not lead to the logits");
  if (input.defined()) check_pictures(graph, s.input, input);
  const std::int64_t pictures = input.defined() ? input.size(0) : value.size(0);
  const std::int64_t each = rows_each(graph, name, value, pictures);
  const std::int64_t batch = s.batching.rows;
  Request request;
  request.wanted = {s.head.value};
  std::vector<at::Tensor> logits;
  for (std::int64_t first = 0; first < pictures; first += batch) {
    const std::int64_t rows = std::min(batch, pictures - first);
    request.given = {{id, padded(value.narrow(0, first * each, rows * each), rows, batch)}};
    if (input.defined()) {
      const at::Tensor part = padded(input.narrow(0, first, rows), rows, batch);
      request.given.push_back({s.input.value, part});
      request.input_shapes = {Shape(part.sizes().begin(), part.sizes().end())};
    } else {
      request.input_shapes = {s.input.shape(trial_size(s.size), batch)};
    }
    logits.push_back(
        logits_of(s.head, s.batching.executor->run(request)[0], batch).narrow(0, 0, rows));
  }
  return joined(logits);
}

at::Tensor Classifier::logits(const at::Tensor& input) const {
  const State& s = *state_;
  check_pictures(*s.batching.graph, s.input, input);
  const std::int64_t pictures = input.size(0), batch = s.batching.rows;
  Request request;
  request.wanted = {s.head.value};
  std::vector<at::Tensor> logits;
  for (std::int64_t first = 0; first < pictures; first += batch) {
    const std::int64_t rows = std::min(batch, pictures - first);
    const at::Tensor part = padded(input.narrow(0, first, rows), rows, batch);
    request.given = {{s.input.value, part}};
    request.input_shapes = {Shape(part.sizes().begin(), part.sizes().end())};
    logits.push_back(
        logits_of(s.head, s.batching.executor->run(request)[0], batch).narrow(0, 0, rows));
  }
  return joined(logits);
}

}  // namespace assay::network
