// The corruptions of ImageNet-C (15 common, 4 extra) and of ImageNet-C-bar (10, unlike those) with their published
// severities, and in between.
//
// Severity 0 is the picture itself, bit for bit; at 1 to 5 the parameters are the published ones; between two of them
// they are interpolated linearly (whole ones rounded), and below 1 the picture is mixed with its severity 1. Values are
// truncated to 8 bits, as the reference code does. A random one's draw is a function of (seed, type, draw).
//
// Written anew from the published definitions; what differs is said of each type in `difference`. The deterministic ones
// agree with the reference's outputs within one level, the random ones with its statistics (corruption_test.cc).
// The published numbers in px belong to 224 px; they are used as they are at other sizes.
// Cost for 224 px: all 19 together some 60 ms (docs/performance.md).
// Source: hendrycks2019, mintun2021.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/imaging/picture.h"

namespace assay::imaging {

enum class CorruptionKind { kNoise, kBlur, kWeather, kDigital, kExtra, kBar };

struct Corruption {
  std::string_view name;
  CorruptionKind kind;
  bool random;
  std::vector<std::string_view> parameters;
  std::vector<std::vector<double>> severities;  // five rows
  std::string_view difference;                  // from the original; empty: none
};

std::span<const Corruption> corruptions();
// InputError(where, …) with the nearest name.
const Corruption& corruption_named(const std::string& name, const std::string& where = "");

struct CorruptionDraw {
  std::uint64_t seed = 0, draw = 0;
};

// `picture` 8 bits, RGB or grey, at least 8 px a side; severity in [0, 5].
Picture corrupted(const Picture& picture, const Corruption& corruption, double severity,
                  const CorruptionDraw& draw);

}  // namespace assay::imaging
