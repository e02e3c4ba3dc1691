// What may change between the laboratory and the field, one row each: the factors of the scene map.
//
// At its nominal value a factor does nothing, bit for bit. Values outside of the legal range are an InputError.
// A factor that is differentiable has exact derivatives of every pixel in its value and in the pixels
// (almost everywhere: pixels that the range [0,1] cuts have none); of one that is random, a draw
// is a function of (seed, factor, picture, draw).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace assay::imaging {

enum class SceneStage {
  kCamera,     // how the picture was made of what the sensor recorded (camera/drift.h)
  kGeometry,   // where the camera stands
  kOcclusion,  // what stands before it
  kLight,      // how much light of which colour; in linear light
  kOptics,     // blur
  kSensor,     // noise
  kRendering,  // what software makes of it, in encoded values
  kCoding,     // how it is stored
};

struct Factor {
  std::string_view name;
  std::string_view unit;      // "" for a pure number
  double nominal, low, high;  // legal from low to high
  SceneStage stage;
  bool differentiable, random, needs_colour;
  std::string_view help;
};

// In the order in which they act.
std::span<const Factor> scene_factors();

// InputError(where, …) names the nearest one there is.
const Factor& scene_factor(const std::string& name, const std::string& where = "");

}  // namespace assay::imaging
