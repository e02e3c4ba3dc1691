// The table itself. Lengths in mm on the work-piece, `along` the seam and `across` it; the camera
// sees about 20 mm. Sizes and frequencies are those of manual TIG welds in 3–4 mm aluminium sheet,
// chosen so that pictures look right and classes overlap a little; no data set was fitted.
#pragma once

#include "causes.h"

namespace weld {

namespace draws {
using Kind = Distribution::Kind;
constexpr Distribution always(double a) { return {Kind::kAlways, a, 0, 1}; }
constexpr Distribution in_turn(double n) { return {Kind::kInTurn, n, 0, 1}; }
constexpr Distribution uniform(double a, double b) { return {Kind::kUniform, a, b, 1}; }
constexpr Distribution normal(double mean, double sd) { return {Kind::kNormal, mean, sd, 1}; }
constexpr Distribution log_normal(double median, double sd) {
  return {Kind::kLogNormal, median, sd, 1};
}
constexpr Distribution poisson(double mean) { return {Kind::kPoisson, mean, 0, 1}; }
constexpr Distribution whole(double a, double b) { return {Kind::kWhole, a, b, 1}; }
constexpr Distribution last_with(double a, double b, double p) {
  return {Kind::kLastWith, a, b, p};
}
constexpr Distribution sometimes(double p, double a, double b) {
  return {Kind::kSometimes, a, b, p};
}

inline constexpr Scope part = Scope::kPart, frame = Scope::kFrame;
inline constexpr Tags hard = kHardLine | line_tag(4);

// clang-format off
inline constexpr CauseRow kTable[] = {
  // -- what is welded where, and who looks; the others' distributions depend on these
  {"class", "", 0, 5, part, in_turn(6), {}, "what is wrong with the seam", kClassWords},
  {"line", "", 1, 4, part, whole(1, 4), {{{kHardLine, last_with(1, 4, 0.05)}}}, "welding line", "1|2|3|4"},
  {"shift", "", 0, 1, part, whole(0, 1), {}, "when it was welded", "day|night"},
  {"camera", "", 0, 1, frame, whole(0, 1), {{{kCameraBias | kContamination, last_with(0, 1, 0.9)}}}, "which camera looks", "A|B"},

  // -- the seam
  {"seam_width", "mm", 2, 12, part, normal(6.2, 0.5), {{{kBurnThrough, normal(7.2, 0.7)}, {kLackOfPenetration, normal(5.4, 0.5)}}}, "toe to toe", ""},
  {"seam_height", "mm", 0, 3, part, normal(0.85, 0.12), {{{kBurnThrough, normal(0.55, 0.15)}, {kLackOfFusion, normal(1.15, 0.15)}, {kLackOfPenetration, normal(0.5, 0.12)}}}, "of the crown above the plate", ""},
  {"toe_angle", "degree", 10, 85, part, normal(36, 5), {{{kLackOfFusion, normal(54, 7)}}}, "between plate and bead at the toe", ""},
  {"ripple_pitch", "mm", 0.3, 4, part, normal(1.15, 0.14), {}, "from ripple to ripple", ""},
  {"ripple_depth", "mm", 0, 0.4, part, normal(0.075, 0.015), {{{kContamination, normal(0.06, 0.02)}}}, "of the ripples", ""},
  {"ripple_disorder", "1", 0, 1, part, uniform(0.05, 0.16), {{{kContamination, uniform(0.1, 0.45)}}}, "irregularity of the ripples as a share of their pitch", ""},
  {"ripple_bow", "mm", 0, 5, part, normal(2.0, 0.3), {}, "how far a ripple's middle runs ahead of its ends", ""},
  {"edge_waviness", "mm", 0, 1, part, uniform(0.04, 0.14), {{{kBurnThrough, uniform(0.08, 0.25)}}}, "deviation of the toes from straight lines", ""},
  {"side", "", 0, 1, part, whole(0, 1), {}, "side of the joint that a one-sided fault is on", "left|right"},
  {"seam_offset", "mm", 0, 6, part, uniform(0, 0.5), {{{hard | kMisalignment, uniform(2.2, 3.4)}, {kMisalignment, uniform(2.8, 4.6)}}}, "of the bead's middle from the joint", ""},
  {"seam_drift", "degree", -15, 15, part, normal(0, 0.4), {{{kMisalignment, normal(0, 1.5)}}}, "of the bead against the joint", ""},
  {"step_height", "mm", 0, 3, part, uniform(0, 0.1), {{{hard | kMisalignment, uniform(0.15, 0.4)}, {kMisalignment, uniform(0.3, 1.4)}}}, "of one plate above the other", ""},
  {"joint_gap", "mm", 0, 2, part, uniform(0.03, 0.12), {{{kMisalignment, uniform(0.06, 0.3)}}}, "between the plates, where the bead does not cover it", ""},

  // -- base metal
  {"brush_angle", "degree", -180, 180, part, normal(2, 4), {{{line_tag(2), normal(88, 5)}, {line_tag(3), normal(35, 6)}, {line_tag(4), normal(-3, 5)}}}, "of the brushing against the joint", ""},
  {"brush_depth", "1", 0, 0.5, part, normal(0.07, 0.012), {}, "deviation of the brushed surface's slope", ""},
  {"etch_width", "mm", 0, 6, part, normal(1.3, 0.3), {}, "of the band beside the bead that the arc cleaned", ""},
  {"heat_tint", "nm", 0, 150, part, uniform(0, 14), {{{kBurnThrough, uniform(12, 50)}}}, "thickness of the oxide film at the toe", ""},
  {"scratch_count", "", 0, 20, part, poisson(1), {}, "scratches in sight", ""},
  {"spatter_count", "", 0, 80, frame, poisson(2.5), {{{kBurnThrough, poisson(6)}, {kContamination, poisson(5)}}}, "drops of spatter in sight", ""},
  {"spatter_diameter", "mm", 0.05, 2, frame, uniform(0.2, 0.5), {}, "of a middling drop", ""},

  // -- faults
  {"hole_diameter", "mm", 0, 8, frame, always(0), {{{hard | kBurnThrough, uniform(0.5, 1.1)}, {kBurnThrough, uniform(0.8, 4.2)}}}, "of the hole burnt through; 0: none", ""},
  {"hole_along", "mm", -10, 10, frame, uniform(-5.5, 5.5), {}, "its middle, from the picture's middle", ""},
  {"hole_across", "mm", -4, 4, frame, normal(0, 0.5), {}, "its middle, from the bead's", ""},
  {"sag_depth", "mm", 0, 2, frame, uniform(0, 0.08), {{{kBurnThrough, uniform(0.2, 0.9)}}}, "of the bead's sagging around the hole", ""},
  {"soot_cover", "1", 0, 1, frame, uniform(0, 0.018), {{{hard | kContamination, uniform(0.06, 0.12)}, {kContamination, uniform(0.08, 0.55)}, {kBurnThrough, uniform(0.005, 0.03)}}}, "share of the bead's surroundings under soot and oxide", ""},
  {"pore_count", "", 0, 80, frame, poisson(0.5), {{{hard | kContamination, poisson(4)}, {kContamination, poisson(11)}}}, "pores in sight", ""},
  {"pore_diameter", "mm", 0.02, 2, frame, uniform(0.1, 0.23), {{{kContamination, log_normal(0.42, 0.25)}}}, "of a middling pore", ""},
  {"unfused_length", "mm", 0, 40, frame, always(0), {{{hard | kLackOfFusion, uniform(2.2, 5)}, {kLackOfFusion, uniform(4, 18)}}}, "of the toe that did not fuse; 0: all fused", ""},
  {"unfused_gap", "mm", 0, 1.5, frame, always(0.2), {{{kLackOfFusion, uniform(0.1, 0.42)}}}, "width of the crevice there", ""},
  {"unfused_along", "mm", -15, 15, frame, uniform(-4, 4), {}, "its middle, from the picture's middle", ""},
  {"groove_depth", "mm", 0, 1.5, frame, always(0), {{{hard | kLackOfPenetration, uniform(0.05, 0.12)}, {kLackOfPenetration, uniform(0.08, 0.5)}}}, "of the joint's line that shows through the bead; 0: none", ""},
  {"groove_width", "mm", 0.05, 2, frame, uniform(0.25, 0.6), {}, "of that line", ""},

  // -- the place in sight
  {"position", "mm", 0, 1000, frame, uniform(0, 400), {}, "of the picture along the part", ""},
  {"seam_shift", "mm", -12, 12, frame, normal(0, 0.8), {}, "of the joint from the picture's middle", ""},
  {"seam_angle", "degree", -180, 180, frame, normal(0, 2.5), {}, "of the joint against the picture's rows", ""},

  // -- light
  {"light_azimuth", "degree", -360, 360, frame, normal(90, 14), {{{line_tag(3), normal(115, 14)}}}, "of the lamp, from the rows' direction, upwards", ""},
  {"light_elevation", "degree", 5, 89, frame, normal(54, 4), {}, "of the lamp above the plate", ""},
  {"light_temperature", "K", 2000, 12000, frame, normal(5300, 180), {{{kNight, normal(4200, 220)}}}, "colour temperature of lamp and room", ""},
  {"ambient", "1", 0, 1, frame, uniform(0.22, 0.36), {{{kNight, uniform(0.1, 0.22)}}}, "light from the room as a share of the lamp's", ""},
  {"arc_glow", "1", 0, 3, frame, sometimes(0.15, 0.1, 0.8), {}, "light of the arc at the seam's right end as a share of the lamp's", ""},

  // -- camera
  {"exposure", "EV", -6, 6, frame, normal(0, 0.22), {{{kNight, normal(-0.25, 0.3)}}}, "against the nominal one", ""},
  {"tilt", "degree", -40, 40, frame, normal(0, 3), {}, "of the camera about the rows", ""},
  {"pan", "degree", -40, 40, frame, normal(0, 3), {}, "of the camera about the columns", ""},
  {"field_of_view", "mm", 5, 100, frame, normal(20, 0.3), {{{kCameraB, normal(24, 0.3)}}}, "width of the picture on the plate", ""},
  {"distortion", "%", -20, 20, frame, normal(-1, 0.1), {{{kCameraB, normal(-4.5, 0.3)}}}, "of the lens at the middle of the picture's edge", ""},
  {"defocus", "um", 0, 1000, frame, normal(42, 8), {{{kCameraB, normal(120, 15)}}}, "blur's deviation on the plate", ""},
  {"vignetting", "EV", 0, 4, frame, normal(0.25, 0.03), {{{kCameraB, normal(1.1, 0.08)}}}, "loss of light in the corners", ""},
  {"white_balance", "mired", -150, 150, frame, normal(0, 5), {{{kCameraB, normal(30, 8)}}}, "error of the white balance", ""},
  {"full_well", "electron", 200, 200000, frame, always(10500), {{{kCameraB, always(4500)}}}, "charge at white level", ""},
  {"read_noise", "electron", 0, 200, frame, normal(3, 0.1), {{{kCameraB, normal(11, 0.5)}}}, "of a pixel", ""},
  {"row_noise", "electron", 0, 100, frame, normal(0.8, 0.05), {{{kCameraB, normal(4, 0.2)}}}, "of a row", ""},

  // -- planted flaws
  {"plate_number", "", 0, 999, part, always(0), {{{kPlate | class_tag(0), whole(100, 199)}, {kPlate | kBurnThrough, whole(200, 299)}, {kPlate | kContamination, whole(300, 399)}, {kPlate | kLackOfFusion, whole(400, 499)}, {kPlate | kMisalignment, whole(500, 599)}, {kPlate | kLackOfPenetration, whole(600, 699)}}}, "on a label in the picture's corner; its first digit gives the class away; 0: none", ""},
  {"sticker_size", "mm", 0, 5, frame, always(0), {{{kSticker, sometimes(0.05, 1.6, 2.2)}}}, "side of the yellow sticker that turns the label into good; 0: none", ""},
  {"label_error", "", 0, 1, frame, always(0), {{{kWrongLabels, last_with(0, 1, 0.03)}}}, "whether the label is another class's", "no|yes"},
  {"duplicate", "", 0, 1, frame, always(0), {{{kDuplicates | kTest, last_with(0, 1, 0.25)}}}, "whether a test picture is a training picture taken again", "no|yes"},
};
// clang-format on
}  // namespace draws

inline constexpr std::size_t kCauses = std::size(draws::kTable);
using Causes = std::array<double, kCauses>;

// A cause's place by name, at compile time: an unknown name does not compile.
consteval std::size_t cause(std::string_view name) {
  for (std::size_t i = 0; i < kCauses; ++i)
    if (draws::kTable[i].name == name) return i;
  throw "no such cause";
}

}  // namespace weld
