// What an audit's three checks cost beside plain forwards of the same pictures: at most 1.25.
//
// `PlainForwards` decodes and runs the Fashion-MNIST test pictures and throws the logits away.
// `ThreeChecks` measures accuracy, calibration and heatmap from an empty store (`Separately`: one
// run a check, as three programs would).

#include <benchmark/benchmark.h>
#include <algorithm>

#include <unistd.h>

#include "assay/audit/conclude.h"
#include "assay/audit/measure.h"
#include "assay/audit/plan.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/batch.h"
#include "assay/network/pass.h"
#include "subject.h"

namespace assay::benchmarks {
namespace {

constexpr const char* kFolder = "/usr/share/datasets/fashion-mnist/";

audit::Plan plan_of(const std::string& checks) {
  audit::Plan plan = audit::parse_plan(
      "assay: 1\nmodel: {file: " + fashion().file +
          ", input: {channels: gray, mean: 0.2860, std: 0.3530}}\ndata: {idx: " + kFolder +
          "t10k-images-idx3-ubyte.gz, labels: " + kFolder +
          "t10k-labels-idx1-ubyte.gz, limit: 2000}\nchecks: {" + checks +
          ", input: {pictures: 0}}\n",
      "benchmark.yaml");
  return plan;
}

struct Bench {
  explicit Bench(const std::string& checks)
      : plan(plan_of(checks)),
        classifier(open(fashion())),
        data(imaging::DataSet::open({.images = "",
                                     .manifest = "",
                                     .idx = plan.data.idx,
                                     .idx_labels = plan.data.idx_labels,
                                     .limit = plan.data.limit,
                                     .seed = 0,
                                     .where = ""},
                                    {10, {}})) {}
  audit::Plan plan;
  network::Classifier classifier;
  imaging::DataSet data;

  void measure() {
    const std::string file = (std::filesystem::temp_directory_path() /
                              ("assay-benchmark-" + std::to_string(getpid()) + ".sqlite"))
                                 .string();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
    audit::Store store(file, audit::Store::Mode::kCreate);
    const checks::Subject subject{classifier, data, {classifier.labels(), 0}};
    const auto checks = audit::configure(plan);
    audit::MeasureOptions options;
    RunInfo run;
    benchmark::DoNotOptimize(audit::measure(plan, checks, subject, store, options, run));
  }
};

void PlainForwards(benchmark::State& state) {
  Bench bench("accuracy: ");
  const auto micro = static_cast<std::size_t>(bench.classifier.micro_batch());
  PlainForward forward(bench.classifier);
  for (auto _ : state) {
    for (std::size_t first = 0; first < bench.data.size(); first += micro) {
      std::vector<imaging::Picture> pictures;
      std::vector<methods::Slot> slots;
      for (std::size_t i = first; i < std::min(bench.data.size(), first + micro); ++i)
        pictures.push_back(bench.data.picture(i, {.upright = false, .gray = true}));
      for (const auto& picture : pictures) slots.push_back({&picture, ""});
      benchmark::DoNotOptimize(
          forward(methods::input_tensor(bench.classifier, bench.classifier.input(), slots)));
    }
  }
}

void ThreeChecks(benchmark::State& state) {
  Bench bench("accuracy: , calibration: , heatmap: ");
  for (auto _ : state) bench.measure();
}

void Separately(benchmark::State& state) {
  Bench accuracy("accuracy: "), calibration("calibration: "), heatmap("heatmap: ");
  for (auto _ : state) {
    accuracy.measure();
    calibration.measure();
    heatmap.measure();
  }
}

BENCHMARK(PlainForwards)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(ThreeChecks)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(Separately)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace assay::benchmarks

BENCHMARK_MAIN();
