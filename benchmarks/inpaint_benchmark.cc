// What ROAD's imputation of half of a colour picture of 224 px costs, by itself: pixels removed at
// random, and as one square.

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "assay/base/seed.h"
#include "assay/imaging/inpaint.h"

namespace assay::benchmarks {
namespace {

constexpr int kSize = 224, kChannels = 3;

void Inpaint(benchmark::State& state, bool square) {
  Stream stream(1, "inpaint_benchmark");
  std::vector<float> planes(kChannels * kSize * kSize);
  for (float& v : planes) v = static_cast<float>(stream.normal());
  std::vector<std::uint8_t> missing(kSize * kSize);
  for (int y = 0; y < kSize; ++y)
    for (int x = 0; x < kSize; ++x)
      missing[static_cast<std::size_t>(y * kSize + x)] =
          square ? std::abs(y - 112) < 79 && std::abs(x - 112) < 79 : stream.uniform() < 0.5;
  imaging::InpaintReport report;
  for (auto _ : state) {
    auto copy = planes;
    report = imaging::inpaint(copy, kChannels, kSize, kSize, missing);
    benchmark::DoNotOptimize(copy.data());
  }
  state.counters["iterations"] = report.iterations;
  state.counters["residual"] = report.residual;
}
BENCHMARK_CAPTURE(Inpaint, random, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Inpaint, square, true)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
