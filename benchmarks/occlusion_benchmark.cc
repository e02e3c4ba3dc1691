// What the logits of a picture's covered copies cost: 169 covers of 32 px, 16 px apart, on 224 px.
//
// `Naive` runs each copy through the inference executor, in micro-batches of 8, and is the unit.
// `Incremental` recomputes what the covers reach: at most 1/2 for ResNet-18 and 1/5 for VGG-16. Its
// label is the share of the arithmetic that the schedule has, padding of batches and copying
// included. With squeeze-and-excitation it cannot win, and says so by that share.

#include <benchmark/benchmark.h>

#include <map>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/incremental_executor.h"
#include "networks.h"

namespace assay::benchmarks {
namespace {

using namespace network;

constexpr std::int64_t kSide = 224, kCover = 32, kStride = 16, kRows = 8;

std::shared_ptr<const Graph> network_named(std::int64_t index) {
  configure_numerics();
  switch (index) {
    case 0:
      return resnet18();
    case 1:
      return vgg16();
    case 2:
      return mobilenet_v2();
    case 3:
      return squeezenet1_1();
    default:
      return se_resnet18();
  }
}

struct Subject {
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<const Executor> plain;
  std::unique_ptr<Executor> inference;
  std::unique_ptr<IncrementalExecutor> incremental;
  at::Tensor picture, cover;
  std::vector<Place> places;
};

// One network at a time: VGG-16's weights fill memory.
Subject& subject(std::int64_t index) {
  static std::int64_t held = -1;
  static Subject s;
  if (held == index) return s;
  held = index;
  s = Subject{};
  const at::NoGradGuard no_grad;
  s.graph = network_named(index);
  s.plain = make_differentiable_executor(s.graph);
  s.picture = at::randn({1, 3, kSide, kSide});
  s.cover = at::zeros({1, 3, kCover, kCover});
  const ValueId in = s.graph->inputs()[0].value, out = s.graph->outputs()[0];
  s.inference = make_inference_executor(
      s.graph, s.plain, {in, s.picture.expand({kRows, 3, kSide, kSide}).contiguous()}, out);
  s.incremental = std::make_unique<IncrementalExecutor>(s.graph, s.plain, Given{in, s.picture}, out,
                                                        IncrementalExecutor::Rows::kFree);
  for (std::int64_t top = 0; top + kCover <= kSide; top += kStride)
    for (std::int64_t left = 0; left + kCover <= kSide; left += kStride)
      s.places.push_back({top, left});
  return s;
}

void Naive(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  Subject& s = subject(state.range(0));
  enter_kernel_thread();
  const auto copies = [&](std::size_t first) {
    std::vector<at::Tensor> rows;
    for (std::size_t i = first; i < first + kRows; ++i) {
      const Place& at = s.places[std::min(i, s.places.size() - 1)];
      rows.push_back(s.picture.clone());
      rows.back().narrow(2, at.top, kCover).narrow(3, at.left, kCover).copy_(s.cover);
    }
    return at::cat(rows);
  };
  const auto run = [&](std::size_t first) {
    const at::Tensor batch = copies(first);
    Request request;
    request.given = {{s.graph->inputs()[0].value, batch}};
    request.wanted = {s.graph->outputs()[0]};
    request.input_shapes = {batch.sizes().vec()};
    benchmark::DoNotOptimize(s.inference->run(request));
  };
  run(0);
  for (auto _ : state)
    for (std::size_t first = 0; first < s.places.size(); first += kRows) run(first);
}

void Incremental(benchmark::State& state) {
  Subject& s = subject(state.range(0));
  const auto run = [&] {
    return s.incremental->run(s.picture, {kCover, kCover}, s.places,
                              [&](std::size_t) { return s.cover; });
  };
  run();
  for (auto _ : state) benchmark::DoNotOptimize(run());
  state.SetLabel(std::to_string(s.incremental->cost_share({kCover, kCover}, s.places)));
}

void networks(benchmark::internal::Benchmark* b) {
  b->ArgName("network")->DenseRange(0, 4)->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(Naive)->Apply(networks);
BENCHMARK(Incremental)->Apply(networks);

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
