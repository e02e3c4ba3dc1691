#include "assay/imaging/corruption/corruption.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/corruption/kernels.h"

namespace assay::imaging {

namespace {

struct Type {
  Corruption corruption;
  Kernel kernel;
};

const std::vector<Type>& types() {
  static const std::vector<Type> all{
      {{"gaussian_noise",
        CorruptionKind::kNoise,
        true,
        {"sigma"},
        {{0.08}, {0.12}, {0.18}, {0.26}, {0.38}},
        ""},
       with_gaussian_noise},
      {{"shot_noise", CorruptionKind::kNoise, true, {"photons"}, {{60}, {25}, {12}, {5}, {3}}, ""},
       with_shot_noise},
      {{"impulse_noise",
        CorruptionKind::kNoise,
        true,
        {"p"},
        {{0.03}, {0.06}, {0.09}, {0.17}, {0.27}},
        ""},
       with_impulse_noise},
      {{"defocus_blur",
        CorruptionKind::kBlur,
        false,
        {"radius", "alias_sigma"},
        {{3, 0.1}, {4, 0.5}, {6, 0.5}, {8, 0.5}, {10, 0.5}},
        ""},
       with_defocus_blur},
      {{"glass_blur",
        CorruptionKind::kBlur,
        true,
        {"sigma", "delta", "iterations"},
        {{0.7, 1, 2}, {0.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}},
        "pixels are copied, as the reference code does in effect"},
       with_glass_blur},
      {{"motion_blur",
        CorruptionKind::kBlur,
        true,
        {"radius", "sigma"},
        {{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}},
        ""},
       with_motion_blur},
      {{"zoom_blur",
        CorruptionKind::kBlur,
        false,
        {"start", "stop", "step"},
        {{1, 1.11, 0.01}, {1, 1.16, 0.01}, {1, 1.21, 0.02}, {1, 1.26, 0.02}, {1, 1.31, 0.03}},
        ""},
       with_zoom_blur},
      {{"snow",
        CorruptionKind::kWeather,
        true,
        {"mean", "std", "zoom", "threshold", "radius", "sigma", "keep"},
        {{0.1, 0.3, 3, 0.5, 10, 4, 0.8},
         {0.2, 0.3, 2, 0.5, 12, 4, 0.7},
         {0.55, 0.3, 4, 0.9, 12, 8, 0.7},
         {0.55, 0.3, 4.5, 0.85, 12, 8, 0.65},
         {0.55, 0.3, 2.5, 0.85, 12, 12, 0.55}},
        ""},
       with_snow},
      {{"frost",
        CorruptionKind::kWeather,
        true,
        {"image_weight", "frost_weight"},
        {{1, 0.4}, {0.8, 0.6}, {0.7, 0.7}, {0.65, 0.7}, {0.6, 0.75}},
        "the frost is generated, not one of five photographs"},
       with_frost},
      {{"fog",
        CorruptionKind::kWeather,
        true,
        {"amount", "decay"},
        {{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}},
        ""},
       with_fog},
      {{"brightness",
        CorruptionKind::kDigital,
        false,
        {"add"},
        {{0.1}, {0.2}, {0.3}, {0.4}, {0.5}},
        ""},
       with_brightness},
      {{"contrast",
        CorruptionKind::kDigital,
        false,
        {"gain"},
        {{0.4}, {0.3}, {0.2}, {0.1}, {0.05}},
        ""},
       with_contrast},
      {{"elastic_transform",
        CorruptionKind::kDigital,
        true,
        {"alpha", "sigma", "affine"},
        {{488, 170.8, 24.4},
         {488, 19.52, 48.8},
         {12.2, 2.44, 4.88},
         {17.08, 2.44, 4.88},
         {29.28, 2.44, 4.88}},
        ""},
       with_elastic_transform},
      {{"pixelate",
        CorruptionKind::kDigital,
        false,
        {"scale"},
        {{0.6}, {0.5}, {0.4}, {0.3}, {0.25}},
        ""},
       with_pixelation},
      {{"jpeg_compression",
        CorruptionKind::kDigital,
        false,
        {"quality"},
        {{25}, {18}, {15}, {10}, {7}},
        ""},
       with_jpeg_compression},
      {{"speckle_noise",
        CorruptionKind::kExtra,
        true,
        {"sigma"},
        {{0.15}, {0.2}, {0.35}, {0.45}, {0.6}},
        ""},
       with_speckle_noise},
      {{"gaussian_blur", CorruptionKind::kExtra, false, {"sigma"}, {{1}, {2}, {3}, {4}, {6}}, ""},
       with_gaussian_blur},
      {{"spatter",
        CorruptionKind::kExtra,
        true,
        {"mean", "std", "sigma", "threshold", "strength", "mud"},
        {{0.65, 0.3, 4, 0.69, 0.6, 0},
         {0.65, 0.3, 3, 0.68, 0.6, 0},
         {0.65, 0.3, 2, 0.68, 0.5, 0},
         {0.65, 0.3, 1, 0.65, 1.5, 1},
         {0.67, 0.4, 1, 0.65, 1.5, 1}},
        ""},
       with_spatter},
      {{"saturate",
        CorruptionKind::kExtra,
        false,
        {"gain", "add"},
        {{0.3, 0}, {0.1, 0}, {2, 0}, {5, 0.1}, {20, 0.2}},
        ""},
       with_saturation},
      {{"caustic_refraction",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{2.35}, {3.2}, {4.9}, {6.6}, {9.15}},
        "the water surface is generated from its description"},
       with_caustic_refraction},
      {{"inverse_sparkles",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{1}, {2}, {4}, {9}, {10}},
        "the star follows its description"},
       with_inverse_sparkles},
      {{"sparkles",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{1}, {2}, {3}, {5}, {6}},
        "the stars follow their description"},
       with_sparkles},
      {{"perlin_noise",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{4.6}, {5.2}, {5.8}, {7.6}, {8.8}},
        "the lattice is of our own draws"},
       with_perlin_noise},
      {{"blue_noise_sample",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{0.8}, {1.6}, {2.4}, {4}, {5.6}},
        ""},
       with_blue_noise_holes},
      {{"plasma_noise",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{4.75}, {7}, {8.5}, {9.25}, {10}},
        "the plasma is generated from its description"},
       with_plasma_noise},
      {{"checkerboard_cutout",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{2}, {3}, {4}, {5}, {6}},
        ""},
       with_checkerboard_cutout},
      {{"cocentric_sine_waves",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{3}, {5}, {8}, {9}, {10}},
        ""},
       with_sine_rings},
      {{"single_frequency_greyscale",
        CorruptionKind::kBar,
        true,
        {"strength"},
        {{1}, {1.5}, {2}, {4.5}, {5}},
        ""},
       with_single_frequency},
      {{"brownish_noise", CorruptionKind::kBar, true, {"strength"}, {{1}, {2}, {3}, {4}, {5}}, ""},
       with_brownish_noise},
  };
  return all;
}

// Whole numbers stay whole between severities.
bool is_count(std::string_view parameter) {
  return parameter == "delta" || parameter == "iterations" || parameter == "mud" ||
         parameter == "quality" || parameter == "radius";
}

std::vector<double> parameters_at(const Corruption& c, double severity) {
  const double at = std::clamp(severity, 1.0, 5.0) - 1;
  const auto below = std::min<std::size_t>(3, static_cast<std::size_t>(at));
  const double share = at - static_cast<double>(below);
  std::vector<double> values;
  for (std::size_t k = 0; k < c.parameters.size(); ++k) {
    const double a = c.severities[below][k], b = c.severities[below + 1][k];
    const double v = a + share * (b - a);
    values.push_back(is_count(c.parameters[k]) ? std::round(v) : v);
  }
  return values;
}

cv::Mat floats_of(const Picture& picture) {
  cv::Mat x(picture.height, picture.width, CV_32FC3);
  const auto pixels =
      static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width);
  const auto c = static_cast<std::size_t>(picture.channels);
  auto* out = x.ptr<float>();
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      out[3 * i + k] = static_cast<float>(picture.bytes[c * i + (c == 3 ? k : 0)]) / 255.0f;
  return x;
}

}  // namespace

std::span<const Corruption> corruptions() {
  static const std::vector<Corruption> all = [] {
    std::vector<Corruption> list;
    for (const Type& t : types()) list.push_back(t.corruption);
    return list;
  }();
  return all;
}

const Corruption& corruption_named(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const Corruption& c : corruptions()) {
    if (c.name == name) return c;
    names.emplace_back(c.name);
  }
  const std::string near = nearest(name, names);
  throw InputError(where, "there is no corruption \"" + name + "\"" +
                              (near.empty() ? "" : ", did you mean \"" + near + "\"?"));
}

Picture corrupted(const Picture& picture, const Corruption& corruption, double severity,
                  const CorruptionDraw& draw) {
  if (picture.bits != 8) throw BugError("a corruption takes 8 bits");
  if (!(severity >= 0 && severity <= 5)) throw BugError("a severity lies in 0 to 5");
  if (picture.height < 8 || picture.width < 8)
    throw InputError("", "a picture of " + std::to_string(picture.width) + " × " +
                             std::to_string(picture.height) +
                             " px is too small to be corrupted; wanted at least 8 × 8");
  if (severity == 0) return picture;
  const auto type = std::find_if(types().begin(), types().end(), [&](const Type& t) {
    return t.corruption.name == corruption.name;
  });
  Stream stream(draw.seed, "corruption/" + std::string(corruption.name), draw.draw);
  const cv::Mat x = floats_of(picture);
  const std::vector<double> p = parameters_at(corruption, severity);
  cv::Mat out = type->kernel(x, p, stream);
  if (severity < 1) out = x + severity * (out - x);
  const cv::Mat bytes = to_levels(out);
  Picture result{picture.height, picture.width, picture.channels, 8, {}};
  result.bytes.resize(picture.bytes.size());
  const auto* in = bytes.ptr<std::uint8_t>();
  const auto pixels =
      static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width);
  for (std::size_t i = 0; i < pixels; ++i) {
    if (picture.channels == 3)
      std::copy(in + 3 * i, in + 3 * i + 3,
                result.bytes.begin() + static_cast<std::ptrdiff_t>(3 * i));
    else  // a colour that weather brought becomes grey again
      result.bytes[i] = static_cast<std::uint8_t>(
          std::lround(0.299 * in[3 * i] + 0.587 * in[3 * i + 1] + 0.114 * in[3 * i + 2]));
  }
  return result;
}

}  // namespace assay::imaging
