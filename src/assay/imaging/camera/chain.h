// How a camera makes a picture of what its sensor recorded: named stages, one after the other, as a user lists them.
//
//   black_level      normalise: (v − black) / (white − black); subtract: v − black
//   white_balance    as_shot, daylight, or three gains; on the mosaic or on colours, wherever it stands
//   exposure         EV: v · 2^EV
//   demosaic         bilinear, malvar or menon (mosaic.h)
//   colour_matrix    file: the sensor's own; or nine numbers, row by row
//   clip             from low to high; the derivative is 0 outside
//   sharpen          filter: [0 −1 0; −1 5 −1; 0 −1 0], zeros outside; unsharp: + amount · (v − Gaussian of sigma);
//                    unsharp_vertical: blurred along columns alone, as the source's code does in effect
//   denoise          median of 3 × 3; gaussian of sigma; bilateral of sigma (px) and range (of values)
//   tone             gamma G: v^(1/G); srgb; bt709. Values are cut to 0 first
//   shading          what the corners lack, as a share of the light, is given back: v / (1 − share · r²), r = 1 in the corners
//   quantise         of 0 to 1 to so many bits; derivative 1 (straight through)
//   jpeg             coded at a quality and read again, values cut to [0,1]; derivative 1 (straight through)
//
// Besides its stages a camera has settings: factors called camera.… (scene/factor.h) that do not stand at nominal; drift.h says
// where they act. As one text: "black_level normalise | demosaic menon | tone gamma 2.2 | set camera.exposure 0.3".
//
// sharpen and denoise act on the luma Y = 0.299 R + 0.587 G + 0.114 B alone, U and V stay as they are; Gaussians are cut at 4
// sigma; borders half-sample symmetric. All is differentiable in the pixels almost everywhere: the median has the
// derivative of the value it takes. Linear in the pixels. Source: oala2023 for the static views.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "assay/imaging/camera/raw_frame.h"

namespace assay::imaging {

struct CameraStage {
  std::string name;             // "black_level"
  std::string form;             // "normalise"; empty where numbers say all
  std::vector<double> numbers;  // parameters in the order above
};

// What the chain's constructor asks of every stage by itself. InputError(where, …).
void check_stage(const CameraStage& stage, const std::string& where);

// Factors and their values.
using CameraSettings = std::vector<std::pair<std::string, double>>;

class CameraChain {
 public:
  // InputError(where, …) for a stage, form or number that is none, for an order in which a mosaic meets what wants
  // colours, or the other way round, and for a setting that is no factor of this camera (drift.h) or beyond its range.
  CameraChain(std::vector<CameraStage> stages, const std::string& where,
              CameraSettings settings = {});
  // Of text(), or by name: standard, or a static view's three words joined by '-' ("menon-unsharp-gaussian"), there with
  // black_level normalise. InputError(where, …).
  static CameraChain parse(const std::string& text, const std::string& where);

  // counts [N,1,H,W], float32 or float64, to [N,3,H,W]. `draws`: the N numbers that decide what is random in the settings;
  // none: 0.
  at::Tensor operator()(const at::Tensor& counts, const Sensor& sensor,
                        std::span<const std::uint64_t> draws = {}) const;
  // The stages alone, settings left out; frames above 2 megapixels strip by strip.
  at::Tensor without_settings(const at::Tensor& counts, const Sensor& sensor) const;
  // After every stage, the mosaic's too, settings left out: the last is the picture.
  std::vector<at::Tensor> stage_by_stage(const at::Tensor& counts, const Sensor& sensor) const;

  std::span<const CameraStage> stages() const { return stages_; }
  const CameraSettings& settings() const { return settings_; }
  bool has(std::string_view stage) const;
  std::string text() const;

 private:
  std::vector<CameraStage> stages_;
  CameraSettings settings_;
};

// One stage: "tone gamma 2.2".
std::string text_of(const CameraStage& stage);

// normalise, as shot, clip, menon, the file's matrix, clip, srgb: what `assay develop` does unless told otherwise.
std::vector<CameraStage> standard_stages();
// The source's view: bilinear|malvar|menon, filter|unsharp, median|gaussian; levels are subtracted and not rescaled, gains and
// matrix are the sensor's; unsharp is vertical there.
std::vector<CameraStage> static_view(const std::string& demosaic, const std::string& sharpen,
                                     const std::string& denoise);
// The twelve, as parse() names them.
std::vector<std::string> static_view_names();

}  // namespace assay::imaging
