#include "assay/checks/focus/class_maps.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/base/error.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/layer.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"

namespace assay::checks {

imaging::Picture decoded(const Subject& subject, std::int64_t row) {
  const InputDescription& input = subject.classifier.input();
  return subject.data.picture(static_cast<std::size_t>(row),
                              {input.upright, input.channels == Channels::kGray});
}

at::Tensor prepared_picture(const Subject& subject, std::int64_t row,
                            const imaging::Picture& picture) {
  const network::Classifier& classifier = subject.classifier;
  const methods::Slot slot{&picture, subject.data.rows()[static_cast<std::size_t>(row)].id};
  const at::Tensor input = methods::input_tensor(classifier, classifier.input(), {&slot, 1});
  return methods::channels_first(classifier, input).narrow(0, 0, 1).to(at::kFloat).contiguous();
}

methods::Question question_of(const network::Classifier& classifier, std::span<const Shown> shown,
                              std::uint64_t seed) {
  methods::Question question{classifier, {}, {}, {}, "", {}, seed};
  std::vector<at::Tensor> pictures;
  for (const Shown& s : shown) {
    pictures.push_back(s.picture);
    question.targets.push_back(s.target);
    question.pictures.push_back(s.id);
  }
  at::Tensor batch = at::cat(pictures);
  if (classifier.input_size().uint8) batch = batch.to(at::kByte);
  question.input = methods::as_input(classifier, batch);
  return question;
}

at::Tensor class_maps(const network::Classifier& classifier, std::span<const Shown> shown,
                      const std::string& layer, std::uint64_t seed) {
  methods::Question question = question_of(classifier, shown, seed);
  question.layer = layer;
  const std::vector<std::string> wanted{layer};
  question.value = classifier.plain_forward(question.input, wanted).values.at(layer);
  return methods::attribution_named("hires_cam", "method").explain(question, {}).map;
}

std::string map_layer(const network::Classifier& classifier, const std::string& named,
                      std::string& why) {
  if (!named.empty()) return classifier.value_named(named);
  try {
    return methods::default_layer(classifier);
  } catch (const InputError& error) {
    why = error.what();
    return {};
  }
}

int class_said(const at::Tensor& logits) {
  const at::Tensor z = logits.to(at::kFloat).contiguous();
  const float* first = z.data_ptr<float>();
  const float* last = first + z.numel();
  if (std::any_of(first, last, [](float v) { return std::isnan(v); })) return -1;
  const float* top = std::max_element(first, last);
  return std::isfinite(*top) ? static_cast<int>(top - first) : -1;
}

double margin_of(std::span<const float> logits, int label) {
  double other = -std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < logits.size(); ++k) {
    if (std::isnan(logits[k])) return std::numeric_limits<double>::quiet_NaN();
    if (static_cast<int>(k) != label) other = std::max(other, static_cast<double>(logits[k]));
  }
  return logits[static_cast<std::size_t>(label)] - other;
}

double margin_of(const at::Tensor& logits, int label) {
  const at::Tensor z = logits.to(at::kFloat).contiguous();
  return margin_of({z.data_ptr<float>(), static_cast<std::size_t>(z.numel())}, label);
}

}  // namespace assay::checks
