#include "assay/network/inference_plan.h"

#include <algorithm>
#include <set>

#include "assay/base/error.h"
#include "assay/network/arena.h"
#include "assay/network/primitives.h"
#include "assay/network/window.h"

namespace assay::network {

namespace {

using dnnl::memory;

class Planner {
 public:
  Planner(const Graph& graph, const GraphFacts& facts, PackedWeights& weights)
      : graph_(graph), facts_(facts), weights_(weights), held_(graph.value_count()) {}

  InferencePlan plan(ValueId input, ValueId result, const std::vector<ValueId>& wanted) {
    const std::vector<Chain> chains = fuse(graph_, facts_, result);
    uses_.assign(held_.size(), 0);
    for (const Chain& chain : chains) count_uses(chain);
    for (const Chain& chain : chains) made_by_chain_.insert(chain.output);
    for (const ValueId id : wanted) count_wish(id);
    input_ = input;
    plan_.input = held_[input].tensor = new_tensor();
    for (const Chain& chain : chains) {
      add_chain(chain);
      for (const ValueId id : reads(chain)) --uses_[id];
    }
    for (const ValueId id : wanted) compute_beside(id);
    for (const ValueId id : wanted) plan_.wanted.push_back(tensor_of(id));
    for (const int tensor : plan_.wanted) use_tensor(tensor, next_step());  // to the end
    plan_.bytes = arena_.lay_out();
    plan_.offsets = arena_.offsets();
    release_tensors();
    return std::move(plan_);
  }

 private:
  // How a value is at hand: as a tensor, in places of some layouts, or both.
  struct Held {
    int tensor = -1;
    std::vector<int> places;
  };
  // What keeps a tensor's memory alive, and until when it is read.
  struct TensorUse {
    std::vector<int> buffers;  // of which it may be a view
    int last = -1;
    bool made_by_kernel = false;
  };

  const Node& node(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }
  int next_step() const { return static_cast<int>(plan_.steps.size()); }
  Dims dims(ValueId id) const { return {facts_.shapes[id].begin(), facts_.shapes[id].end()}; }

  // The data that a chain reads from outside it.
  std::vector<ValueId> reads(const Chain& chain) const {
    std::vector<ValueId> all, made;
    for (const int n : chain.nodes) {
      for (const ValueId id : node(n).inputs)
        if (id != kNoValue && facts_.data[id] &&
            std::find(made.begin(), made.end(), id) == made.end())
          all.push_back(id);
      made.insert(made.end(), node(n).outputs.begin(), node(n).outputs.end());
    }
    return all;
  }
  void count_uses(const Chain& chain) {
    for (const ValueId id : reads(chain)) ++uses_[id];
  }

  // What compute_beside will read counts too, so that nothing writes over it.
  void count_wish(ValueId id) {
    ++uses_[id];
    const int n = graph_.producer(id);
    if (n < 0 || !facts_.data[id] || made_by_chain_.count(id) || uses_[id] > 1) return;
    for (const ValueId input : node(n).inputs)
      if (input != kNoValue) count_wish(input);
  }

  // -- tensors and places

  int new_tensor() {
    tensor_uses_.emplace_back();
    return plan_.tensors++;
  }
  void use_tensor(int tensor, int step) {
    TensorUse& use = tensor_uses_[tensor];
    use.last = std::max(use.last, step);
    for (const int buffer : use.buffers) arena_.use(buffer, step);
  }

  int new_place(const memory::desc& layout) {
    plan_.places.push_back({layout, arena_.add(layout.get_size(), next_step())});
    place_tensors_.push_back(-1);
    return static_cast<int>(plan_.places.size()) - 1;
  }
  void use_place(int place, int step) {
    if (plan_.places[place].buffer >= 0) arena_.use(plan_.places[place].buffer, step);
    if (place_tensors_[place] >= 0) use_tensor(place_tensors_[place], step);
  }

  // The layout in which a value would be read if nothing were converted.
  memory::desc layout_of(ValueId id) const {
    if (!held_[id].places.empty()) return plan_.places[held_[id].places[0]].layout;
    return id != input_ && facts_.shapes[id].size() == 4 ? channels_last(dims(id))
                                                         : contiguous(dims(id));
  }

  int place_of(ValueId id) {
    Held& held = held_[id];
    if (!held.places.empty()) return held.places[0];
    const memory::desc layout = layout_of(id);
    plan_.places.push_back({layout, -1});
    place_tensors_.push_back(held.tensor);
    const int place = static_cast<int>(plan_.places.size()) - 1;
    InferencePlan::BindTensor bind{held.tensor, place, false};
    bind.channels_last = facts_.shapes[id].size() == 4 && id != input_;
    use_tensor(held.tensor, next_step());
    plan_.steps.emplace_back(bind);
    held.places.push_back(place);
    return place;
  }

  int place_as(ValueId id, const memory::desc& layout) {
    const int first = place_of(id);
    for (const int place : held_[id].places)
      if (plan_.places[place].layout == layout) return place;
    const auto convert = reorder(plan_.places[first].layout, layout);
    if (!convert) throw BugError("a layout cannot be converted");
    const int place = new_place(layout);
    run(*convert, {{DNNL_ARG_FROM, first}, {DNNL_ARG_TO, place}}, {});
    held_[id].places.push_back(place);
    return place;
  }

  int tensor_of(ValueId id) {
    Held& held = held_[id];
    if (held.tensor >= 0) return held.tensor;
    if (!facts_.data[id]) {
      held.tensor = new_tensor();
      if (!facts_.constants[id].defined()) throw BugError("a constant is missing");
      plan_.constants.emplace_back(held.tensor, facts_.constants[id]);
      return held.tensor;
    }
    const bool image = facts_.shapes[id].size() == 4;
    const int place = place_as(id, image ? channels_last(dims(id)) : contiguous(dims(id)));
    held.tensor = new_tensor();
    tensor_uses_[held.tensor].buffers.push_back(plan_.places[place].buffer);
    InferencePlan::View view{held.tensor, place, facts_.shapes[id], {}};
    const auto& s = view.sizes;
    if (image) {
      view.strides = {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]};
    } else {
      view.strides.assign(s.size(), 1);
      for (std::size_t d = s.size(); d-- > 1;) view.strides[d - 1] = view.strides[d] * s[d];
    }
    plan_.views.push_back(std::move(view));
    return held.tensor;
  }

  // -- steps

  void run(const Primitive& p, std::vector<std::pair<int, int>> places,
           std::vector<std::pair<int, memory>> weights) {
    for (const auto& [argument, place] : places) use_place(place, next_step());
    plan_.scratch_bytes = std::max(plan_.scratch_bytes, p.scratch.get_size());
    plan_.steps.emplace_back(
        InferencePlan::RunPrimitive{p.run, std::move(places), std::move(weights), p.scratch});
  }

  // A primitive that makes a value's first place.
  void run_for(ValueId made, const Primitive& p, std::vector<std::pair<int, int>> sources) {
    const int place = new_place(p.destination);
    sources.emplace_back(DNNL_ARG_DST, place);
    run(p, std::move(sources), {});
    held_[made].places.push_back(place);
  }

  void call(int n) {
    InferencePlan::CallKernel step{n, {}, {}};
    for (const ValueId id : node(n).inputs)
      step.inputs.push_back(id == kNoValue ? -1 : tensor_of(id));
    std::vector<int> buffers;  // the result may be a view of any input
    for (const int tensor : step.inputs) {
      if (tensor < 0) continue;
      use_tensor(tensor, next_step());
      const auto& more = tensor_uses_[tensor].buffers;
      buffers.insert(buffers.end(), more.begin(), more.end());
    }
    // Each once: what is read by several would else be listed twice as often with every residual sum.
    std::sort(buffers.begin(), buffers.end());
    buffers.erase(std::unique(buffers.begin(), buffers.end()), buffers.end());
    for (const ValueId id : node(n).outputs) {
      const bool wanted = id != kNoValue && held_[id].tensor < 0 && held_[id].places.empty();
      step.outputs.push_back(wanted ? new_tensor() : -1);
      if (!wanted) continue;
      held_[id].tensor = step.outputs.back();
      tensor_uses_[step.outputs.back()] = {buffers, next_step(), true};
    }
    plan_.steps.emplace_back(std::move(step));
  }

  void add_chain(const Chain& chain) {
    if (chain.weight.defined() && add_convolution(chain)) return;
    if (!chain.weight.defined() && chain.addend != kNoValue && add_sum(chain)) return;
    if (chain.nodes.size() == 1 && add_primitive(chain.nodes[0])) return;
    for (const int n : chain.nodes) call(n);
  }

  // A value that no chain makes: swallowed by one, or off the way to the result.
  void compute_beside(ValueId id) {
    if (held_[id].tensor >= 0 || !held_[id].places.empty() || !facts_.data[id]) return;
    const int n = graph_.producer(id);
    if (n < 0) throw BugError("a value is wanted that does not follow from the input");
    for (const ValueId input : node(n).inputs)
      if (input != kNoValue) compute_beside(input);
    call(n);
  }

  // -- what becomes a primitive

  bool is_image(ValueId id) const {
    return facts_.data[id] && facts_.float32[id] && facts_.shapes[id].size() == 4;
  }

  static at::Tensor outline(const std::vector<std::int64_t>& shape) {
    return at::zeros({1}).expand(shape);  // a shape without memory
  }

  // As the node says it, with the end pads that its output's size implies.
  std::optional<Sliding> sliding(const Window& w, ValueId from, ValueId to) const {
    const Pads pads = w.pads_for(outline(facts_.shapes[from]));
    Sliding s{w.kernel, w.strides, w.dilations, pads.begin, pads.end};
    for (std::size_t d = 0; d < 2; ++d) {
      const std::int64_t in = facts_.shapes[from][d + 2], out = facts_.shapes[to][d + 2];
      s.end[d] = (out - 1) * w.strides[d] + w.reach(d) - in - s.begin[d];
      if (s.begin[d] < 0 || s.begin[d] >= w.reach(d) || s.end[d] >= w.reach(d)) return std::nullopt;
    }
    return s;
  }

  bool add_convolution(const Chain& chain) {
    const Node& conv = node(chain.nodes[0]);
    const ValueId x = conv.inputs[0];
    if (!is_image(x) || !is_image(chain.output)) return false;
    if (chain.addend != kNoValue && !is_image(chain.addend)) return false;
    Window w = Window::of(conv).sized(2);
    w.kernel.assign(chain.weight.sizes().begin() + 2, chain.weight.sizes().end());
    const auto window = sliding(w, x, conv.outputs[0]);
    if (!window) return false;
    ConvolutionShape shape{any_layout(dims(x)),        any_layout(dims(chain.output)),
                           chain.weight.sizes().vec(), *window,
                           chain.activation,           chain.addend != kNoValue};
    if (const std::int64_t group = conv.integer("group", 1); group > 1) {
      shape.weights[0] /= group;
      shape.weights.insert(shape.weights.begin(), group);
    }
    const auto p = fastest(shape, x, chain.addend);
    if (!p) return false;

    const int from = place_as(x, p->sources[0]);
    const int to = chain.addend == kNoValue ? new_place(p->destination)
                                            : place_holding(chain.addend, x, p->destination);
    const memory weights = weights_.of(chain.nodes[0], chain.weight, shape.weights, p->weights);
    run(*p, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}},
        {{DNNL_ARG_WEIGHTS, weights},
         {DNNL_ARG_BIAS, weights_.of(chain.nodes[0], chain.bias, {chain.bias.size(0)}, p->bias)}});
    held_[chain.output].places.push_back(to);
    return true;
  }

  // Winograd where it exists; else the layouts that are there already; else the library's own.
  std::optional<Primitive> fastest(ConvolutionShape shape, ValueId x, ValueId addend) const {
    if (auto p = convolution(shape, ConvolutionForm::kWinograd)) return p;
    ConvolutionShape as_is = shape;
    as_is.source = layout_of(x);
    if (addend != kNoValue) as_is.destination = layout_of(addend);
    if (auto p = convolution(as_is, ConvolutionForm::kDirect)) return p;
    return convolution(shape, ConvolutionForm::kDirect);
  }

  // A place with the addend in it that may be written over.
  int place_holding(ValueId addend, ValueId x, const memory::desc& layout) {
    const int place = place_as(addend, layout);
    const bool last_reader = uses_[addend] == 1 && addend != x && held_[addend].tensor < 0;
    if (last_reader && plan_.places[place].buffer >= 0) return place;
    const auto copy = reorder(layout, layout);
    if (!copy) throw BugError("a value cannot be copied");
    const int own = new_place(layout);
    run(*copy, {{DNNL_ARG_FROM, place}, {DNNL_ARG_TO, own}}, {});
    return own;
  }

  bool add_sum(const Chain& chain) {
    const Node& add = node(chain.nodes[0]);
    const ValueId a = add.inputs[0], b = add.inputs[1];
    if (!is_image(a) || !is_image(b)) return false;
    const memory::desc layout = layout_of(a);
    const auto p = sum(layout, layout, dims(a), chain.activation);
    if (!p) return false;
    const int first = place_of(a), second = place_as(b, layout);
    run_for(chain.output, *p, {{DNNL_ARG_SRC_0, first}, {DNNL_ARG_SRC_1, second}});
    return true;
  }

  bool add_primitive(int n) {
    const Node& it = node(n);
    if (!it.domain.empty()) return false;
    if (it.op == "Concat") return add_concatenation(it);
    if (it.op == "MaxPool" && it.outputs.size() == 1) return add_pooling(it, Pooling::kMax);
    if (it.op == "AveragePool")
      return add_pooling(it, it.integer("count_include_pad", 0) != 0 ? Pooling::kAverageWithPad
                                                                     : Pooling::kAverage);
    if (it.op == "GlobalAveragePool") return add_pooling(it, Pooling::kAverage);
    return false;
  }

  bool add_pooling(const Node& it, Pooling kind) {
    const ValueId x = it.inputs[0], y = it.outputs[0];
    if (!is_image(x) || !is_image(y)) return false;
    Window w;
    if (it.op == "GlobalAveragePool")
      w.kernel.assign(facts_.shapes[x].begin() + 2, facts_.shapes[x].end());
    else
      w = Window::of(it);
    w = w.sized(2);
    const auto window = sliding(w, x, y);
    if (!window) return false;
    // What ceil_mode adds counts as padding to oneDNN, and not to ONNX.
    const Pads own = w.pads_for(outline(facts_.shapes[x]));
    for (std::size_t d = 0; d < 2; ++d)
      if (kind == Pooling::kAverageWithPad && window->end[d] > own.end[d]) return false;
    const auto p = pooling(kind, layout_of(x), dims(y), *window);
    if (!p) return false;
    run_for(y, *p, {{DNNL_ARG_SRC, place_of(x)}});
    return true;
  }

  bool add_concatenation(const Node& it) {
    const ValueId y = it.outputs[0];
    if (!is_image(y) || (it.integer("axis", 1) != 1 && it.integer("axis", 1) != -3)) return false;
    std::vector<memory::desc> as_is, last;
    for (const ValueId id : it.inputs) {
      if (id == kNoValue || !is_image(id)) return false;
      as_is.push_back(layout_of(id));
      last.push_back(channels_last(dims(id)));
    }
    bool blocked = true;
    for (const ValueId id : it.inputs)
      blocked =
          blocked && facts_.shapes[id][1] % 16 == 0 && layout_of(id) != channels_last(dims(id));
    const auto& layouts = blocked ? as_is : last;
    const auto p = concatenation(layouts, 1);
    if (!p) return false;
    std::vector<std::pair<int, int>> sources;
    for (std::size_t i = 0; i < it.inputs.size(); ++i)
      sources.emplace_back(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i),
                           place_as(it.inputs[i], layouts[i]));
    run_for(y, *p, std::move(sources));
    return true;
  }

  void release_tensors() {
    plan_.release.resize(plan_.steps.size());
    for (std::size_t t = 0; t < tensor_uses_.size(); ++t) {
      const TensorUse& use = tensor_uses_[t];
      if (use.made_by_kernel && use.last >= 0 && use.last < next_step())
        plan_.release[static_cast<std::size_t>(use.last)].push_back(static_cast<int>(t));
    }
  }

  const Graph& graph_;
  const GraphFacts& facts_;
  PackedWeights& weights_;
  ValueId input_ = kNoValue;
  std::vector<Held> held_;  // by ValueId
  std::set<ValueId> made_by_chain_;
  std::vector<int> uses_;  // by ValueId: chains still to come, and wishes
  std::vector<TensorUse> tensor_uses_;
  std::vector<int> place_tensors_;  // by place: the tensor that it is bound to, or -1
  Arena arena_;
  InferencePlan plan_;
};

}  // namespace

memory PackedWeights::of(int node, const at::Tensor& weights, const Dims& dims,
                         const memory::desc& layout) {
  for (const Packed& packed : all_)
    if (packed.node == node && packed.memory.get_desc() == layout) return packed.memory;
  const at::Tensor plain = weights.contiguous();
  memory from(contiguous(dims), cpu(), plain.data_ptr());
  memory to(layout, cpu());
  dnnl::stream stream(cpu());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  all_.push_back({node, to});
  return to;
}

InferencePlan make_inference_plan(const Graph& graph, const GraphFacts& facts, ValueId input,
                                  ValueId result, const std::vector<ValueId>& wanted,
                                  PackedWeights& weights) {
  return Planner(graph, facts, weights).plan(input, result, wanted);
}

}  // namespace assay::network
