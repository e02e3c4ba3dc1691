#include "assay/imaging/scene/factor.h"

#include <limits>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/field.h"

namespace assay::imaging {

namespace {

constexpr bool kSmooth = true, kStepped = false, kFixed = false, kDrawn = true, kAny = false,
               kColour = true;

constexpr Factor kFactors[] = {
    {"camera.defocus", "px", 0, 0, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "radius of the disc into which the lens spreads a point"},
    {"camera.astigmatism", "px", 0, -10, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "half the length of the line into which it draws a point; below 0: upright"},
    {"camera.coma", "px", 0, -10, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "length of the tail that it draws to the right of a point; below 0: to the left"},
    {"camera.spherical", "px", 0, -10, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "how far rays of the aperture's rim land from the centre's"},
    {"camera.lateral_colour", "px", 0, -10, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "how far red lies outside of green, and green of blue, in the corners"},
    {"camera.vignetting", "", 0, 0, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of the light that the corners lose beyond what is corrected"},
    {"camera.exposure", "EV", 0, -8, 8, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "twice the light for each step; the sensor saturates"},
    {"camera.low_light", "EV", 0, 0, 12, SceneStage::kCamera, kSmooth, kDrawn, kAny,
     "half the light for each step, made up for by gain: the photons' noise grows"},
    {"camera.read_noise", "e", 0, 0, 500, SceneStage::kCamera, kSmooth, kDrawn, kAny,
     "electrons of the amplifier's noise beyond the frame's own"},
    {"camera.row_noise", "e", 0, 0, 500, SceneStage::kCamera, kSmooth, kDrawn, kAny,
     "electrons of an offset that each row has of its own"},
    {"camera.bit_depth", "bits", 16, 1, 16, SceneStage::kCamera, kStepped, kFixed, kAny,
     "of the converter; 16: as recorded"},
    {"camera.black_level", "", 0, -0.5, 0.5, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "what is taken away too much, as a share of white"},
    {"camera.black_red", "", 0, -0.5, 0.5, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "the same in red places alone"},
    {"camera.black_blue", "", 0, -0.5, 0.5, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "the same in blue places alone"},
    {"camera.temperature", "K", 6500, 2000, 20000, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "colour temperature that the balance is set for while the light has 6500 K"},
    {"camera.tint", "EV", 0, -2, 2, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "gain of green in the balance"},
    {"camera.crosstalk_red_green", "", 0, -1, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of green that red holds; grey stays grey"},
    {"camera.crosstalk_red_blue", "", 0, -1, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of blue that red holds"},
    {"camera.crosstalk_green_red", "", 0, -1, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of red that green holds"},
    {"camera.crosstalk_green_blue", "", 0, -1, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of blue that green holds"},
    {"camera.crosstalk_blue_red", "", 0, -1, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of red that blue holds"},
    {"camera.crosstalk_blue_green", "", 0, -1, 1, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "share of green that blue holds"},
    {"camera.blur", "px", 0, 0, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "standard deviation of a denoiser on the luma beyond the camera's own"},
    {"camera.sharpening", "", 0, -1, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "amount of an unsharp mask of 1 px on the luma beyond the camera's own"},
    {"camera.gamma", "", 1, 0.1, 10, SceneStage::kCamera, kSmooth, kFixed, kAny,
     "exponent of the values after the camera's own curve"},
    {"rotation", "degrees", 0, -180, 180, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "in the picture's plane, clockwise"},
    {"scale", "", 1, 0.05, 20, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "how much larger things appear"},
    {"shear", "degrees", 0, -80, 80, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "of the vertical axis to the right"},
    {"tilt_x", "degrees", 0, -80, 80, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "turn about the horizontal axis in perspective, the upper edge away"},
    {"tilt_y", "degrees", 0, -80, 80, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "turn about the vertical axis in perspective, the right edge away"},
    {"translation_x", "width", 0, -1, 1, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "shift to the right, as a share of the width"},
    {"translation_y", "height", 0, -1, 1, SceneStage::kGeometry, kSmooth, kFixed, kAny,
     "shift downwards, as a share of the height"},
    {"occluder", "side", 0, 0, 1, SceneStage::kOcclusion, kSmooth, kFixed, kAny,
     "side of a grey square in front, as a share of the shorter side"},
    {"occluder_x", "width", 0, -0.5, 0.5, SceneStage::kOcclusion, kSmooth, kFixed, kAny,
     "its centre from the picture's, as a share of the width"},
    {"occluder_y", "height", 0, -0.5, 0.5, SceneStage::kOcclusion, kSmooth, kFixed, kAny,
     "its centre from the picture's, as a share of the height"},
    {"haze", "", 0, 0, 1, SceneStage::kLight, kSmooth, kFixed, kAny,
     "share of the light that is scattered, white, into the way"},
    {"temperature", "K", 6500, 2000, 20000, SceneStage::kLight, kSmooth, kFixed, kColour,
     "colour temperature of the light, the camera balanced for 6500 K"},
    {"vignetting", "", 0, 0, 1, SceneStage::kLight, kSmooth, kFixed, kAny,
     "share of the light that the corners lose; less towards the centre, with the radius squared"},
    {"exposure", "EV", 0, -8, 8, SceneStage::kLight, kSmooth, kFixed, kAny,
     "twice the light for each step"},
    {"defocus_blur", "px", 0, 0, 50, SceneStage::kOptics, kSmooth, kFixed, kAny,
     "radius of the disc into which a point is spread"},
    {"gaussian_blur", "px", 0, 0, 30, SceneStage::kOptics, kSmooth, kFixed, kAny,
     "standard deviation"},
    {"motion_blur", "px", 0, 0, 100, SceneStage::kOptics, kSmooth, kFixed, kAny,
     "length of the line into which a point is drawn"},
    {"motion_angle", "degrees", 0, -180, 180, SceneStage::kOptics, kSmooth, kFixed, kAny,
     "its direction, clockwise from the right"},
    {"zoom_blur", "", 0, 0, 1, SceneStage::kOptics, kSmooth, kFixed, kAny,
     "growth during the exposure"},
    {"shot_noise", "", 0, 0, 1, SceneStage::kSensor, kSmooth, kDrawn, kAny,
     "relative deviation at full light, 1/sqrt(electrons); normal approximation"},
    {"gaussian_noise", "", 0, 0, 1, SceneStage::kSensor, kSmooth, kDrawn, kAny,
     "standard deviation, of values from 0 to 1"},
    {"speckle_noise", "", 0, 0, 2, SceneStage::kSensor, kSmooth, kDrawn, kAny,
     "standard deviation relative to the value"},
    {"impulse_noise", "", 0, 0, 1, SceneStage::kSensor, kStepped, kDrawn, kAny,
     "share of values that are 0 or 1"},
    {"hue", "degrees", 0, -180, 180, SceneStage::kRendering, kSmooth, kFixed, kColour,
     "turn of the colours at equal luma"},
    {"saturation", "", 1, 0, 10, SceneStage::kRendering, kSmooth, kFixed, kColour,
     "distance of the colours from grey"},
    {"contrast", "", 1, 0, 10, SceneStage::kRendering, kSmooth, kFixed, kAny,
     "distance of the values from the picture's mean luma"},
    {"brightness", "", 1, 0, 10, SceneStage::kRendering, kSmooth, kFixed, kAny,
     "factor of the values"},
    {"gamma", "", 1, 0.05, 20, SceneStage::kRendering, kSmooth, kFixed, kAny,
     "exponent of the values"},
    {"resolution", "", 1, 0.01, 1, SceneStage::kCoding, kStepped, kFixed, kAny,
     "share of each side's pixels that is kept, then enlarged again"},
    {"pixelation", "px", 1, 1, 256, SceneStage::kCoding, kStepped, kFixed, kAny,
     "side of blocks of one value"},
    {"jpeg_quality", "", 100, 1, 100, SceneStage::kCoding, kStepped, kFixed, kAny,
     "quality of JPEG coding; 100: not coded at all"},
};

}  // namespace

std::span<const Factor> scene_factors() { return kFactors; }

const Factor& scene_factor(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const Factor& f : kFactors) {
    if (f.name == name) return f;
    names.emplace_back(f.name);
  }
  const std::string near = nearest(name, names);
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
  throw InputError(
      where, "there is no factor \"" + name + "\"" +
                 (near.empty() ? "; wanted one of " + all : ", did you mean \"" + near + "\"?"));
}

}  // namespace assay::imaging
