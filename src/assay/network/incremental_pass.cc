#include "assay/network/incremental_pass.h"

#include <algorithm>
#include <set>

#include "assay/base/error.h"
#include "assay/network/batch_values.h"

namespace assay::network {

namespace {

using dnnl::memory;
using Kind = Route::Kind;

class BatchPass {
 public:
  // `keep`: values to be kept as clean ones.
  BatchPass(const IncrementalNetwork& network, BatchValues values, std::set<ValueId> keep)
      : net_(network), values_(std::move(values)), keep_(std::move(keep)) {}

  at::Tensor run(const at::Tensor& pixels) {
    values_.put(net_.entry, block_of(pixels, Prefer::kPlain));
    for (std::size_t c = 0; c < net_.chains.size(); ++c) {
      chain_ = static_cast<int>(c);
      const Chain& chain = net_.chains[c];
      if (!chain.weight.defined() || !convolve(chain))
        for (const int n : chain.nodes)
          if (!pool(n) && !multiply(n)) compute(n);
      release(chain);
    }
    return values_.whole(net_.result);
  }

 private:
  const Node& node(int n) const { return net_.graph->nodes()[static_cast<std::size_t>(n)]; }

  void drop(ValueId v) {
    if (keep_.count(v)) values_.keep(v);
    values_.drop(v);
  }
  void release(const Chain& chain) {
    for (const int n : chain.nodes)
      for (const auto* ids : {&node(n).inputs, &node(n).outputs})
        for (const ValueId v : *ids)
          if (v != kNoValue && v != net_.result && net_.last_use[v] <= chain_) drop(v);
  }

  // -- convolutions and poolings by primitives

  // What a window that makes the crop of `y` reads, without pads where the crop is a part.
  struct Reading {
    PlaneSize size;
    std::vector<Corner> from;
    Sliding window;
  };
  enum class PadBy { kPrimitive, kCopy };
  Reading reading(const Route& route, ValueId x, ValueId y, PadBy how) const {
    Reading r;
    const PlaneSize c = values_.crop(y), p = values_.plane(y), in = values_.plane(x);
    const std::int64_t out[2] = {c.height, c.width}, side[2] = {p.height, p.width},
                       in_side[2] = {in.height, in.width};
    std::int64_t size[2], origin[2];
    r.window = {route.window.kernel, route.window.strides, route.window.dilations, {0, 0}, {0, 0}};
    bool as_is[2];
    for (std::size_t d = 0; d < 2; ++d) {
      as_is[d] = how == PadBy::kPrimitive && out[d] == side[d];
      size[d] =
          as_is[d] ? in_side[d] : (out[d] - 1) * route.window.strides[d] + route.window.reach(d);
      origin[d] = as_is[d] ? 0 : -route.pads.begin[d];
      if (!as_is[d]) continue;
      r.window.begin[d] = route.pads.begin[d];
      r.window.end[d] = route.pads.end[d];
    }
    r.size = {size[0], size[1]};
    for (const Corner& at : values_.corners(y))
      r.from.push_back({origin[0] + (as_is[0] ? 0 : at.top * route.window.strides[0]),
                        origin[1] + (as_is[1] ? 0 : at.left * route.window.strides[1])});
    return r;
  }

  // `made` once for each key.
  template <class Make>
  std::optional<IncrementalNetwork::Step> step(const IncrementalNetwork::StepKey& key, Make made) {
    const std::lock_guard lock(net_.mutex);
    if (const auto it = net_.steps.find(key); it != net_.steps.end()) return it->second;
    return net_.steps.emplace(key, made()).first->second;
  }

  bool convolve(const Chain& chain) {
    const Route& route = net_.routes[static_cast<std::size_t>(chain.nodes[0])];
    const ValueId x = node(chain.nodes[0]).inputs[0], y = chain.output;
    if (route.kind != Kind::kWindow || net_.types[x] != at::kFloat) return false;
    const Reading r = reading(route, x, y, PadBy::kPrimitive);
    for (std::size_t d = 0; d < 2; ++d)
      if (r.window.begin[d] >= route.window.reach(d) || r.window.end[d] >= route.window.reach(d))
        return false;
    const Block source = values_.gathered(x, r.from, r.size, 0);
    std::optional<Block> addend;
    if (chain.addend != kNoValue)
      addend = values_.gathered(chain.addend, values_.corners(y), values_.crop(y), 0);
    const Dims from = values_.dims(x, r.size), to = values_.dims(y, values_.crop(y));
    const auto made =
        step({chain.nodes[0], to[0], to[2], to[3], source.layout.inner,
              addend ? addend->layout.inner : 0},
             [&] { return convolution_step(chain, r.window, source, addend, from, to); });
    if (!made) return false;
    Block result;
    if (!addend) {
      result = values_.empty_block(to, made->destination);
    } else {
      result = values_.reordered(*addend, to, made->destination);
      // Written over where nobody reads it any more.
      const bool last = keep_.empty() && net_.last_use[chain.addend] == chain_ &&
                        chain.addend != x && values_.is_only_form(chain.addend, result);
      if (!last && result.items.is_same(values_.block(chain.addend).items))
        result.items = result.items.clone();
    }
    const Block laid = values_.reordered(source, from, made->source);
    const auto weights =
        packed(chain.nodes[0], chain.weight, weight_dims(chain), chain.bias, made->primitive);
    values_.run(made->primitive, {{DNNL_ARG_SRC, BatchValues::memory_of(laid, from)},
                                  {DNNL_ARG_DST, BatchValues::memory_of(result, to)},
                                  {DNNL_ARG_WEIGHTS, weights.first},
                                  {DNNL_ARG_BIAS, weights.second}});
    values_.put(y, std::move(result));
    return true;
  }

  Dims weight_dims(const Chain& chain) const {
    Dims w = chain.weight.sizes().vec();
    if (const std::int64_t group = node(chain.nodes[0]).integer("group", 1); group > 1) {
      w[0] /= group;
      w.insert(w.begin(), group);
    }
    return w;
  }

  std::pair<memory, memory> packed(int n, const at::Tensor& weight, const Dims& dims,
                                   const at::Tensor& bias, const Primitive& p) {
    const std::lock_guard lock(net_.mutex);
    return {net_.weights.of(n, weight, dims, p.weights),
            net_.weights.of(n, bias, {bias.size(0)}, p.bias)};
  }

  // As the inference executor chooses: Winograd, the layouts at hand, the library's own.
  std::optional<IncrementalNetwork::Step> convolution_step(const Chain& chain,
                                                           const Sliding& window,
                                                           const Block& source,
                                                           const std::optional<Block>& addend,
                                                           const Dims& from, const Dims& to) const {
    const ConvolutionShape any{any_layout(from), any_layout(to),   weight_dims(chain),
                               window,           chain.activation, addend.has_value()};
    ConvolutionShape as_is = any;
    as_is.source = described(from, source.layout);
    if (addend) as_is.destination = described(to, addend->layout);
    const std::pair<const ConvolutionShape*, ConvolutionForm> forms[] = {
        {&any, ConvolutionForm::kWinograd},
        {&as_is, ConvolutionForm::kDirect},
        {&any, ConvolutionForm::kDirect}};
    for (const auto& [shape, form] : forms) {
      auto p = convolution(*shape, form);
      if (!p) continue;
      const auto in = plane_layout(p->sources[0], from), out = plane_layout(p->destination, to);
      if (in && out) return IncrementalNetwork::Step{std::move(*p), *in, *out};
    }
    return std::nullopt;
  }

  bool pool(int n) {
    const Node& it = node(n);
    const Route& route = net_.routes[static_cast<std::size_t>(n)];
    const bool max = it.op == "MaxPool";
    if (route.kind != Kind::kWindow || (!max && it.op != "AveragePool")) return false;
    const ValueId x = it.inputs[0], y = it.outputs[0];
    if (net_.types[x] != at::kFloat || (!max && !is_plain_average(it, route, x))) return false;
    const Reading r = reading(route, x, y, PadBy::kCopy);
    const Block source = values_.gathered(x, r.from, r.size, route.pad_value);
    const Dims from = values_.dims(x, r.size), to = values_.dims(y, values_.crop(y));
    const auto made = step({n, to[0], to[2], to[3], source.layout.inner, 0},
                           [&]() -> std::optional<IncrementalNetwork::Step> {
                             auto p = pooling(max ? Pooling::kMax : Pooling::kAverageWithPad,
                                              described(from, source.layout), to, r.window);
                             if (!p) return std::nullopt;
                             const auto out = plane_layout(p->destination, to);
                             if (!out) return std::nullopt;
                             return IncrementalNetwork::Step{std::move(*p), source.layout, *out};
                           });
    if (!made) return false;
    Block result = values_.empty_block(to, made->destination);
    values_.run(made->primitive, {{DNNL_ARG_SRC, BatchValues::memory_of(source, from)},
                                  {DNNL_ARG_DST, BatchValues::memory_of(result, to)}});
    values_.put(y, std::move(result));
    return true;
  }

  // x W + b of a matrix of one row a copy.
  bool multiply(int n) {
    const Node& it = node(n);
    if (!it.domain.empty() || it.op != "Gemm" || it.integer("transA", 0) != 0 ||
        it.number("alpha", 1) != 1 || it.number("beta", 1) != 1)
      return false;
    const ValueId x = it.inputs[0], y = it.outputs[0];
    const bool has_bias = it.inputs.size() > 2 && it.inputs[2] != kNoValue;
    if (!net_.facts.data[x] || net_.facts.data[it.inputs[1]] || net_.types[x] != at::kFloat ||
        (has_bias && net_.facts.data[it.inputs[2]]))
      return false;
    at::Tensor weight = net_.facts.constants[it.inputs[1]];
    if (it.integer("transB", 0) == 0) weight = weight.t();
    const std::int64_t out = weight.size(0);
    const at::Tensor bias = has_bias ? net_.facts.constants[it.inputs[2]] : at::zeros({out});
    if (bias.numel() != out || (bias.dim() > 1 && bias.size(-1) != out)) return false;
    const at::Tensor source = values_.tensor(x).contiguous();
    const auto made =
        step({n, source.size(0), 0, 0, 0, 0}, [&]() -> std::optional<IncrementalNetwork::Step> {
          auto p = inner_product(source.sizes().vec(), weight.sizes().vec());
          if (!p) return std::nullopt;
          return IncrementalNetwork::Step{std::move(*p), {}, {}};
        });
    if (!made) return false;
    at::Tensor result = at::empty({source.size(0), out});
    const auto weights =
        packed(n, weight, weight.sizes().vec(), bias.reshape({out}), made->primitive);
    const Primitive& p = made->primitive;
    values_.run(p, {{DNNL_ARG_SRC, memory(p.sources[0], cpu(), source.data_ptr())},
                    {DNNL_ARG_DST, memory(p.destination, cpu(), result.data_ptr())},
                    {DNNL_ARG_WEIGHTS, weights.first},
                    {DNNL_ARG_BIAS, weights.second}});
    values_.put(y, std::move(result));
    return true;
  }

  // Whether every window divides by the number of its places.
  bool is_plain_average(const Node& it, const Route& route, ValueId x) const {
    for (int axis = 0; axis < 2; ++axis)
      for (const double count : counts(it, route, x, axis))
        if (count != static_cast<double>(route.window.kernel[static_cast<std::size_t>(axis)]))
          return false;
    return true;
  }
  // How many places of each window along an axis an average counts.
  std::vector<double> counts(const Node& it, const Route& route, ValueId x, int axis) const {
    const auto d = static_cast<std::size_t>(axis);
    const std::int64_t in = axis == 0 ? values_.plane(x).height : values_.plane(x).width;
    const bool with_pads = it.integer("count_include_pad", 0) != 0;
    const Pads own = route.window.pads_for(at::zeros({1}).expand(net_.facts.shapes[x]));
    const std::int64_t low = with_pads ? -route.pads.begin[d] : 0;
    const std::int64_t high = with_pads ? in + own.end[d] : in;
    std::vector<double> all;
    for (std::int64_t o = 0; o < route.side[axis]; ++o) {
      const std::int64_t first = o * route.window.strides[d] - route.pads.begin[d];
      std::int64_t count = 0;
      for (std::int64_t k = 0; k < route.window.kernel[d]; ++k) {
        const std::int64_t at = first + k * route.window.dilations[d];
        count += at >= low && at < high ? 1 : 0;
      }
      all.push_back(static_cast<double>(count));
    }
    return all;
  }

  // -- everything else by the operators' kernels

  void compute(int n) {
    const Node& it = node(n);
    const Route& route = net_.routes[static_cast<std::size_t>(n)];
    const ValueId y = it.outputs.empty() ? kNoValue : it.outputs[0];
    const bool keeps = y != kNoValue && net_.keeps[y];
    if (route.kind == Kind::kMean && !values_.is_whole(it.inputs[0])) {
      values_.put(y, mean(it));
    } else if (route.kind == Kind::kWindow && keeps) {
      values_.put(y, window(it, route));
    } else if (route.kind == Kind::kReshape && keeps) {
      values_.put(y, values_.tensor(it.inputs[0]).reshape(values_.sizes(y, values_.crop(y))));
    } else {
      std::vector<at::Tensor> inputs;
      for (const ValueId v : it.inputs) {
        if (v == kNoValue)
          inputs.emplace_back();
        else if (!net_.facts.data[v])
          inputs.push_back(net_.facts.constants[v]);
        else if (route.kind == Kind::kPointwise && keeps)
          inputs.push_back(
              values_.as_tensor(v, values_.gathered(v, values_.corners(y), values_.crop(y), 0)));
        else
          inputs.push_back(values_.whole(v));
      }
      std::vector<const at::Tensor*> arguments;
      for (const at::Tensor& t : inputs) arguments.push_back(t.defined() ? &t : nullptr);
      Outputs outputs =
          call(*net_.graph, it, net_.kernels[static_cast<std::size_t>(n)], Inputs(arguments));
      for (std::size_t i = 0; i < it.outputs.size(); ++i)
        if (it.outputs[i] != kNoValue) values_.put(it.outputs[i], std::move(outputs[i]));
    }
  }

  at::Tensor window(const Node& it, const Route& route) {
    const ValueId x = it.inputs[0], y = it.outputs[0];
    const Reading r = reading(route, x, y, PadBy::kCopy);
    const at::Tensor in =
        values_.as_tensor(x, values_.gathered(x, r.from, r.size, route.pad_value));
    const Window& w = route.window;
    const std::vector<std::int64_t> none{0, 0};
    if (it.op == "Pad") return in;
    if (it.op == "MaxPool")
      return at::max_pool2d(in, w.kernel, w.strides, none, w.dilations, false);
    if (it.op == "Conv") {
      c10::optional<at::Tensor> bias;
      if (it.inputs.size() > 2 && it.inputs[2] != kNoValue)
        bias = net_.facts.constants[it.inputs[2]];
      return at::convolution(in, net_.facts.constants[it.inputs[1]], bias, w.strides, none,
                             w.dilations, false, none, it.integer("group", 1));
    }
    at::Tensor mean = at::avg_pool2d(in, w.kernel, w.strides, none, false, true, 1);
    const auto rows = counts(it, route, x, 0), columns = counts(it, route, x, 1);
    const PlaneSize c = values_.crop(y);
    for (std::size_t r_index = 0; r_index < values_.rows(); ++r_index) {
      const Corner at = values_.corner(y, r_index);
      const auto along = [&](const std::vector<double>& all, std::int64_t from, std::int64_t size) {
        return at::tensor(std::vector<double>(all.begin() + from, all.begin() + from + size),
                          at::kDouble);
      };
      const at::Tensor divisor =
          at::outer(along(rows, at.top, c.height), along(columns, at.left, c.width));
      mean[static_cast<std::int64_t>(r_index)].div_(divisor.to(mean.scalar_type()));
    }
    return mean;
  }

  // The clean mean, and what the changed part adds to it.
  at::Tensor mean(const Node& it) {
    const ValueId x = it.inputs[0], y = it.outputs[0];
    const Block& own = values_.block(x);
    std::vector<Region> regions;
    for (const Corner& at : values_.corners(x)) regions.push_back({at, {}});
    const Block before = laid_out(values_.memory(), values_.clean().block(x, own.layout), nullptr,
                                  regions, own.height, own.width, 0);
    const at::Tensor difference = values_.as_tensor(x, own) - values_.as_tensor(x, before);
    const PlaneSize p = values_.plane(x);
    const at::Tensor change =
        difference.sum({2, 3}, true, at::kDouble) / static_cast<double>(p.height * p.width);
    const at::Tensor& clean = values_.clean().tensor(y);
    std::vector<std::int64_t> like(clean.sizes().begin(), clean.sizes().end());
    like[0] = static_cast<std::int64_t>(values_.rows());
    return (clean.to(at::kDouble) + change.reshape(like)).to(clean.scalar_type());
  }

  const IncrementalNetwork& net_;
  BatchValues values_;
  const std::set<ValueId> keep_;
  int chain_ = 0;
};

}  // namespace

std::vector<ValueId> values_to_keep(const IncrementalNetwork& network) {
  std::set<ValueId> all;
  for (const Chain& chain : network.chains)
    for (const int n : chain.nodes) {
      const Node& node = network.graph->nodes()[static_cast<std::size_t>(n)];
      for (const ValueId v : node.inputs)
        if (v != kNoValue && network.keeps[v]) all.insert(v);
      const auto kind = network.routes[static_cast<std::size_t>(n)].kind;
      if (kind == Route::Kind::kMean && network.keeps[node.inputs[0]]) all.insert(node.outputs[0]);
    }
  return {all.begin(), all.end()};
}

at::Tensor run_batch(const IncrementalNetwork& network, const CoverSchedule& schedule,
                     const CoverBatch& batch, const std::vector<Place>& places,
                     const at::Tensor& pixels, CleanValues& clean, BlockMemory& memory) {
  return BatchPass(network, BatchValues(network, schedule, batch, places, clean, memory), {})
      .run(pixels);
}

void run_clean(const IncrementalNetwork& network, const CoverSchedule& schedule,
               const at::Tensor& picture, const std::vector<ValueId>& keep, CleanValues& clean) {
  BlockMemory memory;
  const std::vector<Place> places(1);
  BatchPass(network, BatchValues(network, schedule, schedule.batches[0], places, clean, memory),
            {keep.begin(), keep.end()})
      .run(picture);
}

}  // namespace assay::network
