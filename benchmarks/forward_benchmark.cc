// What one forward costs beside plain libtorch's, which runs the same graph node by node without
// gradients: `Plain` is the unit. Promised at batch 8: 0.70 for ResNet-18, 0.43 for MobileNetV2 and
// SqueezeNet 1.1. With two threads each runs batches of its own, as the runner does. `Gemm` is the
// machine's peak in one thread: a product of two 2,048 × 2,048 matrices.

#include <benchmark/benchmark.h>

#include <map>
#include <mutex>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "networks.h"

namespace assay::benchmarks {
namespace {

using network::Executor;
using network::Request;

std::shared_ptr<const network::Graph> network_named(std::int64_t index) {
  network::configure_numerics();
  if (index == 0) return resnet18();
  return index == 1 ? mobilenet_v2() : squeezenet1_1();
}

constexpr double kMacs[] = {1.814e9, 0.301e9, 0.349e9};  // an image

struct Subject {
  std::shared_ptr<const network::Graph> graph;
  std::shared_ptr<const Executor> plain;
  std::unique_ptr<Executor> fast;
  Request request;
};

// One for all threads of a benchmark.
Subject& subject(std::int64_t index, std::int64_t batch) {
  static std::mutex mutex;
  static std::map<std::pair<std::int64_t, std::int64_t>, Subject> all;
  const std::lock_guard lock(mutex);
  Subject& s = all[{index, batch}];
  if (s.graph) return s;
  const at::NoGradGuard no_grad;
  s.graph = network_named(index);
  s.plain = network::make_differentiable_executor(s.graph);
  s.request.given = {{s.graph->inputs()[0].value, at::randn({batch, 3, 224, 224})}};
  s.request.wanted = {s.graph->outputs()[0]};
  s.request.input_shapes = {s.request.given[0].tensor.sizes().vec()};
  s.fast =
      network::make_inference_executor(s.graph, s.plain, s.request.given[0], s.graph->outputs()[0]);
  return s;
}

void measure(benchmark::State& state, const Executor& executor, const Request& request) {
  const at::NoGradGuard no_grad;
  network::enter_kernel_thread();
  executor.run(request);
  for (auto _ : state) benchmark::DoNotOptimize(executor.run(request));
  const auto images = static_cast<double>(state.iterations() * state.range(1));
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * kMacs[state.range(0)] * images, benchmark::Counter::kIsRate);
}

void Plain(benchmark::State& state) {
  Subject& s = subject(state.range(0), state.range(1));
  measure(state, *s.plain, s.request);
}

void Inference(benchmark::State& state) {
  Subject& s = subject(state.range(0), state.range(1));
  measure(state, *s.fast, s.request);
}

void Gemm(benchmark::State& state) {
  network::configure_numerics();
  const at::Tensor a = at::randn({2048, 2048}), b = at::randn({2048, 2048});
  for (auto _ : state) benchmark::DoNotOptimize(at::mm(a, b));
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * 2048 * 2048 * 2048 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"network", "batch"})->Unit(benchmark::kMillisecond)->UseRealTime();
  for (const int index : {0, 1, 2})
    for (const int batch : {1, 8}) b->Args({index, batch});
  b->Threads(1)->Threads(2);
}

BENCHMARK(Plain)->Apply(sizes);
BENCHMARK(Inference)->Apply(sizes);
BENCHMARK(Gemm)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
