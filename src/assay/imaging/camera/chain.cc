#include "assay/imaging/camera/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/camera/drift.h"
#include "assay/imaging/camera/stages.h"

namespace assay::imaging {

namespace {

enum class On { kEither, kMosaic, kColours };

struct Form {
  std::string word;                 // empty: numbers alone
  std::size_t least = 0, most = 0;  // numbers
  double low = -1e6, high = 1e6;    // of each
};
struct Kind {
  std::string name;
  On on;
  std::vector<Form> forms;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"black_level", On::kMosaic, {{"normalise"}, {"subtract"}}},
      {"white_balance", On::kEither, {{"as_shot"}, {"daylight"}, {"", 3, 3, 1e-3, 1e3}}},
      {"exposure", On::kEither, {{"", 1, 1, -10, 10}}},
      {"demosaic", On::kMosaic, {{"bilinear"}, {"malvar"}, {"menon"}}},
      {"colour_matrix", On::kColours, {{"file"}, {"", 9, 9, -100, 100}}},
      {"clip", On::kEither, {{"", 2, 2}}},
      {"sharpen",
       On::kColours,
       {{"filter"}, {"unsharp", 2, 2, 0, 50}, {"unsharp_vertical", 2, 2, 0, 50}}},
      {"denoise",
       On::kColours,
       {{"median"}, {"gaussian", 1, 1, 1e-3, 20}, {"bilateral", 2, 2, 1e-3, 20}}},
      {"tone", On::kEither, {{"gamma", 1, 1, 0.1, 10}, {"srgb"}, {"bt709"}}},
      {"shading", On::kEither, {{"", 1, 1, 0, 0.95}}},
      {"quantise", On::kEither, {{"", 1, 1, 1, 16}}},
      {"jpeg", On::kColours, {{"", 1, 1, 1, 100}}},
  };
  return all;
}

const Kind& kind_named(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  std::string list;
  for (const Kind& k : kinds()) {
    if (k.name == name) return k;
    names.push_back(k.name);
    list += (list.empty() ? "" : ", ") + k.name;
  }
  const std::string near = nearest(name, names);
  throw InputError(
      where, "there is no stage \"" + name + "\"" +
                 (near.empty() ? "; wanted one of " + list : ", did you mean \"" + near + "\"?"));
}

void check_form(const CameraStage& stage, const Kind& kind, const std::string& where) {
  std::vector<std::string> words;
  std::string list;
  for (const Form& f : kind.forms) {
    if (f.word == stage.form) {
      if (stage.numbers.size() < f.least || stage.numbers.size() > f.most)
        throw InputError(where, fmt::format("{}{} has {} numbers; wanted {}", stage.name,
                                            stage.form.empty() ? "" : " " + stage.form,
                                            stage.numbers.size(), f.least));
      for (const double v : stage.numbers)
        if (!(v >= f.low && v <= f.high))
          throw InputError(where,
                           fmt::format("{}: {} is beyond {} to {}", stage.name, v, f.low, f.high));
      return;
    }
    words.push_back(f.word);
    list += (list.empty() ? "" : ", ") + (f.word.empty() ? "numbers" : f.word);
  }
  throw InputError(where,
                   fmt::format("{} is \"{}\"; wanted one of {}", stage.name, stage.form, list));
}

// Large frames are developed strip by strip, so that a stage's copies do not add up.
constexpr std::int64_t kStripPixels = std::int64_t{1} << 21;

// Rows above and below that a pixel after this stage depends on; −1: on all.
std::int64_t reach_of(const CameraStage& s) {
  if (s.name == "shading" || s.name == "jpeg") return -1;
  if (s.name == "demosaic") return 12;  // Menon's sums, twice refined
  if (s.name == "sharpen" || s.name == "denoise") {
    const double sigma = s.numbers.empty() ? 0 : s.numbers[0];
    return 2 + static_cast<std::int64_t>(std::ceil(4 * sigma));
  }
  return 0;
}

}  // namespace

at::Tensor after_stage(const CameraStage& s, const at::Tensor& x, const Sensor& sensor) {
  const auto number = [&](std::size_t k) { return s.numbers[k]; };
  if (s.name == "black_level") return without_black(x, sensor, s.form == "normalise");
  if (s.name == "white_balance") {
    const auto gains = s.form == "as_shot"    ? sensor.as_shot
                       : s.form == "daylight" ? sensor.daylight
                                              : std::array{number(0), number(1), number(2)};
    return balanced(x, gains, sensor.cfa);
  }
  if (s.name == "exposure") return x * std::exp2(number(0));
  if (s.name == "demosaic") return demosaiced(x, sensor.cfa, demosaic_named(s.form));
  if (s.name == "colour_matrix") {
    std::array<double, 9> matrix = sensor.to_srgb;
    if (s.form.empty()) std::copy(s.numbers.begin(), s.numbers.end(), matrix.begin());
    return with_matrix(x, matrix);
  }
  if (s.name == "clip") return x.clamp(number(0), number(1));
  if (s.name == "sharpen")
    return s.form == "filter"
               ? sharpened(x)
               : unsharp_masked(x, number(0), number(1), s.form == "unsharp_vertical");
  if (s.name == "denoise") {
    if (s.form == "median") return median_filtered(x);
    return s.form == "gaussian" ? gaussian_filtered(x, number(0))
                                : bilateral_filtered(x, number(0), number(1));
  }
  if (s.name == "shading") return without_shading(x, number(0));
  if (s.name == "quantise") return quantised(x, number(0));
  if (s.name == "jpeg") return through_jpeg(x, number(0));
  if (s.form == "gamma") return with_gamma(x, number(0));
  return s.form == "srgb" ? with_srgb_curve(x) : with_bt709_curve(x);
}

void check_stage(const CameraStage& stage, const std::string& where) {
  check_form(stage, kind_named(stage.name, where), where);
}

CameraChain::CameraChain(std::vector<CameraStage> stages, const std::string& where,
                         CameraSettings settings)
    : stages_(std::move(stages)), settings_(std::move(settings)) {
  bool colours = false;
  for (const CameraStage& s : stages_) {
    const Kind& kind = kind_named(s.name, where);
    check_form(s, kind, where);
    if (kind.on == On::kColours && !colours)
      throw InputError(where, s.name + " wants colours; demosaic comes before it");
    if (kind.on == On::kMosaic && colours)
      throw InputError(where, s.name + " wants a mosaic; it comes before demosaic");
    colours |= s.name == "demosaic";
    if (s.name == "clip" && !(s.numbers[0] < s.numbers[1]))
      throw InputError(where, "clip: the lower end must lie below the upper one");
    if (s.name == "colour_matrix" && s.form.empty()) {
      const auto& m = s.numbers;
      const double determinant = m[0] * (m[4] * m[8] - m[5] * m[7]) -
                                 m[1] * (m[3] * m[8] - m[5] * m[6]) +
                                 m[2] * (m[3] * m[7] - m[4] * m[6]);
      if (std::abs(determinant) < 1e-9)
        throw InputError(where, "colour_matrix is singular: colours could not be told apart");
    }
  }
  if (!colours) throw InputError(where, "no stage makes colours of the mosaic; wanted demosaic");
  check_settings(*this, settings_, where);
}

bool CameraChain::has(std::string_view stage) const {
  return std::any_of(stages_.begin(), stages_.end(),
                     [&](const auto& s) { return s.name == stage; });
}

std::vector<at::Tensor> CameraChain::stage_by_stage(const at::Tensor& counts,
                                                    const Sensor& sensor) const {
  std::vector<at::Tensor> all;
  for (const CameraStage& s : stages_)
    all.push_back(after_stage(s, all.empty() ? counts : all.back(), sensor));
  return all;
}

at::Tensor CameraChain::operator()(const at::Tensor& counts, const Sensor& sensor,
                                   std::span<const std::uint64_t> draws) const {
  if (!settings_.empty()) {
    const std::vector<std::uint64_t> zeros(static_cast<std::size_t>(counts.size(0)), 0);
    return drifted(*this, counts, sensor, {}, at::zeros({counts.size(0), 0}, at::kDouble), 0,
                   draws.empty() ? zeros : draws);
  }
  return without_settings(counts, sensor);
}

at::Tensor CameraChain::without_settings(const at::Tensor& counts, const Sensor& sensor) const {
  const auto whole = [&](at::Tensor x) {
    for (const CameraStage& s : stages_) x = after_stage(s, x, sensor);
    return x;
  };
  std::int64_t reach = 0;
  for (const CameraStage& s : stages_)
    reach = reach < 0 || reach_of(s) < 0 ? -1 : reach + reach_of(s);
  const std::int64_t height = counts.size(2), width = counts.size(3);
  if (reach < 0 || counts.requires_grad() || height * width <= kStripPixels) return whole(counts);
  reach += reach % 2;  // the pattern's phase stays
  const std::int64_t rows = std::max<std::int64_t>(2, kStripPixels / width / 2 * 2);
  at::Tensor out = at::empty({counts.size(0), 3, height, width}, counts.scalar_type());
  for (std::int64_t top = 0; top < height; top += rows) {
    const std::int64_t bottom = std::min(height, top + rows),
                       first = std::max<std::int64_t>(0, top - reach),
                       last = std::min(height, bottom + reach);
    out.slice(2, top, bottom)
        .copy_(whole(counts.slice(2, first, last)).slice(2, top - first, bottom - first));
  }
  return out;
}

std::vector<CameraStage> standard_stages() {
  return {{"black_level", "normalise", {}},
          {"white_balance", "as_shot", {}},
          {"clip", "", {0, 1}},
          {"demosaic", "menon", {}},
          {"colour_matrix", "file", {}},
          {"clip", "", {0, 1}},
          {"tone", "srgb", {}}};
}

std::vector<CameraStage> static_view(const std::string& demosaic, const std::string& sharpen,
                                     const std::string& denoise) {
  CameraStage sharp{"sharpen", sharpen, {}}, smooth{"denoise", denoise, {}};
  if (sharpen == "unsharp") sharp = {"sharpen", "unsharp_vertical", {1, 1}};
  if (denoise == "gaussian") smooth.numbers = {0.5};
  return {{"black_level", "subtract", {}},
          {"demosaic", demosaic, {}},
          {"white_balance", "as_shot", {}},
          {"colour_matrix", "file", {}},
          sharp,
          smooth,
          {"clip", "", {0, 1}},
          {"tone", "gamma", {2.2}}};
}

}  // namespace assay::imaging
