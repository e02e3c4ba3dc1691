// Architectures as other people's tools export them, against their own logits. The files lie in the
// folder ASSAY_ARCHITECTURES, as written by an exporter of torchvision's models: NAME.onnx, NAME.pt
// (traced), NAME.scripted.pt, NAME/input.npy [2,3,S,S], NAME/logits.npy [2,1000]. Skipped, loudly,
// where there is no such folder. The table that it prints is in docs/operators.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/npy.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/network/numerics.h"
#include "assay/network/pass.h"

namespace assay::network {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

constexpr double kTolerance = 1e-4;  // of the largest logit

// The largest difference of both executors' logits from the recorded ones, relative to the largest of
// those.
double error_of(const fs::path& model, const fs::path& recorded) {
  const NpyArray input = read_npy((recorded / "input.npy").string());
  const NpyArray logits = read_npy((recorded / "logits.npy").string());
  auto pixels = input.values<float>();
  auto scores = logits.values<float>();
  const at::Tensor pictures =
      at::from_blob(pixels.data(), Shape(input.shape.begin(), input.shape.end()), at::kFloat);
  const at::Tensor expected =
      at::from_blob(scores.data(), Shape(logits.shape.begin(), logits.shape.end()), at::kFloat);
  InputDescription described;
  described.resize = ResizeRule::kSquash;
  described.resize_height = static_cast<int>(pictures.size(2));
  described.resize_width = static_cast<int>(pictures.size(3));
  const Classifier classifier = Classifier::open(model.string(), described, {}, {});
  const auto difference = [&](const at::Tensor& actual) {
    if (actual.sizes() != expected.sizes())
      throw InputError(model.string(), "gives another number of logits");
    return at::max(at::abs(actual - expected)).item<double>();
  };
  return std::max(difference(classifier.plain_forward(pictures).logits),
                  difference(classifier.forward(pictures).logits)) /
         at::max(at::abs(expected)).item<double>();
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
