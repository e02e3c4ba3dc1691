// What the effect check does to a picture, as a plan writes it:
//
//   "brightness=0.5, rotation=10"     factors of the scene set to values (docs/factors.md), all others nominal
//   "marked: blur"                    a region replaced: marked, unmarked (by the row's mask), or
//   "box(0, 0, 0.25, 0.4): other"     left, top, right, bottom as shares of the model's input
//
// by blur (10 % of the shorter side), grey (the middle of the range), inpaint (what its surroundings let expect), or
// other (the same place of another picture, drawn by lot from another cluster).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assay/imaging/scene/scene.h"
#include "assay/methods/evaluation/removal.h"

namespace assay::checks {

enum class Part { kNone, kMarked, kUnmarked, kBox };
enum class By { kBlur, kGrey, kInpaint, kOther };

struct Intervention {
  std::string name;
  std::vector<std::pair<std::string, double>> factors;  // or a region:
  Part part = Part::kNone;
  By by = By::kBlur;
  double box[4] = {0, 0, 1, 1};

  bool needs_mask() const { return part == Part::kMarked || part == Part::kUnmarked; }
  bool needs_donor() const { return part != Part::kNone && by == By::kOther; }
};

// Of "name=text; …" (base/field.h). InputError names the intervention and what is wrong with it.
std::vector<Intervention> interventions_of(const std::string& text);

// Every factor that some intervention sets, each once.
std::vector<std::string> factors_of(const std::vector<Intervention>& interventions);

// The part's pixels, one byte each; `marked` is read where the mask is needed.
methods::PixelMask pixels_of_part(const Intervention& intervention,
                                  const methods::PixelMask& marked, int height, int width);

}  // namespace assay::checks
