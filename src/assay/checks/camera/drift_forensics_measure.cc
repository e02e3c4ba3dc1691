// One unit of the drift-forensics check: a picture on the grid, a search over some, a picture before what was found.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/checks/camera/drift_forensics_runs.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/scene/scene.h"
#include "assay/methods/camera/forced_drift.h"
#include "assay/methods/evaluation/row_truth.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::checks {

namespace {

using Params = DriftForensics::Params;
using Record = DriftForensics::Record;
using Kind = DriftForensics::Kind;

std::uint64_t draw_of(std::int64_t row) {
  return hash_name(fmt::format("drift-forensics/{}", row));
}

// The picture at nominal and at every θ.
void ask(const Subject& subject, const Unit& unit, const Context& context,
         const ForensicsSpace& space, std::vector<std::vector<double>> thetas,
         const methods::Truth& truth, Record& record) {
  thetas.insert(thetas.begin(), space.nominal);
  const imaging::Scene scene(space.names, {imaging::Border::kReflect, 0, subject.facts.seed});
  const RawView raw(subject, unit, context, scene);
  const at::Tensor pixels = methods::pixels_of_input(subject.classifier, input_of(unit, context));
  const std::uint64_t draw[] = {draw_of(unit.row)};
  const methods::Judged said = methods::judged_inputs(
      subject.classifier, thetas.size(), [&](std::size_t i) -> methods::InputWithTruth {
        const at::Tensor theta = at::tensor(thetas[i], at::kDouble).view({1, -1});
        return {methods::model_input(subject.classifier, scene(pixels, theta, draw, raw.get())),
                truth};
      });
  for (std::size_t i = 0; i < thetas.size(); ++i) {
    record.score.push_back(static_cast<float>(said.score[i]));
    record.margins.push_back(static_cast<float>(said.margin[i]));
    record.finite &= std::isfinite(said.margin[i]);
  }
}

void search(const Subject& subject, const Params& params, const ForensicsSpace& space,
            const Unit& unit, Record& record) {
  std::vector<methods::TakenPicture> pictures;
  for (const std::int64_t row : unit.others)
    pictures.push_back(methods::taken_picture(subject.classifier, subject.data, row, draw_of(row)));
  const SearchKey key = search_of(unit.key);
  const ForensicsRun run = forensics_runs(params, space).at(key.run);
  // What may not move need not be there.
  std::vector<std::size_t> moving;
  std::vector<std::string> names;
  methods::Specification specification;
  for (std::size_t f = 0; f < space.size(); ++f)
    if (run.moves[f]) {
      moving.push_back(f);
      names.push_back(space.names[f]);
      specification.low.push_back(space.low[f]);
      specification.high.push_back(space.high[f]);
      specification.moves.push_back(1);
    }
  const methods::DriftingCamera camera(subject.classifier, std::move(pictures), names,
                                       subject.facts.seed,
                                       imaging::image_distance_named(params.distance));
  const methods::DriftBudget budget{run.budget, params.steps};
  const auto found =
      run.kind == ForensicsRun::Kind::kRandom
          ? methods::random_drift(camera, specification, budget, subject.facts.seed, key.start)
          : methods::force_drift(camera, specification, budget, subject.facts.seed, key.start);
  record.run = static_cast<std::int64_t>(key.run);
  record.theta = space.nominal;
  for (std::size_t k = 0; k < found.theta.size(); ++k) record.theta[moving[k]] = found.theta[k];
  record.loss = found.answer.loss;
  record.distance = found.answer.distance;
  record.finite = std::isfinite(record.loss);
}

}  // namespace

std::vector<Unit> DriftForensics::units(const Subject& subject, const Params& params,
                                        std::span<const Record> so_far) {
  const ForensicsSpace space = forensics_space(params);
  const auto runs = forensics_runs(params, space);
  if (subject.data.is_raw())
    imaging::check_camera_factors(subject.data.camera(), space.names, "data.camera");
  if (so_far.empty()) return asked_units(subject, "grid/", all_rows(subject));
  const auto has = [&](Kind kind) {
    return std::any_of(so_far.begin(), so_far.end(),
                       [&](const Record& r) { return r.kind == kind; });
  };
  const auto seen = searched_pictures(so_far, params, subject.facts.seed);
  if (seen.empty() || has(Kind::kVerified)) return {};
  std::vector<Unit> units;
  if (!has(Kind::kSearch)) {
    std::vector<std::int64_t> rows;
    for (const Record* r : seen) rows.push_back(r->row);
    for (std::size_t run = 0; run < runs.size(); ++run)
      for (int start = 0; start < params.starts; ++start)
        units.push_back({search_key(run, start), rows[units.size() % rows.size()], rows});
    return units;
  }
  const auto best = best_starts(so_far, runs.size());
  if (std::find(best.begin(), best.end(), nullptr) != best.end()) return {};
  for (const Record& r : so_far)
    if (r.kind == Kind::kGrid && r.known && r.finite &&
        std::find(seen.begin(), seen.end(), &r) == seen.end())
      units.push_back({verify_key(best, r.id), r.row});
  return units;
}

std::vector<Record> DriftForensics::measure(const Subject& subject, const Params& params,
                                            std::span<const Unit> units, const Context& context) {
  const ForensicsSpace space = forensics_space(params);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    record.kind = unit.key.starts_with("grid/")     ? Kind::kGrid
                  : unit.key.starts_with("search/") ? Kind::kSearch
                                                    : Kind::kVerified;
    const methods::Truth truth = methods::row_truth(subject.classifier, subject.data, unit.row,
                                                    context.pictures[context.slot(unit.row)]);
    record.known = methods::is_known(truth);
    if (record.finite && record.known) {
      if (record.kind == Kind::kGrid)
        ask(subject, unit, context, space, forensics_grid(params, space), truth, record);
      else if (record.kind == Kind::kSearch)
        search(subject, params, space, unit, record);
      else
        ask(subject, unit, context, space, thetas_of(unit.key, space.size()), truth, record);
    }
    records.push_back(std::move(record));
  }
  return records;
}

Cost DriftForensics::cost(const Params& params, std::string_view unit) {
  const auto whole = [](std::size_t calls) {  // the last micro-batch is filled
    return static_cast<std::int64_t>((calls + 7) / 8 * 8);
  };
  const ForensicsSpace space = forensics_space(params);
  if (unit.starts_with("grid/")) return {whole(1 + forensics_grid(params, space).size()), 0};
  const auto runs = forensics_runs(params, space);
  if (unit.starts_with("verify/")) return {whole(1 + runs.size()), 0};
  const std::int64_t pictures = params.search_images;
  // The loss's scale is told at nominal.
  const std::int64_t batch = whole(static_cast<std::size_t>(pictures));
  if (runs[search_of(unit).run].kind == ForensicsRun::Kind::kRandom)
    return {(3 * params.steps + 2) * batch, 0};
  return {(params.steps + 2) * batch, params.steps * batch};
}

}  // namespace assay::checks
