#include "assay/checks/sensitivity/effect_interventions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/number_in.h"

namespace assay::checks {

namespace {

const std::string kPlace = "checks.effect.interventions";

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts{""};
  for (const char c : text)
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  for (std::string& part : parts) part = trimmed(part);
  return parts;
}

double number(const std::string& text, const std::string& where) {
  const auto value = number_in(text);
  if (!value) throw InputError(where, "got \"" + text + "\", wanted a number");
  return *value;
}

By by_named(const std::string& word, const std::string& where) {
  static const std::vector<std::string> words{"blur", "grey", "inpaint", "other"};
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end())
    throw InputError(
        where,
        "a region is replaced by blur, grey, inpaint or other; got \"" + word + "\"" +
            (nearest(word, words).empty() ? ""
                                          : ", did you mean \"" + nearest(word, words) + "\"?"));
  return static_cast<By>(found - words.begin());
}

void read_region(const std::string& region, const std::string& where, Intervention& i) {
  if (region == "marked" || region == "unmarked") {
    i.part = region == "marked" ? Part::kMarked : Part::kUnmarked;
    return;
  }
  i.part = Part::kBox;
  const auto wrong = [&] {
    return InputError(where, "got \"" + region +
                                 "\", wanted marked, unmarked, or box(left, top, right, bottom) in "
                                 "shares from 0 to 1");
  };
  if (!region.starts_with("box(") || !region.ends_with(")")) throw wrong();
  const auto sides = split(region.substr(4, region.size() - 5), ',');
  if (sides.size() != 4) throw wrong();
  for (std::size_t k = 0; k < 4; ++k) i.box[k] = number(sides[k], where);
  if (!(i.box[0] >= 0 && i.box[0] < i.box[2] && i.box[2] <= 1 && i.box[1] >= 0 &&
        i.box[1] < i.box[3] && i.box[3] <= 1))
    throw wrong();
}

void read_factors(const std::string& text, const std::string& where, Intervention& i) {
  for (const std::string& part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos)
      throw InputError(
          where, "got \"" + part + "\", wanted FACTOR=VALUE, or REGION: blur|grey|inpaint|other");
    const std::string name = trimmed(part.substr(0, equals));
    const imaging::Factor& factor = imaging::scene_factor(name, where);
    const double value = number(trimmed(part.substr(equals + 1)), where);
    if (!(value >= factor.low && value <= factor.high))
      throw InputError(
          where, fmt::format("{} is {}; wanted {} to {}", name, value, factor.low, factor.high));
    i.factors.emplace_back(name, value);
  }
}

}  // namespace

std::vector<Intervention> interventions_of(const std::string& text) {
  std::vector<Intervention> all;
  for (const auto& [name, what] : entries_of(text, kPlace)) {
    const std::string where = kPlace + "." + name;
    Intervention i;
    i.name = name;
    if (const std::size_t colon = what.find(':'); colon != std::string::npos) {
      read_region(trimmed(what.substr(0, colon)), where, i);
      i.by = by_named(trimmed(what.substr(colon + 1)), where);
    } else {
      read_factors(what, where, i);
    }
    all.push_back(std::move(i));
  }
  if (all.empty())
    throw InputError(kPlace,
                     "no intervention is named; wanted NAME: \"brightness=0.5\" or "
                     "NAME: \"unmarked: blur\"");
  return all;
}

std::vector<std::string> factors_of(const std::vector<Intervention>& interventions) {
  std::vector<std::string> names;
  for (const Intervention& i : interventions)
    for (const auto& [name, _] : i.factors)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

methods::PixelMask pixels_of_part(const Intervention& intervention,
                                  const methods::PixelMask& marked, int height, int width) {
  methods::PixelMask inside = marked;
  if (intervention.part == Part::kUnmarked)
    for (std::uint8_t& v : inside) v = !v;
  if (intervention.part != Part::kBox) return inside;
  inside.assign(static_cast<std::size_t>(height) * static_cast<std::size_t>(width), 0);
  const auto* box = intervention.box;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double u = (x + 0.5) / width, v = (y + 0.5) / height;
      inside[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
             static_cast<std::size_t>(x)] = u > box[0] && u < box[2] && v > box[1] && v < box[3];
    }
  return inside;
}

}  // namespace assay::checks
