#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/inference_plan.h"
#include "assay/network/primitives.h"

namespace assay::network {

namespace {

// What one run of a plan writes to.
class Workspace {
 public:
  explicit Workspace(const InferencePlan& plan)
      : arena_(at::empty({static_cast<std::int64_t>(plan.bytes) + kAlignment}, at::kByte)),
        scratch_(
            at::empty({static_cast<std::int64_t>(plan.scratch_bytes) + kAlignment}, at::kByte)),
        tensors_(static_cast<std::size_t>(plan.tensors)),
        stream_(cpu()) {
    for (const auto& place : plan.places) {
      void* at = place.buffer < 0
                     ? DNNL_MEMORY_NONE
                     : aligned(arena_) + plan.offsets[static_cast<std::size_t>(place.buffer)];
      memories_.emplace_back(place.layout, cpu(), at);
    }
    for (const auto& [tensor, value] : plan.constants) tensors_[tensor] = value;
    for (const auto& view : plan.views)
      tensors_[view.tensor] =
          at::from_blob(memories_[view.place].get_data_handle(), view.sizes, view.strides);
    for (const auto& step : plan.steps) arguments_.push_back(arguments_of(step));
  }

  std::vector<at::Tensor>& tensors() { return tensors_; }

  void bind(const InferencePlan::BindTensor& step) {
    at::Tensor& t = tensors_[step.tensor];
    t = t.contiguous(step.channels_last ? at::MemoryFormat::ChannelsLast
                                        : at::MemoryFormat::Contiguous);
    memories_[step.place].set_data_handle(t.data_ptr());
  }

  // By the C interface: the C++ one wants a map, made anew for each call.
  void run(const InferencePlan::RunPrimitive& step, std::size_t index) {
    const auto& arguments = arguments_[index];
    const auto status = dnnl_primitive_execute(
        step.primitive.get(), stream_.get(), static_cast<int>(arguments.size()), arguments.data());
    if (status != dnnl_success) throw BugError("oneDNN refused to run a primitive");
  }

 private:
  static constexpr std::int64_t kAlignment = 64;
  static char* aligned(const at::Tensor& bytes) {
    auto address = reinterpret_cast<std::uintptr_t>(bytes.data_ptr());
    return reinterpret_cast<char*>((address + kAlignment - 1) / kAlignment * kAlignment);
  }

  std::vector<dnnl_exec_arg_t> arguments_of(const InferencePlan::Step& step) {
    const auto* run = std::get_if<InferencePlan::RunPrimitive>(&step);
    if (!run) return {};
    std::vector<dnnl_exec_arg_t> all;
    for (const auto& [argument, place] : run->places)
      all.push_back({argument, memories_[place].get()});
    for (const auto& [argument, weights] : run->weights) all.push_back({argument, weights.get()});
    if (run->scratch.get_size() > 0) {
      scratches_.emplace_back(run->scratch, cpu(), aligned(scratch_));
      all.push_back({DNNL_ARG_SCRATCHPAD, scratches_.back().get()});
    }
    return all;
  }

  at::Tensor arena_, scratch_;
  std::vector<dnnl::memory> memories_;   // by place
  std::vector<dnnl::memory> scratches_;  // all on scratch_
  std::vector<at::Tensor> tensors_;
  std::vector<std::vector<dnnl_exec_arg_t>> arguments_;  // by step
  dnnl::stream stream_;
};

struct Prepared {
  InferencePlan plan;
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> idle;
};

class InferenceExecutor final : public Executor {
 public:
  InferenceExecutor(std::shared_ptr<const Graph> graph,
                    std::shared_ptr<const Executor> differentiable, const Given& example,
                    ValueId result)
      : graph_(std::move(graph)),
        differentiable_(std::move(differentiable)),
        kernels_(make_kernels(*graph_)),
        input_(example.value),
        shape_(example.tensor.sizes().vec()),
        type_(example.tensor.scalar_type()),
        result_(result) {
    find_facts(example);
  }

  std::vector<at::Tensor> run(const Request& request) const override {
    if (!is_mine(request)) return differentiable_->run(request);
    Prepared& prepared = prepared_for(request.wanted);
    std::unique_ptr<Workspace> workspace = take(prepared);
    std::vector<at::Tensor> wanted = execute(prepared.plan, *workspace, request.given[0].tensor);
    const std::lock_guard lock(prepared.mutex);
    prepared.idle.push_back(std::move(workspace));
    return wanted;
  }

  bool follows_from_data(ValueId value) const override {
    return differentiable_->follows_from_data(value);
  }

 private:
  static constexpr std::size_t kMostPlans = 32;

  bool is_mine(const Request& request) const {
    return !at::GradMode::is_enabled() && !request.observe && request.given.size() == 1 &&
           request.given[0].value == input_ && request.given[0].tensor.sizes() == shape_ &&
           request.given[0].tensor.scalar_type() == type_ &&
           std::find(request.wanted.begin(), request.wanted.end(), result_) != request.wanted.end();
  }

  // One pass of the other executor tells shapes and types, and gives all that does not follow from
  // the picture.
  void find_facts(const Given& example) {
    const auto count = static_cast<std::size_t>(graph_->value_count());
    facts_.data.resize(count);
    facts_.shapes.resize(count);
    facts_.float32.resize(count);
    facts_.constants.resize(count);
    std::set<ValueId> constants;
    for (ValueId id = 0; id < graph_->value_count(); ++id)
      facts_.data[id] = differentiable_->follows_from_data(id);
    for (const Node& node : graph_->nodes())
      for (const ValueId id : node.inputs)
        if (id != kNoValue && !facts_.data[id]) constants.insert(id);
    const auto note = [&](ValueId id, const at::Tensor& tensor) {
      facts_.shapes[id] = tensor.sizes().vec();
      facts_.float32[id] = tensor.scalar_type() == at::kFloat;
    };
    note(input_, example.tensor);
    Request request;
    request.given = {example};
    request.wanted = {result_};
    request.wanted.insert(request.wanted.end(), constants.begin(), constants.end());
    // With what nobody reads, so that every value is computed: any may be asked for later.
    std::set<ValueId> ends;
    for (const Node& node : graph_->nodes())
      for (const ValueId id : node.outputs)
        if (id != kNoValue && facts_.data[id]) ends.insert(id);
    for (const Node& node : graph_->nodes())
      for (const ValueId id : node.inputs) ends.erase(id);
    request.wanted.insert(request.wanted.end(), ends.begin(), ends.end());
    request.input_shapes = {shape_};
    request.observe = note;
    const std::vector<at::Tensor> values = differentiable_->run(request);
    std::size_t next = 1;
    for (const ValueId id : constants) facts_.constants[id] = values[next++];
  }

  Prepared& prepared_for(const std::vector<ValueId>& wanted) const {
    const std::lock_guard lock(mutex_);
    if (const auto it = prepared_.find(wanted); it != prepared_.end()) return *it->second;
    if (prepared_.size() >= kMostPlans) throw BugError("too many sets of kept values");
    enter_kernel_thread();  // oneDNN lays a primitive out for the threads that it sees here
    auto made = std::make_unique<Prepared>();
    made->plan = make_inference_plan(*graph_, facts_, input_, result_, wanted, weights_);
    return *prepared_.emplace(wanted, std::move(made)).first->second;
  }

  static std::unique_ptr<Workspace> take(Prepared& prepared) {
    {
      const std::lock_guard lock(prepared.mutex);
      if (!prepared.idle.empty()) {
        auto workspace = std::move(prepared.idle.back());
        prepared.idle.pop_back();
        return workspace;
      }
    }
    return std::make_unique<Workspace>(prepared.plan);
  }

  std::vector<at::Tensor> execute(const InferencePlan& plan, Workspace& workspace,
                                  const at::Tensor& input) const {
    auto& tensors = workspace.tensors();
    tensors[plan.input] = input;
    for (std::size_t s = 0; s < plan.steps.size(); ++s) {
      const auto& step = plan.steps[s];
      if (const auto* run = std::get_if<InferencePlan::RunPrimitive>(&step))
        workspace.run(*run, s);
      else if (const auto* bind = std::get_if<InferencePlan::BindTensor>(&step))
        workspace.bind(*bind);
      else
        call_kernel(std::get<InferencePlan::CallKernel>(step), tensors);
      for (const int tensor : plan.release[s]) tensors[tensor] = at::Tensor();
    }
    std::vector<at::Tensor> wanted;
    for (const int tensor : plan.wanted)
      wanted.push_back(tensors[tensor].clone(at::MemoryFormat::Contiguous));
    tensors[plan.input] = at::Tensor();
    return wanted;
  }

  void call_kernel(const InferencePlan::CallKernel& step, std::vector<at::Tensor>& tensors) const {
    std::vector<const at::Tensor*> arguments;
    for (const int tensor : step.inputs)
      arguments.push_back(tensor < 0 ? nullptr : &tensors[tensor]);
    Outputs outputs =
        call(*graph_, graph_->nodes()[step.node], kernels_[step.node], Inputs(arguments));
    for (std::size_t i = 0; i < step.outputs.size(); ++i)
      if (step.outputs[i] >= 0) tensors[step.outputs[i]] = std::move(outputs[i]);
  }

  std::shared_ptr<const Graph> graph_;
  std::shared_ptr<const Executor> differentiable_;
  std::vector<Kernel> kernels_;
  const ValueId input_;
  const Shape shape_;
  const at::ScalarType type_;
  const ValueId result_;
  GraphFacts facts_;
  mutable std::mutex mutex_;  // guards what follows
  mutable PackedWeights weights_;
  mutable std::map<std::vector<ValueId>, std::unique_ptr<Prepared>> prepared_;
};

bool is_finite(const Graph& graph) {
  for (ValueId id = 0; id < graph.value_count(); ++id)
    if (const at::Tensor* t = graph.constant(id);
        t && t->scalar_type() == at::kFloat && t->dim() > 0 && !t->isfinite().all().item<bool>())
      return false;
  return true;
}

}  // namespace

std::unique_ptr<Executor> make_inference_executor(std::shared_ptr<const Graph> graph,
                                                  std::shared_ptr<const Executor> differentiable,
                                                  Given example, ValueId result) {
  const at::NoGradGuard no_grad;
  if (!is_finite(*graph)) return nullptr;
  return std::make_unique<InferenceExecutor>(std::move(graph), std::move(differentiable), example,
                                             result);
}

}  // namespace assay::network
