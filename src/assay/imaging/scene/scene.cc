#include "assay/imaging/scene/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/camera/camera_view.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// These do nothing alone: they say where or in which direction another factor acts.
constexpr std::array<std::string_view, 3> kCompanions{"occluder_x", "occluder_y", "motion_angle"};

bool is_companion(std::string_view name) {
  return std::find(kCompanions.begin(), kCompanions.end(), name) != kCompanions.end();
}

void check(const at::Tensor& pixels, const at::Tensor& theta,
           std::span<const Factor* const> factors, std::span<const std::uint64_t> draws) {
  if (pixels.dim() != 4 || (pixels.size(1) != 1 && pixels.size(1) != 3))
    throw BugError("a scene takes [N,1 or 3,H,W]");
  if (theta.dim() != 2 || theta.size(0) != pixels.size(0) ||
      theta.size(1) != static_cast<std::int64_t>(factors.size()) ||
      draws.size() != static_cast<std::size_t>(pixels.size(0)))
    throw BugError("a scene takes a row of theta and a draw a picture");
  const at::Tensor values = theta.detach().to(at::kDouble).contiguous();
  for (std::size_t f = 0; f < factors.size(); ++f) {
    const Factor& factor = *factors[f];
    if (factor.needs_colour && pixels.size(1) == 1)
      throw InputError("",
                       fmt::format("factor \"{}\" needs colours, and the model takes grey pictures",
                                   factor.name));
    for (std::int64_t i = 0; i < values.size(0); ++i) {
      const double v = values.data_ptr<double>()[i * values.size(1) + static_cast<std::int64_t>(f)];
      if (!(v >= factor.low && v <= factor.high))
        throw InputError(
            "", fmt::format("factor \"{}\" is {}; wanted {} to {}{}{}", factor.name, v, factor.low,
                            factor.high, factor.unit.empty() ? "" : " ", factor.unit));
    }
  }
}

}  // namespace

Theta::Theta(std::span<const Factor* const> factors, const at::Tensor& theta, at::ScalarType type)
    : options_(at::TensorOptions(type)), rows_(theta.size(0)) {
  for (std::size_t f = 0; f < factors.size(); ++f) {
    values_[factors[f]->name] = theta.select(1, static_cast<std::int64_t>(f)).to(type);
    factors_[factors[f]->name] = factors[f];
  }
}

at::Tensor Theta::operator()(std::string_view name) const {
  if (const auto at = values_.find(name); at != values_.end()) return at->second;
  return at::full({rows_}, scene_factor(std::string(name)).nominal, options_);
}

at::Tensor Theta::nominal(SceneStage stage) const {
  at::Tensor all = at::ones({rows_}, at::kBool);
  for (const auto& [name, factor] : factors_)
    if (factor->stage == stage && !is_companion(name))
      all = at::logical_and(all, values_.at(name).detach().eq(factor->nominal));
  return all;
}

bool Theta::any_of(SceneStage stage) const {
  for (const auto& [name, factor] : factors_)
    if (factor->stage == stage) return true;
  return false;
}

at::Tensor unless_nominal(const at::Tensor& nominal, const at::Tensor& before,
                          const at::Tensor& after) {
  const at::Tensor keep = nominal.view({-1, 1, 1, 1});
  if (!after.requires_grad()) return at::where(keep, before, after);
  return at::where(keep, before.detach() + (after - after.detach()), after);
}

at::Tensor per_picture(const at::Tensor& values) { return values.view({-1, 1, 1, 1}); }

at::Tensor luma(const at::Tensor& pixels) {
  if (pixels.size(1) == 1) return pixels;
  return 0.299 * pixels.narrow(1, 0, 1) + 0.587 * pixels.narrow(1, 1, 1) +
         0.114 * pixels.narrow(1, 2, 1);
}

at::Tensor power(const at::Tensor& pixels, const at::Tensor& exponents) {
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < pixels.size(0); ++i) {
    const at::Tensor row = pixels.narrow(0, i, 1), exponent = exponents.narrow(0, i, 1);
    // libtorch takes a number for exponent by vectors, a tensor value by value; its logarithm by vectors again.
    rows.push_back(exponent.requires_grad() ? at::exp(exponent * at::log(row)).to(row.scalar_type())
                                            : at::pow(row, exponent.item<double>()));
  }
  return at::cat(rows);
}

at::Tensor power(const at::Tensor& pixels, double exponent) {
  return power(pixels, at::full({pixels.size(0)}, exponent, at::TensorOptions(at::kDouble)));
}

at::Tensor linear_light(const at::Tensor& encoded) {
  return at::where(encoded.le(0.04045), encoded / 12.92,
                   power((encoded.clamp_min(0.04) + 0.055) / 1.055, 2.4));
}

at::Tensor encoded_light(const at::Tensor& linear) {
  return at::where(linear.le(0.0031308), linear * 12.92,
                   1.055 * power(linear.clamp_min(0.003), 1 / 2.4) - 0.055);
}

Scene::Scene(std::vector<std::string> factors, const SceneOptions& options,
             const std::string& where)
    : options_(options) {
  for (const std::string& name : factors) {
    const Factor* factor = &scene_factor(name, where);
    if (std::find(factors_.begin(), factors_.end(), factor) != factors_.end())
      throw InputError(where, "factor \"" + name + "\" stands twice");
    factors_.push_back(factor);
  }
}

bool Scene::has_camera() const {
  return std::any_of(factors_.begin(), factors_.end(),
                     [](const Factor* f) { return f->stage == SceneStage::kCamera; });
}

at::Tensor Scene::operator()(const at::Tensor& pixels, const at::Tensor& theta,
                             std::span<const std::uint64_t> draws, const CameraView* raw) const {
  check(pixels, theta, factors_, draws);
  const Theta t(factors_, theta, pixels.scalar_type());
  at::Tensor x = pixels;
  const auto stage = [&](SceneStage which, auto&& act) {
    if (!t.any_of(which)) return;
    const at::Tensor nominal = t.nominal(which);
    if (nominal.all().item<bool>() && !theta.requires_grad()) return;
    x = unless_nominal(nominal, x, act(x));
  };
  stage(SceneStage::kCamera, [&](const at::Tensor& p) {
    return (raw ? *raw : unprocessed_view(p)).changed(p, factors_, theta, options_.seed, draws);
  });
  stage(SceneStage::kGeometry, [&](const at::Tensor& p) { return moved(p, t, options_); });
  stage(SceneStage::kOcclusion, [&](const at::Tensor& p) { return occluded(p, t); });
  stage(SceneStage::kLight, [&](const at::Tensor& p) { return lit(p, t); });
  stage(SceneStage::kOptics, [&](const at::Tensor& p) { return blurred(p, t); });
  stage(SceneStage::kSensor, [&](const at::Tensor& p) { return noisy(p, t, options_, draws); });
  stage(SceneStage::kRendering, [&](const at::Tensor& p) { return rendered(p, t); });
  stage(SceneStage::kCoding, [&](const at::Tensor& p) { return coded(p, t); });
  return x;
}

}  // namespace assay::imaging
