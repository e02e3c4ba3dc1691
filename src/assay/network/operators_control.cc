// Control flow whose course is not known before the model runs: If, Loop, Scan.
//
// An If with a constant condition never gets here (onnx_graph.h). A body runs node by node; what it
// reads from around it follows the node's own inputs.
#include <algorithm>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kMostTrips = 1 << 16;

class Body {
 public:
  explicit Body(const GraphPointer& graph) : graph_(graph) {
    if (!graph_) refuse("an inner graph is missing");
    kernels_ = make_kernels(*graph_);
  }
  std::size_t inputs() const { return graph_->inputs().size(); }
  // Without those that it reads from around it.
  std::size_t own_inputs() const {
    return static_cast<std::size_t>(
        std::count_if(graph_->inputs().begin(), graph_->inputs().end(),
                      [](const GraphInput& input) { return input.type != kOuterInput; }));
  }
  std::size_t outputs() const { return graph_->outputs().size(); }

  // `given`: one an input of the graph.
  Outputs run(const std::vector<at::Tensor>& given) const {
    if (given.size() != inputs())
      refuse("an inner graph has " + std::to_string(inputs()) + " inputs, not " +
             std::to_string(given.size()));
    std::vector<at::Tensor> values(static_cast<std::size_t>(graph_->value_count()));
    for (ValueId id = 0; id < graph_->value_count(); ++id)
      if (const at::Tensor* constant = graph_->constant(id)) values[id] = *constant;
    for (std::size_t i = 0; i < given.size(); ++i) values[graph_->inputs()[i].value] = given[i];
    for (std::size_t n = 0; n < kernels_.size(); ++n) {
      const Node& node = graph_->nodes()[n];
      std::vector<const at::Tensor*> arguments;
      for (const ValueId id : node.inputs)
        arguments.push_back(id == kNoValue || !values[id].defined() ? nullptr : &values[id]);
      Outputs made = call(*graph_, node, kernels_[n], Inputs(arguments));
      for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (node.outputs[i] != kNoValue) values[node.outputs[i]] = std::move(made[i]);
    }
    Outputs outputs;
    for (const ValueId id : graph_->outputs()) outputs.push_back(values[id]);
    return outputs;
  }

 private:
  GraphPointer graph_;
  std::vector<Kernel> kernels_;
};

bool truth(const at::Tensor& t) {
  if (t.numel() != 1) refuse("a condition must be a single truth value");
  return t.to(at::kBool).item<bool>();
}

std::vector<at::Tensor> tensors(const Inputs& in, std::size_t from, std::size_t count) {
  std::vector<at::Tensor> all;
  for (std::size_t i = from; i < from + count; ++i) all.push_back(in.has(i) ? in[i] : at::Tensor());
  return all;
}

// Counts the trips of a loop together with those of the loops around and inside it.
class Course {
 public:
  Course() {
    if (depth_++ == 0) trips_ = 0;
  }
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;
  ~Course() { --depth_; }
  void step() const {
    if (++trips_ > kMostTrips)
      refuse("more than " + std::to_string(kMostTrips) +
             " trips, with those of loops inside loops");
  }

 private:
  static thread_local inline int depth_ = 0;
  static thread_local inline std::int64_t trips_ = 0;
};

at::Tensor stacked(const std::vector<at::Tensor>& parts, std::int64_t axis) {
  if (parts.empty()) return at::empty({0}, at::kFloat);
  Shape shape(parts[0].sizes().begin(), parts[0].sizes().end());
  shape.push_back(static_cast<std::int64_t>(parts.size()));
  check_shape(shape, static_cast<std::int64_t>(parts[0].element_size()));
  return at::stack(parts, axis);
}

std::vector<std::int64_t> filled(std::vector<std::int64_t> numbers, std::size_t size) {
  if (!numbers.empty() && numbers.size() != size) refuse("wanted one axis or direction each");
  numbers.resize(size, 0);
  return numbers;
}

Kernel if_kernel(const Node& node) {
  const Body then_branch(node.body("then_branch")), else_branch(node.body("else_branch"));
  return [=](const Inputs& in) {
    if (truth(in[0])) return then_branch.run(tensors(in, 1, then_branch.inputs()));
    return else_branch.run(tensors(in, 1 + then_branch.inputs(), else_branch.inputs()));
  };
}

// Nested loops multiply, so that a small file could keep the processor busy for ever.
void refuse_loops(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (node.op == "Loop" || node.op == "Scan") refuse("a loop within a loop is not supported");
    for (const auto& [name, attribute] : node.attributes)
      if (const auto* body = std::get_if<GraphPointer>(&attribute)) refuse_loops(**body);
  }
}

// (trips, condition, carried …) → body (trip, condition, carried …) → (condition, carried …,
// scanned …); what is scanned is stacked.
Kernel loop(const Node& node) {
  const Body body(node.body("body"));
  refuse_loops(*node.body("body"));
  if (body.own_inputs() < 2) refuse("the body has no trip count and condition");
  const std::size_t carried = body.own_inputs() - 2;
  if (body.outputs() < 1 + carried) refuse("the body has too few outputs");
  return [=](const Inputs& in) -> Outputs {
    const std::int64_t trips = in.has(0) ? integer_of(in[0], "the trip count") : INT64_MAX;
    bool goes_on = !in.has(1) || truth(in[1]);
    const Course course;
    std::vector<at::Tensor> given = tensors(in, 0, body.inputs());
    std::vector<std::vector<at::Tensor>> scanned(body.outputs() - 1 - carried);
    for (std::int64_t trip = 0; trip < trips && goes_on; ++trip) {
      course.step();
      given[0] = at::scalar_tensor(trip, at::kLong);
      given[1] = at::scalar_tensor(goes_on, at::kBool);
      const Outputs made = body.run(given);
      goes_on = truth(made[0]);
      for (std::size_t i = 0; i < carried; ++i) given[2 + i] = made[1 + i];
      for (std::size_t i = 0; i < scanned.size(); ++i) scanned[i].push_back(made[1 + carried + i]);
    }
    Outputs outputs(given.begin() + 2, given.begin() + 2 + static_cast<std::ptrdiff_t>(carried));
    for (const auto& parts : scanned) outputs.push_back(stacked(parts, 0));
    return outputs;
  };
}

// (state …, scanned …) → body (state …, a slice of each) → (state …, a slice of each result)
Kernel scan(const Node& node) {
  if (node.opset < 9) refuse("the form that Scan had before operator set 9 is not supported");
  const Body body(node.body("body"));
  refuse_loops(*node.body("body"));
  const auto scans = static_cast<std::size_t>(node.integer("num_scan_inputs", 0));
  if (scans < 1 || scans > body.own_inputs()) refuse("num_scan_inputs is out of range");
  const std::size_t states = body.own_inputs() - scans;
  if (body.outputs() < states) refuse("the body has too few outputs");
  const std::size_t results = body.outputs() - states;
  const auto axes = filled(node.integers("scan_input_axes"), scans);
  const auto backwards = filled(node.integers("scan_input_directions"), scans);
  const auto result_axes = filled(node.integers("scan_output_axes"), results);
  const auto results_backwards = filled(node.integers("scan_output_directions"), results);
  return [=](const Inputs& in) -> Outputs {
    std::vector<at::Tensor> given = tensors(in, 0, body.inputs());
    std::vector<std::vector<at::Tensor>> made_slices(results);
    const auto axis = [&](std::size_t i) { return axis_of(axes[i], in[states + i].dim()); };
    const std::int64_t trips = in[states].size(axis(0));
    const Course course;
    for (std::size_t i = 1; i < scans; ++i)
      if (in[states + i].size(axis(i)) != trips) refuse("the scanned inputs differ in length");
    for (std::int64_t trip = 0; trip < trips; ++trip) {
      course.step();
      for (std::size_t i = 0; i < scans; ++i)
        given[states + i] = in[states + i].select(axis(i), backwards[i] ? trips - 1 - trip : trip);
      const Outputs made = body.run(given);
      for (std::size_t i = 0; i < states; ++i) given[i] = made[i];
      for (std::size_t i = 0; i < results; ++i) made_slices[i].push_back(made[states + i]);
    }
    Outputs outputs(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(states));
    for (std::size_t i = 0; i < results; ++i) {
      if (results_backwards[i]) std::reverse(made_slices[i].begin(), made_slices[i].end());
      outputs.push_back(stacked(made_slices[i], result_axes[i]));
    }
    return outputs;
  };
}

constexpr Operator kControlOperators[] = {
    {"If", if_kernel, Reads::kDataSizes},
    {"Loop", loop, Reads::kDataSizes},
    {"Scan", scan, Reads::kDataSizes},
};

}  // namespace

std::span<const Operator> control_operators() { return kControlOperators; }

}  // namespace assay::network
