#include "assay/methods/attribution/smooth_grad.h"

#include <algorithm>

#include "assay/base/seed.h"
#include "assay/methods/attribution/input_gradient.h"
#include "assay/methods/attribution/target.h"

namespace assay::methods {

namespace {

struct Moments {
  at::Tensor mean, variance;  // [N,C,H,W] float64
};

// One stream a picture and sample: the same noise in any batch.
at::Tensor noise_like(const at::Tensor& x, const Question& question, std::size_t picture,
                      int sample) {
  Stream stream(question.seed, "smooth_grad/" + question.pictures.at(picture),
                static_cast<std::uint64_t>(sample));
  at::Tensor noise = at::empty(x.sizes());
  float* item = noise.data_ptr<float>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) item[i] = static_cast<float>(stream.normal());
  return noise;
}

Moments moments(const Question& question, const NoiseOptions::Params& params) {
  const network::Classifier& classifier = question.classifier;
  const at::Tensor pictures = channels_first(classifier, question.input).to(at::kFloat);
  at::Tensor mean = at::zeros(pictures.sizes(), at::kDouble), squares = mean.clone();
  for (std::size_t i = 0; i < question.targets.size(); ++i) {
    const at::Tensor picture = pictures.narrow(0, static_cast<std::int64_t>(i), 1);
    const double spread = (picture.max() - picture.min()).item<double>() * params.noise;
    at::Tensor own_mean = mean[static_cast<std::int64_t>(i)];
    at::Tensor own_squares = squares[static_cast<std::int64_t>(i)];
    // The samples of one picture share micro-batches.
    for (int first = 0; first < params.samples; first += classifier.micro_batch()) {
      const int end = std::min(params.samples, first + classifier.micro_batch());
      std::vector<at::Tensor> noisy;
      for (int sample = first; sample < end; ++sample)
        noisy.push_back(picture + noise_like(picture, question, i, sample) * spread);
      const std::vector<std::int64_t> targets(noisy.size(), question.targets[i]);
      const at::Tensor gradients =
          input_gradient(classifier, as_input(classifier, at::cat(noisy)), targets);
      for (int sample = first; sample < end; ++sample) {  // Welford's update
        const at::Tensor gradient = gradients[sample - first].to(at::kDouble);
        const at::Tensor away = gradient - own_mean;
        own_mean += away / (sample + 1);
        own_squares += away * (gradient - own_mean);
      }
    }
  }
  return {mean, squares / (params.samples - 1)};
}

}  // namespace

Attribution SmoothGrad::explain(const Question& question, const Params& params) {
  return of_channels(moments(question, params).mean.to(at::kFloat));
}

Attribution VarGrad::explain(const Question& question, const Params& params) {
  return of_channels(moments(question, params).variance.to(at::kFloat));
}

}  // namespace assay::methods
