// Architectures as other people's tools export them, against their own logits. The files lie in the
// folder ASSAY_ARCHITECTURES, as written by an exporter of torchvision's models: NAME.onnx, NAME.pt
// (traced), NAME.scripted.pt, NAME/input.npy [2,3,S,S], NAME/logits.npy [2,1000]. Skipped, loudly,
// where there is no such folder. The table that it prints is docs/architectures.md's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/model_reader.h"
#include "assay/network/torch.h"

namespace assay::network {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 1e-4;  // of the largest logit

// The largest difference from the recorded logits, relative to the largest of them.
double error_of(const fs::path& model, const fs::path& recorded) {
  const NpyArray input = read_npy((recorded / "input.npy").string());
  const NpyArray logits = read_npy((recorded / "logits.npy").string());
  auto pixels = input.values<float>();
  const auto expected = logits.values<float>();
  const at::Tensor pictures = at::from_blob(
      pixels.data(),
      {static_cast<std::int64_t>(input.shape[0]), static_cast<std::int64_t>(input.shape[1]),
       static_cast<std::int64_t>(input.shape[2]), static_cast<std::int64_t>(input.shape[3])},
      at::kFloat);
  const InputSize size{static_cast<int>(input.shape.at(1)), static_cast<int>(input.shape.at(2)),
                       static_cast<int>(input.shape.at(3))};
  const ReadModel read = read_model(model.string(), size, Layout::kNchw, Reading::kGraph);
  Request request;
  request.given = {{read.graph->inputs().at(0).value, pictures}};
  request.wanted = {read.graph->outputs().at(0)};
  request.input_shapes = {Shape(pictures.sizes().begin(), pictures.sizes().end())};
  const at::NoGradGuard no_grad;
  const at::Tensor actual = read.executor->run(request)[0].contiguous();
  if (actual.numel() != static_cast<std::int64_t>(expected.size()))
    throw InputError(model.string(), "gives another number of logits");
  double largest = 0, error = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(double(expected[i])));
    error = std::max(error, std::abs(double(expected[i]) - actual.data_ptr<float>()[i]));
  }
  return error / largest;
}

TEST(Architectures, AgreeWithTheirExportersLogits) {
  const char* folder = std::getenv("ASSAY_ARCHITECTURES");
  if (!folder || !fs::is_directory(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: ASSAY_ARCHITECTURES names no folder of exported models";
  configure_numerics();
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::exists(entry.path() / "logits.npy")) names.insert(entry.path().filename().string());
  ASSERT_FALSE(names.empty()) << folder;
  for (const std::string& name : names) {
    std::printf("| %s |", name.c_str());
    for (const char* ending : {".onnx", ".pt", ".scripted.pt"}) {
      const fs::path model = fs::path(folder) / (name + ending);
      const auto start = std::chrono::steady_clock::now();
      if (!fs::exists(model)) {
        std::printf(" – |");
        continue;
      }
      try {
        const double error = error_of(model, fs::path(folder) / name);
        EXPECT_LE(error, kTolerance) << model;
        std::printf(" %.1e |", error);
      } catch (const InputError& refusal) {
        ADD_FAILURE() << refusal.what();
        std::printf(" refused |");
      }
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::fprintf(stderr, "%s%s: %.1f s\n", name.c_str(), ending, took.count());
      std::fflush(stdout);
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace assay::network
