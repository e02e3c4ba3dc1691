#include "assay/network/incremental_executor.h"

#include <algorithm>
#include <set>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/incremental_pass.h"

namespace assay::network {

namespace {

constexpr std::size_t kFewestRows = 16, kMostRows = 24;
constexpr std::int64_t kShapedRows = 8;
// In multiply-adds: what one item costs in an operator of its own, and to be laid out in a crop;
// and what Winograd's algorithm leaves of a 3×3 convolution.
constexpr double kItemCost = 4, kCopyCost = 20, kWinograd = 0.45;

// Rows of a batch: many share the reading of weights, which costs about as much as four rows'
// arithmetic, but the last batch is padded.
std::size_t rows_for(std::size_t places) {
  if (places <= kFewestRows) return places;
  const auto cost = [&](std::size_t rows) {
    const auto batches = static_cast<double>((places + rows - 1) / rows);
    return batches * (static_cast<double>(rows) + 4);
  };
  std::size_t best = kFewestRows;
  for (std::size_t rows = kFewestRows; rows <= kMostRows; ++rows)
    if (cost(rows) < cost(best)) best = rows;
  return best;
}

double items(const std::vector<std::int64_t>& shape) {
  double n = 1;
  for (const std::int64_t s : shape) n *= static_cast<double>(s);
  return n;
}

class Builder {
 public:
  Builder(IncrementalNetwork& net, const Executor& executor, const Given& example)
      : net_(net), graph_(*net.graph), executor_(executor), example_(example) {}

  void build(IncrementalExecutor::Rows rows) {
    find_facts();
    find_constants(rows);
    find_entry();
    for (Chain& chain : fuse(graph_, net_.facts, net_.result))
      if (behind(chain)) net_.chains.push_back(std::move(chain));
    net_.routes = routes_of(graph_, net_.facts, net_.entry, net_.result);
    for (std::size_t n = 0; n < net_.routes.size(); ++n) {
      const Node& node = graph_.nodes()[n];
      if (net_.routes[n].kind == Route::Kind::kWindow &&
          !at::isFloatingType(net_.types[node.inputs[0]]))
        net_.routes[n].kind = Route::Kind::kDense;
    }
    net_.keeps = keeps_place(graph_, net_.facts, net_.routes, net_.entry);
    net_.last_use.assign(graph_.value_count(), -1);
    for (std::size_t c = 0; c < net_.chains.size(); ++c)
      for (const int n : net_.chains[c].nodes)
        for (const ValueId v : graph_.nodes()[static_cast<std::size_t>(n)].inputs)
          if (v != kNoValue) net_.last_use[v] = static_cast<int>(c);
  }

 private:
  void find_facts() {
    const auto count = static_cast<std::size_t>(graph_.value_count());
    GraphFacts& facts = net_.facts;
    facts.data.resize(count);
    facts.shapes.resize(count);
    facts.float32.resize(count);
    facts.constants.resize(count);
    net_.types.assign(count, at::kFloat);
    for (ValueId id = 0; id < graph_.value_count(); ++id)
      facts.data[id] = executor_.follows_from_data(id);
    const auto note = [&](ValueId id, const at::Tensor& tensor) {
      facts.shapes[id] = tensor.sizes().vec();
      facts.float32[id] = tensor.scalar_type() == at::kFloat;
      net_.types[id] = tensor.scalar_type();
    };
    note(example_.value, example_.tensor);
    Request request;
    request.given = {example_};
    request.wanted = {net_.result};
    request.input_shapes = {example_.tensor.sizes().vec()};
    request.observe = note;
    executor_.run(request);
  }

  std::vector<at::Tensor> constants(const std::vector<ValueId>& ids, std::int64_t rows) const {
    Request request;
    Shape shape = example_.tensor.sizes().vec();
    shape[0] = rows;
    request.given = {{example_.value, example_.tensor.narrow(0, 0, 1).expand(shape)}};
    request.wanted = ids;
    request.input_shapes = {shape};
    return executor_.run(request);
  }

  // What the nodes read besides data. Where none of it depends on the number of rows, more rows may
  // run at once.
  void find_constants(IncrementalExecutor::Rows rows) {
    std::set<ValueId> read;
    for (const Node& node : graph_.nodes())
      for (const ValueId id : node.inputs)
        if (id != kNoValue && !net_.facts.data[id] && id != example_.value) read.insert(id);
    const std::vector<ValueId> ids(read.begin(), read.end());
    net_.example_rows = example_.tensor.size(0);
    net_.fixed_rows = net_.example_rows;
    std::vector<at::Tensor> values = constants(ids, net_.example_rows);
    if (rows == IncrementalExecutor::Rows::kFree) {
      std::vector<at::Tensor> shaped = constants(ids, kShapedRows);
      bool equal = true;
      for (std::size_t i = 0; i < ids.size(); ++i)
        equal = equal && (values[i].is_same(shaped[i]) || at::equal(values[i], shaped[i]));
      net_.fixed_rows = equal ? 0 : kShapedRows;
      values = std::move(shaped);
    }
    for (std::size_t i = 0; i < ids.size(); ++i) net_.facts.constants[ids[i]] = values[i];
  }

  // The input, or what a model of [N,H,W,C] turns it into first.
  void find_entry() {
    net_.entry = net_.input = example_.value;
    const Node* reader = nullptr;
    int readers = 0;
    for (const Node& node : graph_.nodes())
      for (const ValueId id : node.inputs)
        if (id == net_.input) {
          reader = &node;
          ++readers;
        }
    if (readers == 1 && reader->domain.empty() && reader->op == "Transpose" &&
        reader->integers("perm") == std::vector<std::int64_t>{0, 3, 1, 2})
      net_.entry = reader->outputs[0];
  }

  bool behind(const Chain& chain) const {
    return net_.entry == net_.input || chain.output != net_.entry;
  }

  IncrementalNetwork& net_;
  const Graph& graph_;
  const Executor& executor_;
  const Given& example_;
};

class Pricing {
 public:
  explicit Pricing(const IncrementalNetwork& net) : net_(net) {
    for (const Chain& chain : net.chains)
      if (chain.weight.defined())
        add(chain.nodes[0], chain.output, chain.addend);
      else
        for (const int n : chain.nodes) {
          const Node& node = net.graph->nodes()[static_cast<std::size_t>(n)];
          if (!node.outputs.empty() && node.outputs[0] != kNoValue)
            add(n, node.outputs[0], kNoValue);
        }
  }
  PassCost cost;

 private:
  void add(int n, ValueId made, ValueId addend) {
    const Node& node = net_.graph->nodes()[static_cast<std::size_t>(n)];
    const Route& route = net_.routes[static_cast<std::size_t>(n)];
    const auto& shapes = net_.facts.shapes;
    const double rows = static_cast<double>(net_.example_rows);
    double whole = items(shapes[made]) / rows * kItemCost, copied = 0;
    bool tiled = false;
    const at::Tensor* weight =
        node.inputs.size() > 1 && node.inputs[1] != kNoValue && !net_.facts.data[node.inputs[1]]
            ? &net_.facts.constants[node.inputs[1]]
            : nullptr;
    if (node.op == "Conv" && weight) {
      const auto& s = shapes[made];
      double plane = 1;
      for (std::size_t d = 2; d < s.size(); ++d) plane *= static_cast<double>(s[d]);
      whole = plane * static_cast<double>(weight->numel());
      if (route.kind == Route::Kind::kWindow) {
        const Window& w = route.window;
        tiled = weight->size(1) >= 16 && w.kernel == std::vector<std::int64_t>{3, 3} &&
                w.strides == std::vector<std::int64_t>{1, 1} &&
                w.dilations == std::vector<std::int64_t>{1, 1};
        if (tiled) whole *= kWinograd;
      }
    } else if (node.op == "Gemm" && weight) {
      whole = static_cast<double>(weight->numel());
    } else if (node.op == "MatMul" && shapes[node.inputs[0]].size() > 1) {
      whole = items(shapes[made]) / rows * static_cast<double>(shapes[node.inputs[0]].back());
    }
    if (route.kind == Route::Kind::kWindow)
      copied = items(shapes[node.inputs[0]]) / rows * kCopyCost;
    if (addend != kNoValue) copied += items(shapes[addend]) / rows * kCopyCost;
    if (!net_.keeps[made]) {
      cost.rest += whole;
      return;
    }
    const auto& s = shapes[made];
    cost.windows.push_back({made, whole, copied, {s[s.size() - 2], s[s.size() - 1]}, tiled});
  }

  const IncrementalNetwork& net_;
};

}  // namespace

struct IncrementalExecutor::State {
  IncrementalNetwork net;
  std::shared_ptr<const Executor> executor;
  PassCost cost;
  std::vector<ValueId> keep;

  CoverSchedule schedule(PatchSize size, const std::vector<Place>& places) const {
    const auto axis = [&](int a) {
      std::vector<std::int64_t> starts;
      for (const Place& p : places) starts.push_back(a == 0 ? p.top : p.left);
      const std::int64_t length = a == 0 ? size.height : size.width;
      return AxisClasses(std::move(starts), a, cost, [&](std::int64_t start) {
        return reached(*net.graph, net.routes, net.keeps, net.entry, {start, start + length}, a);
      });
    };
    return schedule_covers(
        places, axis(0), axis(1), cost,
        net.fixed_rows > 0 ? static_cast<std::size_t>(net.fixed_rows) : rows_for(places.size()));
  }

  // Where shape arithmetic fixes the rows of a batch, by the other executor.
  CleanValues clean(const at::Tensor& picture) const {
    const auto compute = [this, picture](const std::vector<ValueId>& wanted) {
      Request request;
      Shape shape = picture.sizes().vec();
      shape[0] = net.example_rows;
      request.given = {{net.input, picture.expand(shape).contiguous()}};
      request.wanted = wanted;
      request.input_shapes = {shape};
      return executor->run(request);
    };
    CleanValues values([compute](ValueId id) { return compute({id})[0].narrow(0, 0, 1); });
    if (net.fixed_rows > 0) {
      const std::vector<at::Tensor> all = compute(keep);
      for (std::size_t i = 0; i < all.size(); ++i) values.keep(keep[i], all[i].narrow(0, 0, 1));
      return values;
    }
    const at::Tensor entry =
        net.entry == net.input ? picture : picture.permute({0, 3, 1, 2}).contiguous();
    run_clean(net, schedule({entry.size(2), entry.size(3)}, {Place{}}), entry, keep, values);
    return values;
  }
};

IncrementalExecutor::IncrementalExecutor(std::shared_ptr<const Graph> graph,
                                         std::shared_ptr<const Executor> executor,
                                         const Given& example, ValueId result, Rows rows)
    : state_(std::make_unique<State>()) {
  const at::NoGradGuard no_grad;
  state_->net.kernels = make_kernels(*graph);
  state_->net.graph = std::move(graph);
  state_->net.result = result;
  Builder(state_->net, *executor, example).build(rows);
  state_->executor = std::move(executor);
  state_->cost = Pricing(state_->net).cost;
  state_->keep = values_to_keep(state_->net);
}
IncrementalExecutor::~IncrementalExecutor() = default;

double IncrementalExecutor::cost_share(PatchSize size, const std::vector<Place>& places) const {
  return state_->schedule(size, places).cost /
         (state_->cost.dense() * static_cast<double>(places.size()));
}

at::Tensor IncrementalExecutor::run(const at::Tensor& picture, PatchSize size,
                                    const std::vector<Place>& places, const Pixels& pixels) const {
  const at::NoGradGuard no_grad;
  enter_kernel_thread();  // oneDNN lays a primitive out for the threads that it sees here
  const IncrementalNetwork& net = state_->net;
  CleanValues clean = state_->clean(picture);
  const CoverSchedule schedule = state_->schedule(size, places);
  BlockMemory memory;
  const CoverBatch* last = nullptr;
  at::Tensor results;
  for (const CoverBatch& batch : schedule.batches) {
    if (last &&
        (last->rows_class != batch.rows_class || last->columns_class != batch.columns_class))
      memory.clear();
    last = &batch;
    std::vector<at::Tensor> rows;
    for (std::size_t r = 0; r < schedule.batch_rows; ++r)
      rows.push_back(r < batch.places.size() ? pixels(batch.places[r]) : rows[0]);
    const at::Tensor made = run_batch(net, schedule, batch, places, at::cat(rows), clean, memory);
    const std::int64_t each = made.size(0) / static_cast<std::int64_t>(schedule.batch_rows);
    if (!results.defined()) {
      Shape all = made.sizes().vec();
      all[0] = each * static_cast<std::int64_t>(places.size());
      results = at::empty(all, made.options());
    }
    for (std::size_t r = 0; r < batch.places.size(); ++r)
      results.narrow(0, static_cast<std::int64_t>(batch.places[r]) * each, each)
          .copy_(made.narrow(0, static_cast<std::int64_t>(r) * each, each));
  }
  return results;
}

}  // namespace assay::network
