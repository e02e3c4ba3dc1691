// Completeness against captum's own convergence deltas: the sum of the attributions less the rise
// of the logit from the zero input. Skipped, loudly, where the reference data are absent.

#include <gtest/gtest.h>

#include <cmath>

#include "assay/base/npy.h"
#include "assay/methods/evaluation/completeness.h"
#include "assay/methods/reference_data_test.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::methods {
namespace {

TEST(CompletenessReference, GapsAreCaptumsConvergenceDeltas) {
  const std::string folder = shared() + "/reference/attribution/";
  if (!fs::exists(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: no reference data under ASSAY_SHARED (" << shared() << ")";
  network::configure_numerics();
  for (const auto& [net, model] :
       {std::pair<std::string, std::string>{"neu", "neu_smallcnn_op13.onnx"},
        {"resnet20", "cifar10_resnet20_op13.onnx"}}) {
    const json reference = read_json(folder + net + ".json");
    const json logits = read_json(shared() + "/reference/logits/" + model + ".json");
    const auto classifier = network::Classifier::open(shared() + "/data/models/" + model,
                                                      description(logits["input"]), {}, {});
    for (std::size_t i = 0; i < reference["images"].size(); ++i) {
      const imaging::Picture picture =
          picture_of(reference["images"][i], classifier.input().channels);
      const Slot slot{&picture, reference["images"][i]};
      const at::Tensor input =
          input_tensor(classifier, classifier.input(), {&slot, 1}).narrow(0, 0, 1);
      const at::Tensor ends = classifier.forward(at::cat({input, at::zeros_like(input)}))
                                  .logits.select(1, reference["targets"][i]);
      const double rise = (ends[0] - ends[1]).item<double>();
      for (const std::string array : {"ig_gausslegendre", "ig_trapezoid"}) {
        SCOPED_TRACE(net + " " + array + " " + std::to_string(i));
        const NpyArray file = read_npy(folder + net + "/" + array + ".npy");
        const std::vector<float> values = file.values<float>();
        const std::size_t each = values.size() / reference["images"].size();
        const at::Tensor map = at::tensor(
            std::vector<float>(values.begin() + static_cast<std::ptrdiff_t>(i * each),
                               values.begin() + static_cast<std::ptrdiff_t>((i + 1) * each)));
        const double delta = reference["ig_convergence_delta"][i][array];
        // Logits agree to 1e-4 of the largest, and captum sums in float32.
        EXPECT_NEAR(*completeness_gap(map, rise), std::abs(delta / rise), 1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace assay::methods
