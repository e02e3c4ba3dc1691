// What the formation of shifted pictures costs beside the model: ResNet-18 at 224 px, a micro-batch of 8.
//
// `Forward` is the inference executor alone, the unit. `Shifted/FACTORS` is scene and model together: at most 1.25 units for
// photometric and geometric factors. `Scene/FACTOR` is the scene alone.

#include <benchmark/benchmark.h>

#include <filesystem>

#include "assay/imaging/scene/scene.h"
#include "assay/methods/shift/shifted_logits.h"
#include "assay/network/classifier.h"
#include "assay/network/onnx_writer.h"
#include "assay/network/pass.h"
#include "networks.h"

namespace assay::benchmarks {
namespace {

const network::Classifier& resnet() {
  static const network::Classifier classifier = [] {
    network::configure_numerics();
    network::enter_kernel_thread();
    const std::string file =
        (std::filesystem::temp_directory_path() / "assay_scene_benchmark.onnx").string();
    network::write_onnx(*resnet18(), file);
    InputDescription imagenet;
    imagenet.mean = {0.485, 0.456, 0.406};
    imagenet.std = {0.229, 0.224, 0.225};
    auto opened = network::Classifier::open(file, imagenet, {}, {});
    std::filesystem::remove(file);
    return opened;
  }();
  return classifier;
}

at::Tensor theta_of(const imaging::Scene& scene) {
  std::vector<at::Tensor> columns;
  for (const imaging::Factor* f : scene.factors()) {
    const double step = f->unit == "degrees" ? 10
                        : f->unit == "K"     ? 1000
                        : f->unit == "px"    ? 2
                                             : 0.1;
    const double value = f->name == "jpeg_quality" ? 50
                         : f->name == "resolution" ? 0.5
                                                   : f->nominal + step;
    columns.push_back(at::full({8}, value, at::kDouble));
  }
  return at::stack(columns, 1);
}

const std::vector<std::uint64_t> kDraws{1, 2, 3, 4, 5, 6, 7, 8};

void Forward(benchmark::State& state) {
  const at::Tensor input = at::rand({8, 3, 224, 224});
  resnet();  // opened before the clock runs
  for (auto _ : state) benchmark::DoNotOptimize(resnet().forward(input).logits);
}

void Shifted(benchmark::State& state, const std::vector<std::string>& factors) {
  const imaging::Scene scene(factors, {});
  const at::Tensor input = at::rand({1, 3, 224, 224}), theta = theta_of(scene);
  for (auto _ : state)
    benchmark::DoNotOptimize(methods::shifted_logits(resnet(), input, scene, theta, kDraws));
}

void Scene(benchmark::State& state, const std::string& factor) {
  const c10::InferenceMode no_gradients;
  const imaging::Scene scene({factor}, {});
  const at::Tensor pixels = at::rand({8, 3, 224, 224}), theta = theta_of(scene);
  for (auto _ : state) benchmark::DoNotOptimize(scene(pixels, theta, kDraws));
}

int registered = [] {
  const auto add = [](auto* b) { b->Unit(benchmark::kMillisecond)->MinTime(2); };
  add(benchmark::RegisterBenchmark("Forward", Forward));
  add(benchmark::RegisterBenchmark("Shifted/geometry", [](benchmark::State& s) {
    Shifted(s,
            {"rotation", "scale", "shear", "tilt_x", "tilt_y", "translation_x", "translation_y"});
  }));
  add(benchmark::RegisterBenchmark("Shifted/light", [](benchmark::State& s) {
    Shifted(s, {"exposure", "temperature"});
  }));
  add(benchmark::RegisterBenchmark("Shifted/rendering", [](benchmark::State& s) {
    Shifted(s, {"hue", "saturation", "contrast", "brightness", "gamma"});
  }));
  add(benchmark::RegisterBenchmark("Shifted/rotation_brightness_tilt", [](benchmark::State& s) {
    Shifted(s, {"rotation", "brightness", "tilt_x"});
  }));
  for (const imaging::Factor& f : imaging::scene_factors()) {
    const std::string name(f.name);
    add(benchmark::RegisterBenchmark(("Scene/" + name).c_str(),
                                     [name](benchmark::State& s) { Scene(s, name); }));
  }
  return 0;
}();

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
