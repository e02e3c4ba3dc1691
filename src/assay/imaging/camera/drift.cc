#include "assay/imaging/camera/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/camera/optics.h"
#include "assay/imaging/camera/stages.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// The stage of a chain that a factor needs.
std::string_view needed_stage(std::string_view factor) {
  for (const CameraFactorGroup& group : camera_factor_groups())
    if (std::find(group.factors.begin(), group.factors.end(), factor) != group.factors.end()) {
      if (group.name == "white_balance") return "white_balance";
      if (group.name == "colour_matrix") return "colour_matrix";
      if (group.name == "blur" || group.name == "sharpening" || group.name == "tone") return "tone";
    }
  return "black_level";
}

bool is_of_camera(const Factor& factor) { return factor.stage == SceneStage::kCamera; }

// One development: walks the chain and lets the factors act where they do.
class Drift {
 public:
  Drift(const CameraChain& chain, const Sensor& sensor, const Theta& theta, std::uint64_t seed,
        std::span<const std::uint64_t> draws)
      : chain_(chain), sensor_(sensor), theta_(theta), seed_(seed), draws_(draws) {}

  at::Tensor of(at::Tensor x) const {
    for (const CameraStage& stage : chain_.stages()) {
      if (stage.name == "colour_matrix") x = with_crosstalk(x);
      if (stage.name == "tone") x = with_detail(x);
      x = after_stage(stage, x, sensor_);
      if (stage.name == "black_level") x = on_sensor(x);
      if (stage.name == "white_balance") x = rebalanced(x);
      if (stage.name == "tone") x = with_exponent(x);
    }
    return x;
  }

 private:
  bool has(std::string_view name) const { return theta_.has(name); }
  at::Tensor value(std::string_view name) const { return per_picture(theta_(name)); }

  // [1,1,H,W], 1 at the places of a colour.
  at::Tensor places(const at::Tensor& mosaic, int colour) const {
    return colour_masks(sensor_.cfa, mosaic.size(2), mosaic.size(3), mosaic.scalar_type())
        .narrow(1, colour, 1);
  }

  at::Tensor on_sensor(at::Tensor v) const {
    v = v.expand({theta_.rows(), -1, -1, -1});
    if (has_aberrations(theta_) || has("camera.lateral_colour")) {
      const at::Tensor before = demosaiced(v, sensor_.cfa, Demosaic::kBilinear);
      at::Tensor after = before;
      if (has_aberrations(theta_)) after = filtered(after, point_spread(theta_, v.options()));
      if (has("camera.lateral_colour"))
        after = with_lateral_colour(after, theta_("camera.lateral_colour"));
      v = v + mosaic_of(after - before, sensor_.cfa);
    }
    if (has("camera.vignetting")) v = v * (1 - value("camera.vignetting") * radius_squared(v));
    if (has("camera.exposure")) v = (v * at::exp2(value("camera.exposure"))).clamp_max(1);
    v = with_noise(v);
    if (has("camera.bit_depth")) {
      const at::Tensor steps = at::exp2(at::round(value("camera.bit_depth").detach())) - 1;
      v = v + (at::round(v.detach() * steps) / steps - v.detach());
    }
    if (has("camera.black_level")) v = v - value("camera.black_level");
    if (has("camera.black_red")) v = v - value("camera.black_red") * places(v, 0);
    if (has("camera.black_blue")) v = v - value("camera.black_blue") * places(v, 2);
    return v;
  }

  at::Tensor with_noise(at::Tensor v) const {
    const std::int64_t h = v.size(2), w = v.size(3);
    const at::Tensor gain = at::exp2(value("camera.low_light"));
    const at::Tensor light = v.clamp_min(1e-8);  // a square root has no derivative at 0
    if (has("camera.low_light")) {
      // The root of 0 has none either: at nominal the noise is that of 1e-12 of a step, and nothing is kept of it.
      const at::Tensor more = (gain - 1).clamp_min(1e-12);
      v = v +
          at::sqrt(light * more / kFullWell) *
              normals(h * w, "camera.low_light", seed_, draws_).view({-1, 1, h, w}).to(v.dtype());
    }
    if (has("camera.read_noise"))
      v = v +
          value("camera.read_noise") * gain / kFullWell *
              normals(h * w, "camera.read_noise", seed_, draws_).view({-1, 1, h, w}).to(v.dtype());
    if (has("camera.row_noise"))
      v = v + value("camera.row_noise") * gain / kFullWell *
                  normals(h, "camera.row_noise", seed_, draws_).view({-1, 1, h, 1}).to(v.dtype());
    return v;
  }

  at::Tensor rebalanced(const at::Tensor& x) const {
    if (!has("camera.temperature") && !has("camera.tint")) return x;
    at::Tensor gains = at::ones({theta_.rows(), 3}, at::kDouble);
    if (has("camera.temperature")) {
      const at::Tensor light = light_of(theta_("camera.temperature"));
      gains = light.narrow(1, 1, 1) / light;  // green stays
    }
    const at::Tensor one = at::ones({theta_.rows()}, at::kDouble);
    gains = gains * at::stack({one, at::exp2(theta_("camera.tint").to(at::kDouble)), one}, 1);
    gains = gains.to(x.scalar_type()).view({-1, 3, 1, 1});
    if (x.size(1) == 3) return x * gains;
    return x *
           (gains * colour_masks(sensor_.cfa, x.size(2), x.size(3), x.scalar_type())).sum(1, true);
  }

  at::Tensor with_crosstalk(const at::Tensor& x) const {
    constexpr std::string_view kNames[3] = {"red", "green", "blue"};
    std::vector<at::Tensor> out;
    for (std::int64_t to = 0; to < 3; ++to) {
      at::Tensor channel = x.narrow(1, to, 1);
      for (std::int64_t from = 0; from < 3; ++from) {
        const std::string name = fmt::format("camera.crosstalk_{}_{}", kNames[to], kNames[from]);
        if (from != to && has(name))
          channel = channel + value(name) * (x.narrow(1, from, 1) - x.narrow(1, to, 1));
      }
      out.push_back(channel.expand({theta_.rows(), -1, -1, -1}));
    }
    return at::cat(out, 1);
  }

  at::Tensor with_detail(at::Tensor x) const {
    const auto on = [&](auto change) {
      const at::Tensor y = luma(x);
      x = x + (change(y) - y);
    };
    x = x.expand({theta_.rows(), -1, -1, -1});
    if (has("camera.blur"))
      on([&](const at::Tensor& y) { return gaussian_blurred(y, theta_("camera.blur")); });
    if (has("camera.sharpening"))
      on([&](const at::Tensor& y) {
        const at::Tensor sigma = at::ones({theta_.rows()}, y.options());
        return y + value("camera.sharpening") * (y - gaussian_blurred(y, sigma));
      });
    return x;
  }

  at::Tensor with_exponent(const at::Tensor& x) const {
    if (!has("camera.gamma")) return x;
    // The derivative of 0^gamma is 0, and would come out as 0 times infinity.
    return power(x.clamp_min(1e-12).expand({theta_.rows(), -1, -1, -1}), theta_("camera.gamma"));
  }

  const CameraChain& chain_;
  const Sensor& sensor_;
  const Theta& theta_;
  std::uint64_t seed_;
  std::span<const std::uint64_t> draws_;
};

// Factors of θ and of the settings, each once, with their values: a setting is what θ's deviation is added to.
struct Combined {
  std::vector<const Factor*> factors;
  std::vector<at::Tensor> values;  // [N] each
};

Combined combined(const CameraSettings& settings, std::span<const Factor* const> factors,
                  const at::Tensor& theta) {
  Combined all;
  const auto put = [&](const Factor* factor, const at::Tensor& deviation) {
    const auto at = std::find(all.factors.begin(), all.factors.end(), factor);
    if (at == all.factors.end()) {
      all.factors.push_back(factor);
      all.values.push_back(factor->nominal + deviation);
      return;
    }
    at::Tensor& value = all.values[static_cast<std::size_t>(at - all.factors.begin())];
    value = (value + deviation).clamp(factor->low, factor->high);
  };
  // What stands at nominal and is not asked for its slope need not act.
  const auto idle = [&](std::size_t f) {
    return !theta.requires_grad() && settings.empty() &&
           theta.select(1, static_cast<std::int64_t>(f)).eq(factors[f]->nominal).all().item<bool>();
  };
  for (std::size_t f = 0; f < factors.size(); ++f)
    if (is_of_camera(*factors[f]) && !idle(f))
      put(factors[f], theta.select(1, static_cast<std::int64_t>(f)) - factors[f]->nominal);
  for (const auto& [name, value] : settings) {
    const Factor* factor = &scene_factor(name);
    put(factor, at::full({theta.size(0)}, value - factor->nominal, theta.options()));
  }
  return all;
}

}  // namespace

const std::vector<CameraFactorGroup>& camera_factor_groups() {
  static const std::vector<CameraFactorGroup> groups{
      {"optics",
       {"camera.defocus", "camera.astigmatism", "camera.coma", "camera.spherical",
        "camera.lateral_colour"}},
      {"shading", {"camera.vignetting"}},
      {"exposure", {"camera.exposure"}},
      {"noise", {"camera.low_light", "camera.read_noise", "camera.row_noise", "camera.bit_depth"}},
      {"black_level", {"camera.black_level", "camera.black_red", "camera.black_blue"}},
      {"white_balance", {"camera.temperature", "camera.tint"}},
      {"colour_matrix",
       {"camera.crosstalk_red_green", "camera.crosstalk_red_blue", "camera.crosstalk_green_red",
        "camera.crosstalk_green_blue", "camera.crosstalk_blue_red", "camera.crosstalk_blue_green"}},
      {"blur", {"camera.blur"}},
      {"sharpening", {"camera.sharpening"}},
      {"tone", {"camera.gamma"}}};
  return groups;
}

void check_camera_factors(const CameraChain& chain, std::span<const std::string> names,
                          const std::string& where) {
  for (const std::string& name : names) {
    const Factor& factor = scene_factor(name, where);
    if (!is_of_camera(factor)) continue;
    const std::string_view stage = needed_stage(factor.name);
    if (!chain.has(stage))
      throw InputError(where, fmt::format("factor \"{}\" acts at the stage {}, which the camera "
                                          "does not have",
                                          name, stage));
    for (const CameraStage& s : chain.stages())
      if (stage == "black_level" && s.name == stage && s.form != "normalise")
        throw InputError(where,
                         fmt::format("factor \"{}\" acts on values from 0 to 1; wanted the stage "
                                     "black_level: normalise",
                                     name));
  }
}

void check_settings(const CameraChain& chain, const CameraSettings& settings,
                    const std::string& where) {
  std::vector<std::string> names;
  for (const auto& [name, value] : settings) {
    const Factor& factor = scene_factor(name, where);
    if (!is_of_camera(factor))
      throw InputError(where, "\"" + name + "\" is a factor of the scene, none of the camera");
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw InputError(where, "\"" + name + "\" is set twice");
    if (!(value >= factor.low && value <= factor.high))
      throw InputError(
          where, fmt::format("{} is {}; wanted {} to {}", name, value, factor.low, factor.high));
    names.push_back(name);
  }
  check_camera_factors(chain, names, where);
}

at::Tensor drifted(const CameraChain& chain, const at::Tensor& counts, const Sensor& sensor,
                   std::span<const Factor* const> factors, const at::Tensor& theta,
                   std::uint64_t seed, std::span<const std::uint64_t> draws) {
  const std::int64_t rows = theta.size(0);
  const Combined all = combined(chain.settings(), factors, theta);
  const auto plain = [&] {
    return chain.without_settings(counts, sensor).expand({rows, -1, -1, -1});
  };
  if (all.factors.empty()) return plain();
  const at::Tensor values = at::stack(all.values, 1);
  const Theta of_all(all.factors, values, counts.scalar_type());
  const at::Tensor nominal = of_all.nominal(SceneStage::kCamera);
  if (nominal.all().item<bool>() && !theta.requires_grad() && !counts.requires_grad())
    return plain();
  const at::Tensor changed = Drift(chain, sensor, of_all, seed, draws).of(counts);
  if (!nominal.any().item<bool>()) return changed;
  return unless_nominal(nominal, plain(), changed);
}

}  // namespace assay::imaging
