// What a class activation map costs beside one forward of the same micro-batch.
//
// `Forward` is the unit, by plain libtorch. `GradCam` is the clean pass that keeps the layer, and the backward of what
// lies behind it: at most 1.10 units for a network whose head is pooling + linear. `NaiveGradCam`
// runs and differentiates everything.

#include <benchmark/benchmark.h>

#include "assay/methods/attribution/cam.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/network/gradient.h"
#include "assay/network/pass.h"
#include "subject.h"

namespace assay::benchmarks {
namespace {

BenchmarkModel model_named(int index) {
  if (index == 0) return fashion();
  InputDescription imagenet;
  imagenet.mean = {0.485, 0.456, 0.406};
  imagenet.std = {0.229, 0.224, 0.225};
  return {shared_folder() + "/data/models/shufflenetv2_x1_0_float_op12.onnx",
          imagenet,
          {8, 3, 224, 224}};
}

bool absent(benchmark::State& state, const BenchmarkModel& model) {
  if (std::filesystem::exists(model.file)) return false;
  state.SkipWithError("the reference data are not here (ASSAY_SHARED)");
  return true;
}

void Forward(benchmark::State& state) {
  const auto model = model_named(static_cast<int>(state.range(0)));
  if (absent(state, model)) return;
  const auto classifier = open(model);
  const at::Tensor input = random_input(classifier, model);
  PlainForward forward(classifier);
  for (auto _ : state) benchmark::DoNotOptimize(forward(input));
}

void Cam(benchmark::State& state, const char* method) {
  const auto model = model_named(static_cast<int>(state.range(0)));
  if (absent(state, model)) return;
  const auto classifier = open(model);
  const at::Tensor input = random_input(classifier, model);
  const std::vector<std::string> layer{classifier.last_spatial_value()};
  const std::vector<std::int64_t> targets(static_cast<std::size_t>(input.size(0)), 0);
  const auto& row = methods::attribution_named(method, "");
  for (auto _ : state) {
    const auto pass = classifier.forward(input, layer);
    const methods::Question question{
        classifier, input, targets, {}, layer[0], pass.values.at(layer[0]), 0};
    benchmark::DoNotOptimize(row.explain(question, {}).map);
  }
}

void GradCam(benchmark::State& state) { Cam(state, "grad_cam"); }
void HiResCam(benchmark::State& state) { Cam(state, "hires_cam"); }

// The maps of every class: one forward, and a matrix product.
void CamOfAllClasses(benchmark::State& state) {
  const auto model = model_named(static_cast<int>(state.range(0)));
  if (absent(state, model)) return;
  const auto classifier = open(model);
  const at::Tensor input = random_input(classifier, model);
  const std::vector<std::string> layer{classifier.last_spatial_value()};
  const std::vector<std::int64_t> targets(static_cast<std::size_t>(input.size(0)), 0);
  for (auto _ : state) {
    const auto pass = classifier.forward(input, layer);
    const methods::Question question{
        classifier, input, targets, {}, layer[0], pass.values.at(layer[0]), 0};
    benchmark::DoNotOptimize(methods::Cam::explain_all(question, {}));
  }
}

// 48 steps of one picture are six micro-batches; their floor is six of NaiveGradCam, which is a
// forward and input gradient of eight pictures.
void IntegratedGradients(benchmark::State& state) {
  const auto model = model_named(static_cast<int>(state.range(0)));
  if (absent(state, model)) return;
  const auto classifier = open(model);
  const methods::Question question{
      classifier, random_input(classifier, model).narrow(0, 0, 1), {0}, {"picture"}, "", {}, 0};
  const auto& row = methods::attribution_named("integrated_gradients", "");
  for (auto _ : state)
    benchmark::DoNotOptimize(
        row.explain(question, {{"steps", std::int64_t{48}}, {"tolerance", 0.0}}).map);
}

// `pictures` of the micro-batch.
void forward_and_gradient(benchmark::State& state, std::int64_t pictures) {
  const auto model = model_named(static_cast<int>(state.range(0)));
  if (absent(state, model)) return;
  const auto classifier = open(model);
  const at::Tensor input =
      random_input(classifier, model).narrow(0, 0, pictures).clone().requires_grad_(true);
  for (auto _ : state) {
    const at::AutoGradMode record(true);
    const at::Tensor logits = classifier.logits(input);
    benchmark::DoNotOptimize(network::gradient(logits.select(1, 0).sum(), input));
  }
}

void NaiveGradCam(benchmark::State& state) { forward_and_gradient(state, 8); }
// 48 of these are what integrated gradients of one picture promise not to exceed.
void ForwardAndGradientOfOne(benchmark::State& state) { forward_and_gradient(state, 1); }

BENCHMARK(Forward)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(GradCam)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(HiResCam)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(CamOfAllClasses)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(IntegratedGradients)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(NaiveGradCam)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(ForwardAndGradientOfOne)->ArgName("model")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
