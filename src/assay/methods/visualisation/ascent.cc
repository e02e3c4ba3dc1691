#include "assay/methods/visualisation/ascent.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/methods/visualisation/views.h"
#include "assay/network/gradient.h"

namespace assay::methods {

namespace {

constexpr double kFirstDeviation = 0.01;  // of the coefficients
constexpr std::int64_t kFlatSteps = 16;
constexpr double kHelps = 0.999, kNearer = 0.9;
constexpr double kInside = 0.5;  // of the tolerance: room for the rounding to 8 bits
constexpr int kMostInVain = 20, kMostHalvings = 6;

at::Tensor normal_draws(Stream stream, at::IntArrayRef shape, double deviation) {
  at::Tensor draws = at::empty(shape, at::kFloat);
  auto* const items = draws.data_ptr<float>();
  for (std::int64_t i = 0; i < draws.numel(); ++i)
    items[i] = static_cast<float>(deviation * stream.normal());
  return draws;
}

bool all_finite(const at::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); }

std::vector<float> floats_of(const at::Tensor& tensor) {
  const at::Tensor items = tensor.contiguous();
  return {items.data_ptr<float>(), items.data_ptr<float>() + items.numel()};
}

at::Tensor tensor_of(const std::vector<float>& items, const at::Tensor& like) {
  if (static_cast<std::int64_t>(items.size()) != like.numel())
    throw InputError("", "damaged record: another picture's size");
  at::Tensor tensor = at::empty(like.sizes(), at::kFloat);
  std::copy(items.begin(), items.end(), tensor.data_ptr<float>());
  return tensor;
}

}  // namespace

struct Ascent::Saved {
  State state;
  std::vector<float> coefficients, best, mean, square;
  std::int64_t adam_steps = 0;
  template <class A>
  void archive(A& a) {
    a(state, coefficients, best, mean, square, adam_steps);
  }
};

Ascent::Ascent(const network::Classifier& classifier, AscentTask task,
               const Visualisation::Params& params)
    : classifier_(classifier),
      task_(std::move(task)),
      params_(params),
      spectrum_(task_.height, task_.width) {
  const std::vector<std::int64_t> shape{1, task_.channels, task_.height, task_.width};
  if (task_.near.defined()) {
    start_ = logit_of(task_.near);
    coefficients_ = at::zeros(shape, at::kFloat);
  } else {
    coefficients_ =
        normal_draws(Stream(task_.seed, "visualise/start/" + task_.name), shape, kFirstDeviation);
  }
  best_ = coefficients_;
  adam_ = {at::zeros(shape, at::kFloat), at::zeros(shape, at::kFloat), 0};
  state_.rate = params.rate;
  state_.best = state_.mark = std::numeric_limits<double>::infinity();
}

at::Tensor Ascent::pixels_from(const at::Tensor& coefficients) const {
  const at::Tensor field = correlated(spectrum_.field(coefficients));
  return at::sigmoid(start_.defined() ? field + start_ : field);
}

at::Tensor Ascent::pixels() const {
  const at::NoGradGuard no_grad;
  return pixels_from(task_.target ? best_ : coefficients_);
}

bool Ascent::finished() const {
  return state_.status != AscentStatus::kOk || steps() >= params_.steps ||
         (task_.target &&
          (state_.halvings >= kMostHalvings || (state_.reached && !task_.near.defined())));
}

// Towards a target: how good the picture is, and whether the ascent goes on from it.
bool Ascent::judge(double activation, const at::Tensor& pixels, const at::Tensor& rise) {
  State& s = state_;
  const double error = activation - *task_.target;
  const double way = std::abs(*task_.target - s.curve.front());
  s.reached = std::abs(error) <= params_.tolerance * way * kInside;
  double sum = (error - s.shift) * (error - s.shift);
  if (task_.near.defined()) {
    if (steps() == 1) s.nearness = params_.near_weight * rise.square().sum().item<double>();
    sum += s.nearness * (pixels - task_.near).square().sum().item<double>();
  }
  if (sum < s.best) {
    s.best = sum;
    best_ = coefficients_;
  }
  // What is to be lowered by now: the sum, or first what is missing.
  const bool missing = !s.reached && s.nearness > 0;
  const double left = missing ? std::abs(error) : sum;
  if (missing != s.missing) s.mark = std::numeric_limits<double>::infinity();
  s.missing = missing;
  if (left < (missing ? kNearer : kHelps) * s.mark) {
    s.mark = left;
    s.in_vain = 0;
  } else if (++s.in_vain == kMostInVain) {
    s.in_vain = 0;
    if (missing) {
      s.shift -= error;
      s.best = s.mark = std::numeric_limits<double>::infinity();  // of another sum
    } else {
      s.rate /= 2;
      ++s.halvings;
    }
  }
  return !finished();
}

void Ascent::step() {
  const at::AutoGradMode record(true);
  const at::Tensor coefficients = coefficients_.detach().requires_grad_(true);
  const at::Tensor made = pixels_from(coefficients);
  // Cut here, so that the gradient with respect to the pixels is known.
  const at::Tensor pixels = made.detach().requires_grad_(true);
  const ViewRange range{params_.views, params_.jitter, params_.scale, params_.turn_deg};
  const Stream stream(task_.seed, "visualise/views/" + task_.name,
                      static_cast<std::uint64_t>(steps()));
  const at::Tensor activations = recorded_activations(
      classifier_, model_input(classifier_, seen(pixels, drawn_views(range, stream))),
      task_.objective.value);
  const at::Tensor own = activations.select(1, task_.objective.channel);
  const at::Tensor rise = network::gradient(own.mean(), pixels);
  if (!rise.defined())
    throw InputError(classifier_.file(), "has no gradient from " +
                                             (task_.objective.value.empty()
                                                  ? std::string("the logits")
                                                  : "the value \"" + task_.objective.value + "\"") +
                                             " to the picture, which visualise climbs");
  const at::NoGradGuard no_grad;
  State& s = state_;
  const double activation = own[0].item<double>();
  if (!std::isfinite(activation) || !all_finite(rise)) {
    s.status = AscentStatus::kNonfinite;
    return;
  }
  s.curve.push_back(activation);
  if (task_.target && !judge(activation, pixels.detach(), rise)) return;
  s.moved = s.moved || rise.ne(0).any().item<bool>();
  if (!s.moved) {
    if (steps() == std::min<std::int64_t>(kFlatSteps, params_.steps))
      s.status = AscentStatus::kFlat;
    return;
  }
  at::Tensor down = -rise;
  if (task_.target) down = rise * (2 * (activation - *task_.target - s.shift));
  if (task_.near.defined()) down = down + (pixels.detach() - task_.near) * (2 * s.nearness);
  at::Tensor flow;
  {
    const at::AutoGradMode again(true);
    flow = network::gradient((made * down).sum(), coefficients);
  }
  const at::Tensor next = coefficients_ + adam_.step(flow, s.rate);
  if (!all_finite(next)) {
    s.status = AscentStatus::kNonfinite;
    return;
  }
  coefficients_ = next;
}

std::string Ascent::save() const {
  return to_bytes(Saved{state_, floats_of(coefficients_), floats_of(best_), floats_of(adam_.mean),
                        floats_of(adam_.square), adam_.steps});
}

void Ascent::load(std::string_view bytes) {
  auto saved = from_bytes<Saved>(bytes);
  if (saved.state.status > AscentStatus::kNonfinite || saved.adam_steps < 0 ||
      saved.state.curve.size() > static_cast<std::size_t>(params_.steps))
    throw InputError("", "damaged record: no state of this ascent");
  coefficients_ = tensor_of(saved.coefficients, coefficients_);
  best_ = tensor_of(saved.best, coefficients_);
  adam_ = {tensor_of(saved.mean, coefficients_), tensor_of(saved.square, coefficients_),
           saved.adam_steps};
  state_ = std::move(saved.state);
}

at::Tensor natural_noise(const AscentTask& task, std::int64_t count) {
  const Spectrum spectrum(task.height, task.width);
  std::vector<at::Tensor> pictures;
  for (std::int64_t i = 0; i < count; ++i)
    pictures.push_back(at::sigmoid(correlated(spectrum.field(
        normal_draws(Stream(task.seed, "visualise/noise", static_cast<std::uint64_t>(i)),
                     {1, task.channels, task.height, task.width}, 1 / spectrum.contrast())))));
  return at::cat(pictures);
}

}  // namespace assay::methods
