// What the logits of a picture's covered copies cost: 169 covers of 32 px, 16 px apart, on 224 px.
//
// `Naive` runs each copy through the inference executor, in micro-batches of 8, and is the unit.
// `Incremental` recomputes what the covers reach: at most 1/2 for ResNet-18 and 1/5 for VGG-16. Its
// label is the share of the arithmetic that the schedule has, padding of batches and copying
// included, and `error` the largest difference from `Naive` over the largest logit. `Patched` asks a
// classifier, which chooses between the two: at most 1.05 where it cannot win, with attention (the
// last network) and with squeeze-and-excitation under covers of half the picture.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/incremental_executor.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"
#include "networks.h"

namespace assay::benchmarks {
namespace {

using namespace network;

constexpr std::int64_t kSide = 224, kCover = 32, kPlaces = 13, kRows = 8;

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
    case 4:
      return se_resnet18();
    default:
      return vit_tiny();
  }
}

// kPlaces rows of as many covers, from border to border.
std::vector<Place> places_of(std::int64_t cover) {
  const std::int64_t stride = (kSide - cover) / (kPlaces - 1);
  std::vector<Place> places;
  for (std::int64_t row = 0; row < kPlaces; ++row)
    for (std::int64_t column = 0; column < kPlaces; ++column)
      places.push_back({row * stride, column * stride});
  return places;
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
  s.places = places_of(kCover);
  return s;
}

// The logits [kRows,K] of whole copies, from `first` on.
at::Tensor whole(const Subject& s, std::size_t first) {
  std::vector<at::Tensor> rows;
  for (std::size_t i = first; i < first + kRows; ++i) {
    const Place& at = s.places[std::min(i, s.places.size() - 1)];
    rows.push_back(s.picture.clone());
    rows.back().narrow(2, at.top, kCover).narrow(3, at.left, kCover).copy_(s.cover);
  }
  const at::Tensor batch = at::cat(rows);
  Request request;
  request.given = {{s.graph->inputs()[0].value, batch}};
  request.wanted = {s.graph->outputs()[0]};
  request.input_shapes = {batch.sizes().vec()};
  return s.inference->run(request)[0];
}

void Naive(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  const Subject& s = subject(state.range(0));
  enter_kernel_thread();
  whole(s, 0);
  for (auto _ : state)
    for (std::size_t first = 0; first < s.places.size(); first += kRows)
      benchmark::DoNotOptimize(whole(s, first));
}

void Incremental(benchmark::State& state) {
  Subject& s = subject(state.range(0));
  const auto run = [&] {
    return s.incremental->run(s.picture, {kCover, kCover}, s.places,
                              [&](std::size_t) { return s.cover; });
  };
  const at::Tensor got = run();
  for (auto _ : state) benchmark::DoNotOptimize(run());
  const at::NoGradGuard no_grad;
  double error = 0, largest = 0;
  for (std::size_t first = 0; first + kRows <= s.places.size(); first += kRows) {
    const at::Tensor wanted = whole(s, first);
    const at::Tensor own = got.narrow(0, static_cast<std::int64_t>(first), kRows);
    error = std::max(error, at::max(at::abs(own - wanted)).item<double>());
    largest = std::max(largest, at::max(at::abs(wanted)).item<double>());
  }
  state.counters["error"] = error / largest;
  state.SetLabel(std::to_string(s.incremental->cost_share({kCover, kCover}, s.places)));
}

void Patched(benchmark::State& state) {
  const std::int64_t cover = state.range(1);
  const auto file = std::filesystem::temp_directory_path() / "assay_occlusion_benchmark.onnx";
  write_onnx(*network_named(state.range(0)), file);
  InputDescription input;
  input.resize = ResizeRule::kSquash;
  input.resize_height = input.resize_width = kSide;
  const auto classifier = Classifier::open(file, input, {}, {});
  std::filesystem::remove(file);
  const at::Tensor picture = at::randn({1, 3, kSide, kSide}),
                   pixels = at::zeros({1, 3, cover, cover});
  const std::vector<Place> places = places_of(cover);
  enter_kernel_thread();
  const auto run = [&] {
    return classifier.patched_logits(picture, {cover, cover}, places,
                                     [&](std::size_t) { return pixels; });
  };
  run();
  const std::int64_t before = classifier.pictures_run();
  for (auto _ : state) benchmark::DoNotOptimize(run());
  state.SetLabel(classifier.pictures_run() == before ? "in part" : "as a whole");
}

void networks(benchmark::internal::Benchmark* b) {
  b->ArgName("network")->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(Naive)->Apply(networks)->DenseRange(0, 5);
BENCHMARK(Incremental)->Apply(networks)->DenseRange(0, 4);
BENCHMARK(Patched)
    ->ArgNames({"network", "cover"})
    ->Args({4, 32})
    ->Args({4, 112})
    ->Args({5, 32})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
