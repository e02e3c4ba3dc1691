#include "assay/checks/sensitivity/asked_picture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "assay/checks/focus/class_maps.h"
#include "assay/imaging/camera/camera_view.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/scene/scene.h"
#include "assay/methods/batch.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::checks {

Said said_of(const at::Tensor& logits, int reference) {
  const at::Tensor values = logits.to(at::kDouble).contiguous();
  const std::int64_t classes = values.size(1);
  Said said;
  for (std::int64_t p = 0; p < values.size(0); ++p) {
    const double* z = values.data_ptr<double>() + p * classes;
    const auto top = static_cast<std::int64_t>(std::max_element(z, z + classes) - z);
    double other = -INFINITY, sum = 0, weighted = 0;
    for (std::int64_t k = 0; k < classes; ++k) {
      if (k != reference) other = std::max(other, z[k]);
      const double e = std::exp(z[k] - z[top]);
      sum += e;
      weighted += e * (z[k] - z[top]);
    }
    said.margin.push_back(static_cast<float>(z[reference] - other));
    said.probability.push_back(static_cast<float>(std::exp(z[reference] - z[top]) / sum));
    said.entropy.push_back(static_cast<float>(std::log(sum) - weighted / sum));
    said.confidence.push_back(static_cast<float>(1 / sum));
    said.decision.push_back(static_cast<std::int32_t>(top));
  }
  return said;
}

bool is_finite(const Said& said) {
  return std::all_of(said.margin.begin(), said.margin.end(),
                     [](float v) { return std::isfinite(v); });
}

Shift AskedPicture::view(const std::string& border, double fill, std::uint64_t seed) const {
  return {"", {}, "", 0, border, fill, seed, 0, {left, top, right, bottom}, height, width};
}

void introduce(const Subject& subject, const Unit& unit, const Context& context,
               AskedPicture& picture) {
  const std::size_t slot = context.slot(unit.row);
  const CleanRecord& clean = context.clean[slot];
  picture.row = unit.row;
  picture.id = clean.id;
  picture.cluster = clean.cluster;
  picture.label = clean.label < subject.classifier.classes() ? clean.label : -1;
  picture.clean = static_cast<int>(std::max_element(clean.logits.begin(), clean.logits.end()) -
                                   clean.logits.begin());
  picture.finite = std::all_of(clean.logits.begin(), clean.logits.end(),
                               [](float v) { return std::isfinite(v); });
  if (!picture.finite) return;
  set_covered_box(subject, context.pictures[slot], picture);
  const at::Tensor pixels = methods::pixels_of_input(subject.classifier, input_of(unit, context));
  picture.height = static_cast<int>(pixels.size(2));
  picture.width = static_cast<int>(pixels.size(3));
}

at::Tensor input_of(const Unit& unit, const Context& context) {
  return context.input->narrow(0, static_cast<std::int64_t>(context.slot(unit.row)), 1);
}

RawView::RawView(const Subject& subject, const Unit& unit, const Context& context,
                 const imaging::Scene& scene) {
  if (!subject.data.is_raw() || !scene.has_camera()) return;
  std::vector<std::string> names;
  for (const imaging::Factor* f : scene.factors()) names.emplace_back(f->name);
  imaging::check_camera_factors(subject.data.camera(), names, "data.camera");
  const auto row = static_cast<std::size_t>(unit.row);
  const imaging::Picture& picture = context.pictures[context.slot(unit.row)];
  const auto& input = subject.classifier.input();
  view_ = std::make_shared<const imaging::CameraView>(subject.data.view(
      row, subject.data.bytes(row),
      imaging::placement_of(picture.height, picture.width, subject.data.rows()[row].id, input,
                            methods::demand_of(subject.classifier)),
      input.upright));
}

std::vector<Unit> asked_units(const Subject& subject, const std::string& prefix,
                              std::span<const std::int64_t> rows) {
  std::vector<Unit> units;
  for (const std::int64_t row : rows)
    units.push_back({prefix + subject.data.rows()[static_cast<std::size_t>(row)].id, row});
  return units;
}

std::vector<std::int64_t> all_rows(const Subject& subject) {
  std::vector<std::int64_t> rows(subject.data.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

}  // namespace assay::checks
