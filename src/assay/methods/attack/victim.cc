// A classifier as an attack meets it: pixels in, logits and slopes out.
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/methods/attack/attacked.h"
#include "assay/methods/evaluation/truth.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"
#include "assay/network/gradient.h"

namespace assay::methods {

namespace {

class NetworkVictim final : public Victim {
 public:
  NetworkVictim(const network::Classifier& classifier, int channels, int height, int width)
      : classifier_(classifier), shape_{channels, height, width} {}

  int rows() const override { return classifier_.micro_batch(); }

  std::vector<Answer> answers(std::span<const Query* const> queries) const override {
    return read(answers_to_pixels(classifier_, batch(queries), false), queries.size());
  }

  std::vector<Answer> slopes(std::span<const Query* const> queries,
                             std::span<const int> labels) const override {
    const at::AutoGradMode record(true);
    const at::Tensor pixels = batch(queries).requires_grad_(true);
    const at::Tensor logits = answers_to_pixels(classifier_, pixels, true);
    std::vector<Answer> all = read(logits.detach(), queries.size());
    at::Tensor weights = at::zeros(logits.sizes(), at::kDouble);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const ObjectiveValue objective =
          objective_of(queries[i]->objective, all[i].logits, labels[i]);
      all[i].value = objective.value;
      std::copy(objective.slope.begin(), objective.slope.end(),
                weights.data_ptr<double>() + i * objective.slope.size());
    }
    const at::Tensor gradient =
        network::gradient((logits * weights.to(logits.scalar_type())).sum(), pixels);
    const std::size_t values = queries.front()->pixels.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].slope.assign(values, 0);
      if (!gradient.defined()) continue;
      const at::Tensor row = gradient[static_cast<std::int64_t>(i)].contiguous();
      std::copy_n(row.data_ptr<float>(), values, all[i].slope.begin());
      // What is no number points nowhere.
      for (float& g : all[i].slope)
        if (!std::isfinite(g)) g = 0;
    }
    return all;
  }

 private:
  // Filled up with the last.
  at::Tensor batch(std::span<const Query* const> queries) const {
    at::Tensor pixels = at::empty({rows(), shape_[0], shape_[1], shape_[2]}, at::kFloat);
    const std::int64_t values = shape_[0] * shape_[1] * shape_[2];
    for (std::int64_t i = 0; i < rows(); ++i) {
      const Query& q = *queries[std::min(static_cast<std::size_t>(i), queries.size() - 1)];
      if (static_cast<std::int64_t>(q.pixels.size()) != values)
        throw BugError("an attack's picture has another size than its target");
      std::copy(q.pixels.begin(), q.pixels.end(), pixels.data_ptr<float>() + i * values);
    }
    return pixels;
  }

  static std::vector<Answer> read(const at::Tensor& logits, std::size_t count) {
    const at::Tensor z = logits.to(at::kDouble).contiguous();
    std::vector<Answer> all(count);
    for (std::size_t i = 0; i < count; ++i) {
      const double* row = z.data_ptr<double>() + static_cast<std::int64_t>(i) * z.size(1);
      all[i].logits.assign(row, row + z.size(1));
    }
    return all;
  }

  const network::Classifier& classifier_;
  std::int64_t shape_[3];
};

}  // namespace

std::unique_ptr<Victim> victim_of(const network::Classifier& classifier, int channels, int height,
                                  int width) {
  return std::make_unique<NetworkVictim>(classifier, channels, height, width);
}

}  // namespace assay::methods
