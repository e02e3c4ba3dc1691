#include "assay/checks/camera/drift_synthesis.h"

#include <algorithm>
#include <cmath>

#include "assay/base/field.h"
#include "assay/checks/camera/cameras.h"
#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/mean_finding.h"
#include "assay/checks/sensitivity/named_corruptions.h"
#include "assay/stats/bound.h"

namespace assay::checks {

namespace {

using Record = DriftSynthesis::Record;
using Result = DriftSynthesis::Result;

constexpr const char* kAudited = "audited";

class SynthesisSummary {
 public:
  SynthesisSummary(std::span<const Record> records, const DriftSynthesis::Params& params,
                   const Facts& facts) {
    result_.params = params;
    result_.labels = facts.labels;
    result_.seed = facts.seed;
    for (const auto& [name, chain] : cameras_of(params.cameras, "cameras")) {
      result_.cameras.push_back(name);
      result_.chains.push_back(chain.text());
    }
    result_.models.emplace_back(kAudited);
    for (const auto& [name, file] : entries_of(params.models, "models")) {
      if (name == kAudited)
        throw InputError("models", "the audited model is called \"audited\"; take another name");
      result_.models.push_back(name);
    }
    if (!params.corruptions.empty())
      for (const auto* type : corruption_types(params.corruptions))
        result_.types.emplace_back(type->name);
    for (const Record& r : records) {
      ++result_.pictures;
      result_.unlabelled += !r.known;
      result_.nonfinite += r.known && !r.finite;
      if (r.known && r.finite) result_.records.push_back(r);
    }
    for (const Record& r : result_.records) pointers_.push_back(&r);
    clusters_ = clusters_of(pointers_);
  }

  Result run() && {
    const std::size_t cameras = result_.cameras.size();
    double least = INFINITY, drop = INFINITY;
    for (std::size_t m = 0; m < result_.models.size(); ++m) {
      add("accuracy/" + id_part(result_.models[m]), 0,
          [&](const Record& r) { return double(r.own[m]); });
      for (std::size_t c = 0; c < cameras; ++c) {
        const auto right = [&](const Record& r) { return double(r.score[m * cameras + c]); };
        const double accuracy = add(result_.accuracy_id(m, c), 0, right);
        const double change = add(result_.difference_id(m, c), -1,
                                  [&](const Record& r) { return right(r) - double(r.own[m]); });
        if (m == 0 && accuracy < least) {
          least = accuracy;
          result_.worst_camera = c;
        }
        drop = std::min(drop, change);
      }
    }
    worst("worst_accuracy", result_.accuracy_id(0, result_.worst_camera));
    worst("worst_difference", result_.difference_id(0, result_.worst_camera));
    distances();
    weather();
    return std::move(result_);
  }

 private:
  template <class Value>
  double add(const std::string& id, double low, Value value) {
    std::vector<double> values;
    for (const Record* r : pointers_) values.push_back(value(*r));
    result_.findings.push_back(
        values.empty()
            ? stats::undefined(id, "no labelled picture gave finite outputs")
            : mean_finding(id, values, clusters_, {low, 1}, result_.seed, "drift-synthesis/" + id));
    return result_.findings.back().status == FindingStatus::kOk ? result_.findings.back().value
                                                                : INFINITY;
  }

  void worst(const std::string& id, const std::string& of) {
    for (const Finding& f : result_.findings)
      if (f.id == of) {
        Finding found = f;
        found.id = id;
        if (found.status == FindingStatus::kOk)
          found.note = "of the audited model, by " + result_.cameras[result_.worst_camera];
        result_.findings.push_back(std::move(found));
        return;
      }
  }

  void distances() {
    const std::size_t count = result_.cameras.size() * DriftSynthesis::kDistances;
    result_.distances.assign(count, 0);
    for (const Record* r : pointers_)
      for (std::size_t i = 0; i < count; ++i)
        result_.distances[i] +=
            static_cast<double>(r->distances[i]) / static_cast<double>(pointers_.size());
  }

  void weather() {
    if (pointers_.empty()) return;
    const auto n = static_cast<double>(pointers_.size());
    for (std::size_t t = 0; t < result_.types.size(); ++t) {
      std::vector<Result::Point> points(1);
      for (const Record* r : pointers_) points[0].accuracy += static_cast<double>(r->own[0]) / n;
      for (std::size_t s = 0; s < 5; ++s) {
        Result::Point p;
        for (const Record* r : pointers_) {
          p.accuracy += static_cast<double>(r->weather[t * 5 + s]) / n;
          p.distance +=
              static_cast<double>(r->weather_distances[(t * 5 + s) * DriftSynthesis::kDistances]) /
              n;
        }
        points.push_back(p);
      }
      result_.weather.push_back(std::move(points));
    }
  }

  Result result_;
  std::vector<const Record*> pointers_;
  std::vector<std::int64_t> clusters_;
};

}  // namespace

std::string DriftSynthesis::Result::accuracy_id(std::size_t model, std::size_t camera) const {
  return "accuracy/" + id_part(models[model]) + "/" + id_part(cameras[camera]);
}
std::string DriftSynthesis::Result::difference_id(std::size_t model, std::size_t camera) const {
  return "difference/" + id_part(models[model]) + "/" + id_part(cameras[camera]);
}

Result DriftSynthesis::summarise(std::span<const Record> records, const Params& params,
                                 const Facts& facts) {
  return SynthesisSummary(records, params, facts).run();
}

std::vector<Finding> DriftSynthesis::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
