#include "assay/jobs/visualise.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/prepare.h"
#include "assay/methods/batch.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/methods/visualisation/views.h"
#include "assay/network/pass.h"

namespace assay::jobs {

namespace {

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

// The description of pictures that already have the model's size.
InputDescription as_they_are(InputDescription d) {
  d.resize = ResizeRule::kNone;
  d.resize_height = d.resize_width = d.crop = 0;
  return d;
}

// A micro-batch whose first picture this is; only that one counts.
at::Tensor prepared(const network::Classifier& classifier, const InputDescription& description,
                    const imaging::Picture& picture, const std::string& name) {
  const methods::Slot slot{&picture, name};
  return methods::input_tensor(classifier, description, std::span(&slot, 1));
}

void say(std::string& text, const char* name, double value) {
  char line[96];
  std::snprintf(line, sizeof line, "%s %.17g\n", name, value);
  text += line;
}

std::string text_of(const InputDescription& d) {
  std::string text;
  say(text, "input", static_cast<double>(d.channels));
  say(text, "range", d.range);
  for (const double v : d.mean) say(text, "mean", v);
  for (const double v : d.std) say(text, "std", v);
  say(text, "rule", static_cast<double>(d.resize));
  say(text, "height", d.resize_height);
  say(text, "width", d.resize_width);
  say(text, "crop", d.crop);
  say(text, "layout", static_cast<double>(d.layout));
  return text;
}

class AscentOfPicture : public Task {
 public:
  AscentOfPicture(const network::Classifier& classifier, methods::AscentTask task,
                  const methods::Visualisation::Params& params)
      : classifier_(classifier),
        task_(task),
        tolerance_(params.tolerance),
        ascent_(classifier, std::move(task), params) {}
  bool finished() const override { return ascent_.finished(); }
  void step() override { ascent_.step(); }
  std::int64_t steps_done() const override { return ascent_.steps(); }
  std::string save() const override { return ascent_.save(); }
  void load(std::string_view state) override { ascent_.load(state); }

  std::string result() const override {
    Visualised made;
    made.status = ascent_.status();
    made.curve = ascent_.curve();
    made.png = imaging::encode_png(methods::picture_of(ascent_.pixels()));
    const imaging::Picture picture = imaging::decode(made.png, task_.name);
    const at::Tensor input =
        prepared(classifier_, as_they_are(classifier_.input()), picture, task_.name);
    const auto activation = [&](const at::Tensor& of) {
      return methods::clean_activations(classifier_, of,
                                        task_.objective.value)[0][task_.objective.channel]
          .item<double>();
    };
    made.activation = activation(input);
    made.prepared = activation(prepared(classifier_, classifier_.input(), picture, task_.name));
    const at::Tensor shares = at::softmax(classifier_.forward(input).logits[0].to(at::kDouble), 0);
    made.top = shares.argmax().item<std::int64_t>();
    made.top_probability = shares[made.top].item<double>();
    if (task_.target && !made.curve.empty())
      made.reached = std::abs(made.activation - *task_.target) <=
                     tolerance_ * std::abs(*task_.target - made.curve.front());
    if (task_.near.defined())
      made.distance =
          std::sqrt((methods::pixels_of(picture) - task_.near).square().mean().item<double>());
    return to_bytes(made);
  }

 private:
  const network::Classifier& classifier_;
  methods::AscentTask task_;
  double tolerance_;
  methods::Ascent ascent_;
};

}  // namespace

Visualise::Visualise(const network::Classifier& classifier, VisualiseRequest request)
    : classifier_(classifier), request_(std::move(request)) {
  if (classifier.reading() == network::Reading::kOpaque)
    throw InputError(classifier.file(),
                     "runs as a black box (opaque), which has no gradients to climb");
  const auto demand = methods::demand_of(classifier);
  auto size = imaging::prepared_size(classifier.input(), demand);
  if (request_.near && !size.fixed() && request_.height == 0)
    size = imaging::prepared_size(*request_.near, request_.near_name, classifier.input(), demand);
  const auto settle = [&](int of_model, int wanted) {
    if (of_model > 0 && wanted > 0 && of_model != wanted)
      throw InputError("--size", "is " + size_text(request_.width, request_.height) +
                                     ", but the model's pictures have " +
                                     size_text(size.width, size.height) + " (0: free)");
    if (of_model == 0 && wanted == 0)
      throw InputError("--size",
                       "is needed, for the model takes pictures of any size; such as --size 224");
    return of_model > 0 ? of_model : wanted;
  };
  height_ = settle(size.height, request_.height);
  width_ = settle(size.width, request_.width);
  channels_ = size.channels;

  const methods::AscentTask any = {{}, {}, channels_, height_, width_, request_.seed, {}, {}};
  std::vector<at::Tensor> activations;
  const at::Tensor noise = methods::natural_noise(any, kNoisePictures);
  for (std::int64_t i = 0; i < kNoisePictures; i += classifier.micro_batch()) {
    const std::int64_t rows = std::min<std::int64_t>(classifier.micro_batch(), kNoisePictures - i);
    activations.push_back(methods::clean_activations(
        classifier, methods::model_input(classifier, noise.narrow(0, i, rows)), request_.value));
  }
  noise_ = at::cat(activations);
  chosen_ = request_.choose(noise_.size(1));
  for (const std::int64_t channel : chosen_)
    if (channel < 0 || channel >= noise_.size(1))
      throw InputError(classifier.file(),
                       (request_.value.empty() ? "the logits have "
                                               : "the value \"" + request_.value + "\" has ") +
                           std::to_string(noise_.size(1)) + " channels; channel " +
                           std::to_string(channel) + " was asked for");
  if (!request_.near) return;
  const at::Tensor input =
      prepared(classifier, classifier.input(), *request_.near, request_.near_name);
  near_ = methods::pixels_of_input(classifier, input.narrow(0, 0, 1)).contiguous();
  if (near_.size(2) != height_ || near_.size(3) != width_)
    throw InputError(request_.near_name, "is prepared as " +
                                             size_text(static_cast<int>(near_.size(3)),
                                                       static_cast<int>(near_.size(2))) +
                                             ", wanted " + size_text(width_, height_));
  near_activations_ = methods::clean_activations(classifier, input, request_.value).narrow(0, 0, 1);
}

std::string Visualise::key() const {
  std::string text = "visualise 1\n" + classifier_.sha256() + "\n" + network::numerics_version() +
                     "\n" + text_of(classifier_.input()) + classifier_.output().value + "\n";
  say(text, "kind", static_cast<double>(classifier_.output().kind));
  for (const auto& info : field_infos<methods::Visualisation>())
    text += info.name + " " +
            to_text(get_field<methods::Visualisation>(request_.params, info.name)) + "\n";
  text += "seed " + std::to_string(request_.seed) + "\nsize " + size_text(width_, height_) + "\n" +
          request_.value + "\n";
  for (const std::int64_t channel : chosen_) text += std::to_string(channel) + "\n";
  if (request_.target) say(text, "target", *request_.target);
  if (near_.defined())
    text += imaging::sha256_hex({reinterpret_cast<const char*>(near_.data_ptr<float>()),
                                 static_cast<std::size_t>(near_.numel()) * sizeof(float)});
  return imaging::sha256_hex(text);
}

std::vector<std::int64_t> Visualise::plan() const {
  return std::vector<std::int64_t>(chosen_.size(), request_.params.steps);
}

methods::AscentTask Visualise::task(std::size_t index) const {
  const std::int64_t channel = chosen_.at(index);
  const std::string name = (request_.value.empty() ? "class" : request_.value + "/channel") + "/" +
                           std::to_string(channel);
  return {{request_.value, channel}, name, channels_, height_, width_, request_.seed,
          request_.target,           near_};
}

std::unique_ptr<Task> Visualise::start(std::size_t index) const {
  return std::make_unique<AscentOfPicture>(classifier_, task(index), request_.params);
}

Noise Visualise::noise(std::size_t index) const {
  const at::Tensor own = noise_.select(1, chosen_.at(index));
  return {own.mean().item<double>(), own.std().item<double>(), own.max().item<double>()};
}

double Visualise::near_activation(std::size_t index) const {
  if (!near_activations_.defined()) throw BugError("there is no near picture");
  return near_activations_[0][chosen_.at(index)].item<double>();
}

std::int64_t Visualise::views() const {
  const auto& p = request_.params;
  return methods::ViewRange{p.views, p.jitter, p.scale, p.turn_deg}.still() ? 1 : p.views;
}

}  // namespace assay::jobs
