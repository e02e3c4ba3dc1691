// What drawing costs. Promised on two cores at 256 px: 200 pictures a second drawn and developed in
// memory, 100 with writing their five files.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "develop.h"
#include "light.h"
#include "render.h"
#include "request.h"
#include "surface.h"
#include "view.h"

namespace weld {
namespace {

const Plan kPlan{.seed = 1, .flaws = 0, .set = {}};

void Draw(benchmark::State& state) {
  const auto size = static_cast<int>(state.range(0));
  std::int64_t index = state.thread_index() * 100'000;
  for (auto _ : state) benchmark::DoNotOptimize(draw(make_frame(kPlan, index++), size));
  state.SetItemsProcessed(state.iterations());
}

void Write(benchmark::State& state) {
  DrawRequest request;
  request.plan = kPlan;
  request.count = 120;
  request.threads = static_cast<int>(state.range(0));
  request.out =
      (std::filesystem::temp_directory_path() / ("weld-benchmark-" + std::to_string(getpid())))
          .string();
  for (auto _ : state) write_pictures(request);
  state.SetItemsProcessed(state.iterations() * request.count);
  std::filesystem::remove_all(request.out);
}

// The stages of 24 pictures, four of each class; each gets what the one before made.
struct Stages {
  static constexpr int kFrames = 24, kSize = 256;
  std::vector<Frame> frames;
  std::vector<View> views;
  std::vector<Surface> surfaces;
  std::vector<Radiance> lights;
  std::vector<RawFrame> raws;

  Stages() {
    for (int i = 0; i < kFrames; ++i) {
      frames.push_back(make_frame(kPlan, i));
      views.emplace_back(frames.back(), kSize);
      surfaces.push_back(make_surface(frames.back(), views.back()));
      lights.push_back(light_surface(frames.back(), surfaces.back(), views.back()));
      raws.push_back(expose(frames.back(), lights.back(), views.back()));
    }
  }
};

template <class Run>
void stage(benchmark::State& state, const Run& run) {
  static const Stages stages;
  std::size_t i = 0;
  for (auto _ : state) {
    run(stages, i);
    i = (i + 1) % Stages::kFrames;
  }
}

void SurfaceStage(benchmark::State& state) {
  stage(state, [](const Stages& s, std::size_t i) {
    benchmark::DoNotOptimize(make_surface(s.frames[i], s.views[i]));
  });
}
void LightStage(benchmark::State& state) {
  stage(state, [](const Stages& s, std::size_t i) {
    benchmark::DoNotOptimize(light_surface(s.frames[i], s.surfaces[i], s.views[i]));
  });
}
void SensorStage(benchmark::State& state) {
  stage(state, [](const Stages& s, std::size_t i) {
    benchmark::DoNotOptimize(expose(s.frames[i], s.lights[i], s.views[i]));
  });
}
void DevelopStage(benchmark::State& state) {
  stage(state,
        [](const Stages& s, std::size_t i) { benchmark::DoNotOptimize(develop(s.raws[i])); });
}

BENCHMARK(Draw)->Arg(256)->Threads(1)->Threads(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(Draw)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(Write)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(SurfaceStage)->Unit(benchmark::kMillisecond);
BENCHMARK(LightStage)->Unit(benchmark::kMillisecond);
BENCHMARK(SensorStage)->Unit(benchmark::kMillisecond);
BENCHMARK(DevelopStage)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weld

BENCHMARK_MAIN();
