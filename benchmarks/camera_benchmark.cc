// What cameras cost. `Parametrised/…` is the 132-parameter camera on 256 px mosaics, a batch of 8 a thread: pictures and pixels a
// second, on one thread and two. `Develop/CHAIN/MEGAPIXELS` is a frame by a chain: the time a pixel is the same at every size.
// `TwelveViews` is all static views of a 3648 × 5472 frame, one after the other; its peak of memory is that of the process. Naive
// beside it: the same 132-parameter chain as libtorch writes it, operator by operator.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <thread>
#include <vector>

#include "assay/imaging/camera/chain.h"
#include "assay/imaging/camera/parametrised.h"
#include "assay/network/classifier.h"
#include "assay/network/gradient.h"

namespace assay::benchmarks {
namespace {

using imaging::Cfa;
using imaging::ParametrisedCamera;

constexpr std::int64_t kBatch = 8, kSide = 256;

at::Tensor mosaics() { return at::rand({kBatch, 1, kSide, kSide}) * 0.8 + 0.1; }

void rate(benchmark::State& state, std::int64_t pictures) {
  state.counters["pictures"] = benchmark::Counter(
      static_cast<double>(state.iterations() * pictures), benchmark::Counter::kIsRate);
  state.counters["pixels"] =
      benchmark::Counter(static_cast<double>(state.iterations() * pictures * kSide * kSide),
                         benchmark::Counter::kIsRate);
}

void Parametrised(benchmark::State& state, bool backward, int threads) {
  std::vector<ParametrisedCamera> cameras(
      static_cast<std::size_t>(threads), ParametrisedCamera(imaging::neutral_camera(), Cfa::kRggb));
  std::vector<at::Tensor> inputs, slopes;
  for (int t = 0; t < threads; ++t) {
    inputs.push_back(mosaics());
    slopes.push_back(at::rand({kBatch, 3, kSide, kSide}));
  }
  constexpr int kTurns = 8;
  for (auto _ : state) {
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < cameras.size(); ++t)
      workers.emplace_back([&, t] {
        network::enter_kernel_thread();
        for (int i = 0; i < kTurns; ++i) {
          benchmark::DoNotOptimize(cameras[t].forward(inputs[t]));
          if (backward) benchmark::DoNotOptimize(cameras[t].backward(slopes[t]));
        }
      });
  }
  rate(state, kTurns * threads * kBatch);
}

// The source's chain in libtorch's operators.
at::Tensor naive_forward(const at::Tensor& mosaic, const std::vector<at::Tensor>& p) {
  const at::Tensor masks = imaging::colour_masks(Cfa::kRggb, kSide, kSide, at::kFloat);
  const at::Tensor level = p[0].view({1, 1, 2, 2}).repeat({1, 1, kSide / 2, kSide / 2});
  at::Tensor x = (mosaic - level) * masks;
  x = at::conv2d(at::reflection_pad2d(x, {1, 1, 1, 1}), p[1]);
  x = x * p[2].view({1, 3, 1, 1});
  x = at::matmul(p[3], x.flatten(2)).view(x.sizes());
  const at::Tensor to = at::tensor({0.299f, 0.587f, 0.114f, -0.14714119f, -0.28886916f, 0.43601035f,
                                    0.61497538f, -0.51496512f, -0.10001026f})
                            .view({3, 3});
  const at::Tensor yuv = at::matmul(to, x.flatten(2)).view(x.sizes());
  at::Tensor y = at::conv2d(yuv.narrow(1, 0, 1), p[4], {}, 1, 1);
  y = at::conv2d(at::reflection_pad2d(y, {2, 2, 2, 2}), p[5]);
  x = at::matmul(at::inverse(to), at::cat({y, yuv.narrow(1, 1, 2)}, 1).flatten(2)).view(x.sizes());
  return at::exp(at::log(x.clamp(1e-5, 1)) / p[6]);
}

void Naive(benchmark::State& state, bool backward) {
  network::configure_numerics();
  std::vector<at::Tensor> p{at::zeros({4}),     at::rand({3, 3, 3, 3}), at::ones({3}),
                            at::eye(3),         at::rand({1, 1, 3, 3}), at::rand({1, 1, 5, 5}),
                            at::full({1}, 2.2f)};
  for (at::Tensor& t : p) t.requires_grad_(backward);
  const at::Tensor input = mosaics(), slope = at::rand({kBatch, 3, kSide, kSide});
  const at::AutoGradMode record(backward);
  for (auto _ : state) {
    const at::Tensor out = naive_forward(input, p);
    if (backward) benchmark::DoNotOptimize(network::gradients((out * slope).sum(), p));
    benchmark::DoNotOptimize(out);
  }
  rate(state, kBatch);
}

void Develop(benchmark::State& state, const std::string& chain, double megapixels) {
  network::configure_numerics();
  const at::NoGradGuard no_grad;
  const auto side = static_cast<std::int64_t>(std::sqrt(megapixels * 1e6) / 2) * 2;
  const auto camera = imaging::CameraChain::parse(chain, "");
  imaging::Sensor sensor;
  sensor.white = 1;
  const at::Tensor frame = at::rand({1, 1, side, side});
  for (auto _ : state) benchmark::DoNotOptimize(camera(frame, sensor));
  state.counters["ns_a_pixel"] =
      benchmark::Counter(static_cast<double>(state.iterations() * side * side) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// A development of 256 px, and where asked the slopes of what it was made of.
void Demosaic(benchmark::State& state, imaging::Demosaic method, bool backward) {
  network::configure_numerics();
  const at::Tensor frame = at::rand({1, 1, kSide, kSide}).requires_grad_(backward),
                   slope = at::rand({1, 3, kSide, kSide});
  const at::AutoGradMode record(backward);
  for (auto _ : state) {
    const at::Tensor out = imaging::demosaiced(frame, Cfa::kRggb, method);
    if (backward) benchmark::DoNotOptimize(network::gradient((out * slope).sum(), frame));
    benchmark::DoNotOptimize(out);
  }
  rate(state, 1);
}

void TwelveViews(benchmark::State& state) {
  network::configure_numerics();
  const at::NoGradGuard no_grad;
  imaging::Sensor sensor;
  sensor.white = 1;
  const at::Tensor frame = at::rand({1, 1, 3648, 5472});
  for (auto _ : state)
    for (const std::string& view : imaging::static_view_names())
      benchmark::DoNotOptimize(imaging::CameraChain::parse(view, "")(frame, sensor));
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  state.counters["peak_MB"] = static_cast<double>(used.ru_maxrss) / 1024;
}

int registered = [] {
  const auto add = [](auto* b) { b->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(2); };
  // First: the process's peak is its own.
  benchmark::RegisterBenchmark("TwelveViews", TwelveViews)
      ->Unit(benchmark::kSecond)
      ->UseRealTime()
      ->Iterations(1);
  for (const bool backward : {false, true}) {
    const std::string what = backward ? "forward_backward" : "forward";
    for (const int threads : {1, 2})
      add(benchmark::RegisterBenchmark(
          ("Parametrised/" + what + "/" + std::to_string(threads)).c_str(),
          [=](benchmark::State& s) { Parametrised(s, backward, threads); }));
    add(benchmark::RegisterBenchmark(("Naive/" + what).c_str(),
                                     [=](benchmark::State& s) { Naive(s, backward); }));
  }
  for (const auto& [name, method] : {std::pair{"bilinear", imaging::Demosaic::kBilinear},
                                     {"malvar", imaging::Demosaic::kMalvar},
                                     {"menon", imaging::Demosaic::kMenon}})
    for (const bool backward : {false, true})
      add(benchmark::RegisterBenchmark(
          (std::string("Demosaic/") + name + (backward ? "/forward_backward" : "/forward")).c_str(),
          [=, method = method](benchmark::State& s) { Demosaic(s, method, backward); }));
  for (const char* chain : {"bilinear-filter-gaussian", "menon-unsharp-median"})
    for (const double megapixels : {0.25, 1.0, 4.0, 16.0})
      add(benchmark::RegisterBenchmark(
          ("Develop/" + std::string(chain) + "/" + std::to_string(megapixels).substr(0, 5)).c_str(),
          [=](benchmark::State& s) { Develop(s, chain, megapixels); }));
  return 0;
}();

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
