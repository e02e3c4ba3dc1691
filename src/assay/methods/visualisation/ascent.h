// Activation maximisation: the picture that excites a class or a channel most (erhan2009visualizing,
// simonyan2013deep), and the one that excites it to a given degree near a given picture.
//
//   without a target    max mean_v a(view_v(x))
//   with a target A     min ‖x − x₀‖² where a(x) = A: the method of multipliers
//                       min (a(x) − A − u)² + λ ‖x − x₀‖²,   λ = near_weight ‖∇a(x₀)‖²
//
// by Adam over Fourier coefficients (spectrum.h, pixels.h: olah2017feature) from faint noise, or
// from x₀. Each step differentiates the mean of a over randomly moved views (views.h). Towards a
// target the error a(x) − A is that of the picture itself, and the views only give the direction
// in which a grows: without them (jitter, scale and turn 0) it is the gradient of the formula. x is in
// 0 … 1. When 20 steps have brought a(x) no tenth nearer to A, u takes what is missing; where
// A is reached and 20 steps have not lowered the sum by 0.1 %, the rate is halved. A counts as reached within half of `tolerance` of the way: the other
// half is room for the rounding to 8 bits. The ascent ends after six halvings, without x₀ as soon as A
// is reached, and in any case after `steps`. The picture is then the one of the lowest sum.
//
// Every draw depends on (seed, objective's name, step): the same picture alone or among others, in
// any number of threads, and after a kill. Cost: a step is `views` forwards and input gradients up to
// the value, in micro-batches; never weight gradients. When it lies: what excites most is not what is
// common, nor what decides between classes (a logit can be high for several); a picture shows one
// of many optima; colours are ImageNet's to begin with. Towards a target without views the
// nearest picture is an adversarial one, and looks like its start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/base/field.h"
#include "assay/methods/visualisation/adam.h"
#include "assay/methods/visualisation/objective.h"
#include "assay/methods/visualisation/spectrum.h"

namespace assay::methods {

struct Visualisation {
  struct Params {
    int steps = 256, views = 8;
    double rate = 0.05, jitter = 0.05, scale = 0.1, turn_deg = 10;
    double tolerance = 0.02, near_weight = 0.01;
  };
  static constexpr auto fields() {
    return std::tuple{
        field("steps", &Params::steps, Range{1, 100000}, "", "steps, at most", Stage::kMeasuring),
        field("views", &Params::views, Range{1, 1024}, "",
              "moved copies that each step looks at, the picture itself among them",
              Stage::kMeasuring),
        field("rate", &Params::rate, Range{1e-6, 10}, "", "Adam's rate", Stage::kMeasuring),
        field("jitter", &Params::jitter, Range{0, 0.5}, "",
              "views are moved by up to this share of each side", Stage::kMeasuring),
        field("scale", &Params::scale, Range{0, 0.5}, "",
              "views are up to this share larger or smaller", Stage::kMeasuring),
        field("turn_deg", &Params::turn_deg, Range{0, 180}, "degrees",
              "views are turned by up to this", Stage::kMeasuring),
        field("tolerance", &Params::tolerance, Range{1e-6, 0.5}, "",
              "a target counts as reached within this share of the way to it", Stage::kMeasuring),
        field(
            "near_weight", &Params::near_weight, Range{0, 1000}, "",
            "what nearness weighs beside what is missing of the target: more is slower, and nearer",
            Stage::kMeasuring)};
  }
};

struct AscentTask {
  Objective objective;
  std::string name;  // enters the draws
  std::int64_t channels = 3, height = 0, width = 0;
  std::uint64_t seed = 0;
  std::optional<double> target;
  at::Tensor near;  // [1,C,H,W] in 0 … 1; undefined: from noise
};

enum class AscentStatus {
  kOk,
  kFlat,       // the gradient was zero at the first 16 steps: there is no way up
  kNonfinite,  // the activation or its gradient became NaN or infinite; the picture is the last before
};

class Ascent {
 public:
  Ascent(const network::Classifier& classifier, AscentTask task,
         const Visualisation::Params& params);
  // InputError where the activation has no gradient.
  void step();
  bool finished() const;
  AscentStatus status() const { return state_.status; }
  std::int64_t steps() const { return static_cast<std::int64_t>(state_.curve.size()); }
  // The activation of the picture before each step.
  const std::vector<double>& curve() const { return state_.curve; }
  at::Tensor pixels() const;  // [1,C,H,W], the result so far
  // Everything from which another Ascent of the same task goes on to the same bytes.
  std::string save() const;
  void load(std::string_view bytes);  // InputError when they are damaged or of another size

 private:
  struct State {
    AscentStatus status = AscentStatus::kOk;
    bool moved = false;  // some gradient was not zero
    std::vector<double> curve;
    double rate = 0, nearness = 0, shift = 0;  // λ, u
    double best = 0, mark = 0;                 // the lowest sum; the one to be bettered
    std::int32_t in_vain = 0, halvings = 0;    // steps since the mark was set; halvings of the rate
    bool reached = false;                      // the last picture was within the tolerance
    bool missing = false;  // `mark` is of what is missing to the target, else of the sum
    template <class A>
    void archive(A& a) {
      a(status, moved, curve, rate, nearness, shift, best, mark, in_vain, halvings, reached,
        missing);
    }
  };
  struct Saved;
  at::Tensor pixels_from(const at::Tensor& coefficients) const;
  bool judge(double activation, const at::Tensor& pixels, const at::Tensor& rise);

  const network::Classifier& classifier_;
  AscentTask task_;
  Visualisation::Params params_;
  Spectrum spectrum_;
  at::Tensor start_;  // sigmoid⁻¹ of the near picture; undefined without one
  at::Tensor coefficients_, best_;
  Adam adam_;
  State state_;
};

// Pictures of the ascent's start with contrast: noise whose spectrum falls as natural pictures' does,
// [count,C,H,W] in 0 … 1. What an activation is compared with.
at::Tensor natural_noise(const AscentTask& task, std::int64_t count);

}  // namespace assay::methods
