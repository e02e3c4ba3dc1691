#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "assay/base/error.h"
#include "assay/network/executor.h"
#include "assay/network/fold.h"
#include "assay/network/operators.h"

namespace assay::network {

namespace {

// Which nodes to run for one pair of (given, wanted), with every value turned into a slot of one
// array, so that a forward looks nothing up.
struct Plan {
  struct Step {
    int node = 0;
    std::vector<int> inputs, outputs;  // slots; -1: absent, or wanted by nobody
    std::vector<int> release;          // slots that nobody reads after this step
  };
  std::vector<Step> steps;
  std::vector<ValueId> value_of;                   // by slot
  std::vector<int> given;                          // slots; -1: not needed
  std::vector<int> wanted;                         // slots
  std::vector<std::pair<int, ValueId>> constants;  // slot, value
  std::vector<std::pair<int, ValueId>> shaped;     // slot, value that follows from shapes
  std::size_t most_inputs = 0;
};

struct PlanKey {
  std::vector<ValueId> given, wanted;
  bool computes_shaped = false;
  bool operator<(const PlanKey& other) const {
    return std::tie(given, wanted, computes_shaped) <
           std::tie(other.given, other.wanted, other.computes_shaped);
  }
};

// Values that follow from shapes, for one set of input shapes.
using Shaped = std::unordered_map<ValueId, at::Tensor>;

class DifferentiableExecutor final : public Executor {
 public:
  explicit DifferentiableExecutor(std::shared_ptr<const Graph> graph)
      : graph_(std::move(graph)),
        kernels_(make_kernels(*graph_)),
        folding_(fold(*graph_, kernels_)) {}

  std::vector<at::Tensor> run(const Request& request) const override;
  bool follows_from_data(ValueId value) const override {
    return folding_.follows[value] == Follows::kData;
  }

 private:
  static constexpr std::size_t kMostKept = 64;  // plans, and sets of shapes

  std::shared_ptr<const Plan> plan_for(PlanKey key) const;
  Plan make_plan(const PlanKey& key) const;
  std::shared_ptr<const Shaped> shaped_for(const std::vector<Shape>& shapes,
                                           const Plan& plan) const;
  Shaped compute_shaped(const std::vector<Shape>& shapes, std::vector<ValueId> values) const;
  std::vector<at::Tensor> execute(const Plan& plan, const Request& request,
                                  const Shaped* shaped) const;

  std::shared_ptr<const Graph> graph_;
  std::vector<Kernel> kernels_;
  Folding folding_;
  mutable std::shared_mutex plans_mutex_;
  mutable std::map<PlanKey, std::shared_ptr<const Plan>> plans_;
  mutable std::mutex shaped_mutex_;
  mutable std::map<std::vector<Shape>, std::shared_ptr<const Shaped>> shaped_;
};

// Walks back from the wanted values to the given ones, constants and values that follow from
// shapes.
class Planner {
 public:
  Planner(const Graph& graph, const Folding& folding, const PlanKey& key)
      : graph_(graph),
        folding_(folding),
        key_(key),
        slots_(graph.value_count(), -1),
        needed_(graph.nodes().size(), false) {}

  Plan plan() {
    for (const ValueId id : key_.given)
      plan_.given.push_back(slots_[id] >= 0 ? slots_[id] : new_slot(id));
    for (const ValueId id : key_.wanted) need(id);
    while (!open_.empty()) {
      const int node = open_.back();
      open_.pop_back();
      for (const ValueId id : graph_.nodes()[node].inputs)
        if (id != kNoValue) need(id);
    }
    for (std::size_t n = 0; n < needed_.size(); ++n)
      if (needed_[n]) add_step(static_cast<int>(n));
    for (const ValueId id : key_.wanted) plan_.wanted.push_back(slots_[id]);
    release_after_last_use();
    return std::move(plan_);
  }

 private:
  int new_slot(ValueId id) {
    plan_.value_of.push_back(id);
    return slots_[id] = static_cast<int>(plan_.value_of.size()) - 1;
  }

  void need(ValueId id) {
    if (slots_[id] >= 0) return;
    const int slot = new_slot(id);
    const Follows follows = folding_.follows[id];
    if (follows == Follows::kConstants || graph_.constant(id)) {
      plan_.constants.emplace_back(slot, id);
    } else if (follows == Follows::kShapes && !key_.computes_shaped) {
      plan_.shaped.emplace_back(slot, id);
    } else if (const int node = graph_.producer(id); node >= 0) {
      if (!needed_[node]) open_.push_back(node);
      needed_[node] = true;
    } else {
      throw BugError("the input \"" + graph_.name(id) + "\" is needed but was not given");
    }
  }

  void add_step(int index) {
    const Node& node = graph_.nodes()[index];
    Plan::Step step;
    step.node = index;
    for (const ValueId id : node.inputs) step.inputs.push_back(id == kNoValue ? -1 : slots_[id]);
    for (const ValueId id : node.outputs) {
      // A given value that this node would make stays as given.
      const bool keeps = id != kNoValue && slots_[id] >= 0 &&
                         std::find(key_.given.begin(), key_.given.end(), id) == key_.given.end();
      step.outputs.push_back(keeps ? slots_[id] : -1);
    }
    plan_.most_inputs = std::max(plan_.most_inputs, step.inputs.size());
    plan_.steps.push_back(std::move(step));
  }

  void release_after_last_use() {
    std::vector<bool> stays(plan_.value_of.size(), true);  // all but what the steps make
    for (const Plan::Step& step : plan_.steps)
      for (const int slot : step.outputs)
        if (slot >= 0) stays[slot] = false;
    for (const int slot : plan_.wanted) stays[slot] = true;
    for (auto step = plan_.steps.rbegin(); step != plan_.steps.rend(); ++step)
      for (const auto* slots : {&step->inputs, &step->outputs})
        for (const int slot : *slots)
          if (slot >= 0 && !stays[slot]) {
            step->release.push_back(slot);
            stays[slot] = true;
          }
  }

  const Graph& graph_;
  const Folding& folding_;
  const PlanKey& key_;
  Plan plan_;
  std::vector<int> slots_;    // by ValueId
  std::vector<bool> needed_;  // by node
  std::vector<int> open_;     // nodes whose inputs are still to be needed
};

Plan DifferentiableExecutor::make_plan(const PlanKey& key) const {
  return Planner(*graph_, folding_, key).plan();
}

std::shared_ptr<const Plan> DifferentiableExecutor::plan_for(PlanKey key) const {
  {
    const std::shared_lock lock(plans_mutex_);
    if (const auto it = plans_.find(key); it != plans_.end()) return it->second;
  }
  auto plan = std::make_shared<const Plan>(make_plan(key));
  const std::unique_lock lock(plans_mutex_);
  if (plans_.size() >= kMostKept) plans_.clear();
  return plans_.emplace(std::move(key), std::move(plan)).first->second;
}

// By a pass over zeros, in which shape arithmetic is computed like everything else.
Shaped DifferentiableExecutor::compute_shaped(const std::vector<Shape>& shapes,
                                              std::vector<ValueId> values) const {
  const at::NoGradGuard no_grad;
  Request request;
  PlanKey key{{}, values, true};
  if (shapes.size() != graph_->inputs().size()) throw BugError("one shape an input was wanted");
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const GraphInput& input = graph_->inputs()[i];
    key.given.push_back(input.value);
    const auto type = input.type == "uint8" ? at::kByte : at::kFloat;
    request.given.push_back({input.value, at::zeros(shapes[i], type)});
  }
  std::vector<at::Tensor> tensors = execute(make_plan(key), request, nullptr);
  Shaped shaped;
  for (std::size_t i = 0; i < values.size(); ++i) shaped[values[i]] = std::move(tensors[i]);
  return shaped;
}

std::shared_ptr<const Shaped> DifferentiableExecutor::shaped_for(const std::vector<Shape>& shapes,
                                                                 const Plan& plan) const {
  std::shared_ptr<const Shaped> known;
  {
    const std::lock_guard lock(shaped_mutex_);
    if (const auto it = shaped_.find(shapes); it != shaped_.end()) known = it->second;
  }
  std::vector<ValueId> missing;
  for (const auto& [slot, id] : plan.shaped)
    if (!known || !known->count(id)) missing.push_back(id);
  if (missing.empty()) return known;
  auto more = std::make_shared<Shaped>(compute_shaped(shapes, std::move(missing)));
  if (known) more->insert(known->begin(), known->end());
  const std::lock_guard lock(shaped_mutex_);
  if (shaped_.size() >= kMostKept) shaped_.clear();
  shaped_[shapes] = more;
  return more;
}

std::vector<at::Tensor> DifferentiableExecutor::execute(const Plan& plan, const Request& request,
                                                        const Shaped* shaped) const {
  std::vector<at::Tensor> made(plan.value_of.size());
  std::vector<const at::Tensor*> view(plan.value_of.size(), nullptr);
  for (std::size_t i = 0; i < plan.given.size(); ++i)
    view[plan.given[i]] = &request.given[i].tensor;
  for (const auto& [slot, id] : plan.constants)
    view[slot] = folding_.constants[id].defined() ? &folding_.constants[id] : graph_->constant(id);
  for (const auto& [slot, id] : plan.shaped) view[slot] = &shaped->at(id);

  std::vector<const at::Tensor*> arguments(plan.most_inputs);
  for (const Plan::Step& step : plan.steps) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i)
      arguments[i] = step.inputs[i] < 0 ? nullptr : view[step.inputs[i]];
    Outputs outputs = call(*graph_, graph_->nodes()[step.node], kernels_[step.node],
                           Inputs({arguments.data(), step.inputs.size()}));
    for (std::size_t i = 0; i < step.outputs.size(); ++i)
      if (const int slot = step.outputs[i]; slot >= 0) {
        made[slot] = std::move(outputs[i]);
        view[slot] = &made[slot];
        if (request.observe) request.observe(plan.value_of[slot], made[slot]);
      }
    for (const int slot : step.release) made[slot] = at::Tensor();
  }
  std::vector<at::Tensor> wanted;
  wanted.reserve(plan.wanted.size());
  for (const int slot : plan.wanted) wanted.push_back(*view[slot]);
  return wanted;
}

std::vector<at::Tensor> DifferentiableExecutor::run(const Request& request) const {
  PlanKey key;
  for (const Given& given : request.given) key.given.push_back(given.value);
  key.wanted = request.wanted;
  const std::shared_ptr<const Plan> plan = plan_for(std::move(key));
  const auto shaped = plan->shaped.empty() ? nullptr : shaped_for(request.input_shapes, *plan);
  return execute(*plan, request, shaped.get());
}

}  // namespace

std::unique_ptr<Executor> make_differentiable_executor(std::shared_ptr<const Graph> graph) {
  return std::make_unique<DifferentiableExecutor>(std::move(graph));
}

}  // namespace assay::network
