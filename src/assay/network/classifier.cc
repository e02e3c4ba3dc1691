#include "assay/network/classifier.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/network/classifier_state.h"
#include "assay/network/model_reader.h"
#include "assay/network/numerics.h"
#include "assay/network/operators.h"
#include "assay/network/pass.h"
#include "assay/network/spatial.h"

namespace assay::network {

namespace {

constexpr double kInferenceTolerance = 1e-4;  // of the largest logit

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

// The inference executor for the micro-batch, where its logits are those of the differentiable one.
std::unique_ptr<Executor> proven_inference(const Batching& batching, const PictureInput& input,
                                           const at::Tensor& pictures, ValueId logits) {
  Request request;
  request.given = {{input.value, pictures}};
  request.wanted = {logits};
  request.input_shapes = {Shape(pictures.sizes().begin(), pictures.sizes().end())};
  auto inference =
      make_inference_executor(batching.graph, batching.executor, request.given[0], logits);
  if (!inference) return nullptr;
  const at::Tensor expected = batching.executor->run(request)[0];
  const at::Tensor got = inference->run(request)[0];
  const double scale = expected.numel() ? at::max(at::abs(expected)).item<double>() : 0;
  const bool equal = std::isfinite(scale) && got.sizes() == expected.sizes() &&
                     at::allclose(got, expected, 0, kInferenceTolerance * scale);
  return equal ? std::move(inference) : nullptr;
}

}  // namespace

Classifier::Classifier(std::shared_ptr<State> state) : state_(std::move(state)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

Classifier Classifier::open(const std::string& model, const InputDescription& description,
                            const OutputDescription& output, std::vector<std::string> labels,
                            Reading reading) try {
  const InputSize promised = described_size(Graph(model), {}, description);
  ReadModel read = read_model(model, promised, description.layout, reading);
  const Graph& graph = *read.graph;
  auto state = std::make_shared<State>();
  state->file = model;
  state->sha256 = std::move(read.sha256);
  state->description = description;
  state->output = output;
  state->reading = reading;
  state->input = picture_input(graph, description.layout);
  state->size = described_size(graph, state->input, description);
  std::shared_ptr<const Executor> executor = std::move(read.executor);
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
  state->take(find_batching(read.graph, std::move(executor), state->input, tried, same_size,
                            description, state->head));
  state->main_path =
      main_path_of(*state->batching.graph, *state->batching.executor, state->head.value);
  return Classifier(std::move(state));
} catch (const std::bad_alloc& error) {
  throw InputError(model, "does not fit into memory: " + memory_refusal(error));
}

void Classifier::State::take(Batching network) {
  batching = std::move(network);
  const bool same_size = size.height > 0 && size.width > 0;
  if (same_size && reading == Reading::kGraph)
    inference = proven_inference(
        batching, input, trial_pictures(input, trial_size(size), batching.rows, description),
        head.value);
  patched = std::make_unique<const PatchedPass>(
      batching, input, head, inference != nullptr, [this](const at::Tensor& pictures) {
        return pass(inference ? *inference : *batching.executor, pictures, {}).logits;
      });
}

const std::string& Classifier::file() const { return state_->file; }
const std::string& Classifier::sha256() const { return state_->sha256; }
const InputDescription& Classifier::input() const { return state_->description; }
const OutputDescription& Classifier::output() const { return state_->output; }
Reading Classifier::reading() const { return state_->reading; }
int Classifier::classes() const { return state_->classes; }
const std::vector<std::string>& Classifier::labels() const { return state_->labels; }
InputSize Classifier::input_size() const { return state_->input.size; }
int Classifier::micro_batch() const { return state_->batching.rows; }
std::int64_t Classifier::pictures_run() const { return *state_->pictures_run; }

std::uint64_t Classifier::fingerprint() const {
  std::uint64_t hash = 0;
  for (ValueId id = 0; id < graph().value_count(); ++id) {
    const at::Tensor* constant = graph().constant(id);
    if (!constant) continue;
    const at::Tensor items = constant->detach().contiguous();
    const auto* bytes = static_cast<const char*>(items.data_ptr());
    const std::size_t size = static_cast<std::size_t>(items.numel()) * items.element_size();
    // Four lanes, so that the multiplications do not wait for each other.
    std::uint64_t lanes[4] = {size, 1, 2, 3};
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15u;
    for (std::size_t at = 0; at < size; at += sizeof lanes) {
      std::uint64_t words[4] = {};
      std::memcpy(words, bytes + at, std::min(sizeof words, size - at));
      for (int l = 0; l < 4; ++l) lanes[l] = (lanes[l] ^ words[l]) * kOdd;
    }
    for (const std::uint64_t lane : lanes) hash = ((hash ^ (lane >> 29)) + lane) * kOdd;
  }
  return hash;
}

const Graph& Classifier::graph() const { return *state_->batching.graph; }
const Head& Classifier::head() const { return state_->head; }

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
  if (reading() == Reading::kOpaque)
    throw InputError(file(), "runs as a black box (opaque), which has no layers");
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

// One micro-batch: `rows` pictures from `first` on, and copies of one of them up to its full size.
Request Classifier::State::request_for(const at::Tensor& pictures, const Cut* cut,
                                       std::int64_t first, std::int64_t rows) const {
  Request request;
  if (cut) {
    const at::Tensor part =
        cut->given.tensor.narrow(0, first * cut->rows_each, rows * cut->rows_each);
    request.given.push_back({cut->given.value, padded(part, rows, batching.rows)});
  }
  if (pictures.defined()) {
    const at::Tensor part = padded(pictures.narrow(0, first, rows), rows, batching.rows);
    request.given.push_back({input.value, as_taken(input, part)});
    request.input_shapes = {Shape(part.sizes().begin(), part.sizes().end())};
  } else {
    request.input_shapes = {input.shape(trial_size(size), batching.rows)};
  }
  return request;
}

std::vector<at::Tensor> Classifier::State::run(const Executor& executor, const at::Tensor& pictures,
                                               const Cut* cut, std::span<const std::string> keep,
                                               const Observe& observe) const try {
  const Graph& graph = *batching.graph;
  std::vector<ValueId> wanted = {head.value};
  for (const std::string& name : keep) wanted.push_back(data_value(graph, executor, name));
  const std::int64_t count =
      pictures.defined() ? pictures.size(0) : cut->given.tensor.size(0) / cut->rows_each;
  const std::int64_t batch = batching.rows;
  std::vector<std::vector<at::Tensor>> parts(wanted.size());
  for (std::int64_t first = 0; first < count; first += batch) {
    const std::int64_t rows = std::min(batch, count - first);
    Request request = request_for(pictures, cut, first, rows);
    request.wanted = wanted;
    if (observe)
      request.observe = [&](ValueId id, const at::Tensor& value) {
        if (graph.producer(id) >= 0) observe(graph.nodes()[graph.producer(id)], value);
      };
    if (!cut) *pictures_run += batch;
    std::vector<at::Tensor> values = executor.run(request);
    values[0] = logits_of(head, values[0], batch);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t each = i == 0 ? 1 : rows_each(graph, keep[i - 1], values[i], batch);
      parts[i].push_back(values[i].narrow(0, 0, rows * each));
      // A view of a kept value would hold on to the padding's rows.
      if (i > 0 && rows < batch) parts[i].back() = parts[i].back().clone();
    }
  }
  std::vector<at::Tensor> joined;
  for (const auto& of_value : parts)
    joined.push_back(of_value.size() == 1 ? of_value[0] : at::cat(of_value, 0));
  return joined;
} catch (const std::bad_alloc& error) {
  throw InputError(file, "a pass does not fit into memory: " + memory_refusal(error));
}

at::Tensor Classifier::State::value_of(const at::Tensor& pictures, const std::string& name) const
    try {
  const Graph& graph = *batching.graph;
  const ValueId id = data_value(graph, *batching.executor, name);
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < pictures.size(0); first += batching.rows) {
    const std::int64_t rows = std::min<std::int64_t>(batching.rows, pictures.size(0) - first);
    Request request = request_for(pictures, nullptr, first, rows);
    request.wanted = {id};
    const at::Tensor value = batching.executor->run(request)[0];
    parts.push_back(value.narrow(0, 0, rows * rows_each(graph, name, value, batching.rows)));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 0);
} catch (const std::bad_alloc& error) {
  throw InputError(file, "a pass does not fit into memory: " + memory_refusal(error));
}

Pass Classifier::State::pass(const Executor& executor, const at::Tensor& pictures,
                             std::span<const std::string> keep) const {
  const at::NoGradGuard no_grad;
  check_pictures(*batching.graph, input, pictures);
  std::vector<at::Tensor> all = run(executor, pictures, nullptr, keep);
  Pass pass;
  pass.logits = std::move(all[0]);
  for (std::size_t k = 0; k < keep.size(); ++k) {
    // Quantised values are whole numbers; as floats they can be asked for gradients.
    const bool whole = at::isIntegralType(all[k + 1].scalar_type(), /*includeBool=*/true);
    pass.values[keep[k]] = whole ? all[k + 1].to(at::kFloat) : std::move(all[k + 1]);
  }
  return pass;
}

Pass Classifier::forward(const at::Tensor& input, std::span<const std::string> keep) const {
  return state_->pass(state_->inference ? *state_->inference : *state_->batching.executor, input,
                      keep);
}

at::Tensor Classifier::pixel_logits(const at::Tensor& input, bool slopes) const {
  if (output().kind != OutputKind::kSegmentation)
    throw BugError(file() + " gives no pixels' logits");
  const std::string& name = graph().name(head().value);
  if (slopes) return pixel_logits_of(value_of(input, name), input.size(0));
  const std::vector<std::string> keep{name};
  for (auto& [kept, value] : forward(input, keep).values)
    if (kept == name) return pixel_logits_of(value, input.size(0));
  throw BugError("a value that was to be kept is not there");
}

Pass Classifier::plain_forward(const at::Tensor& input, std::span<const std::string> keep) const {
  return state_->pass(*state_->batching.executor, input, keep);
}

at::Tensor Classifier::patched_logits(const at::Tensor& picture, PatchSize size,
                                      const std::vector<Place>& places, const Pixels& pixels) const
    try {
  check_pictures(graph(), state_->input, picture);
  return state_->patched->logits(picture, size, places, pixels);
} catch (const std::bad_alloc& error) {
  throw InputError(file(), "a pass does not fit into memory: " + memory_refusal(error));
}

at::Tensor Classifier::logits_from(const at::Tensor& input, const std::string& name,
                                   const at::Tensor& value) const {
  const ValueId id = data_value(graph(), *state_->batching.executor, name);
  if (id == state_->input.value) return logits(value);
  if (!state_->main_path[id])
    throw InputError(file(), "the value \"" + name + "\" does not lead to the logits");
  if (input.defined()) check_pictures(graph(), state_->input, input);
  const std::int64_t pictures = input.defined() ? input.size(0) : value.dim() ? value.size(0) : 1;
  const State::Cut cut{{id, value}, rows_each(graph(), name, value, pictures)};
  return state_->run(*state_->batching.executor, input, &cut, {})[0];
}

at::Tensor Classifier::logits(const at::Tensor& input, const Observe& observe) const {
  check_pictures(graph(), state_->input, input);
  return state_->run(*state_->batching.executor, input, nullptr, {}, observe)[0];
}

at::Tensor Classifier::value_of(const at::Tensor& input, const std::string& name) const {
  check_pictures(graph(), state_->input, input);
  return state_->value_of(input, name);
}

}  // namespace assay::network
