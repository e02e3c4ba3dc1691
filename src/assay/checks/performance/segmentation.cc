#include "assay/checks/performance/segmentation.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "assay/base/seed.h"
#include "assay/checks/clusters.h"
#include "assay/checks/finding_ids.h"
#include "assay/checks/mean_finding.h"
#include "assay/imaging/picture.h"
#include "assay/methods/evaluation/row_truth.h"
#include "assay/network/classifier.h"
#include "assay/stats/bootstrap.h"
#include "assay/stats/bound.h"

namespace assay::checks {

namespace {

using Record = Segmentation::Record;
using Result = Segmentation::Result;

void count_bins(const at::Tensor& answer, const at::Tensor& mask, Record& record) {
  record.bin_pixels.assign(Segmentation::kBins, 0);
  record.bin_right.assign(Segmentation::kBins, 0);
  record.bin_confidence.assign(Segmentation::kBins, 0);
  const auto [confidence, said] = at::softmax(answer.to(at::kDouble), 0).max(0);
  const at::Tensor p = confidence.contiguous(), k = said.contiguous(), t = mask.contiguous();
  for (std::int64_t i = 0; i < t.numel(); ++i) {
    if (t.data_ptr<std::int64_t>()[i] < 0) continue;
    const double v = p.data_ptr<double>()[i];
    const auto bin =
        std::min(Segmentation::kBins - 1, static_cast<std::size_t>(v * Segmentation::kBins));
    ++record.bin_pixels[bin];
    record.bin_right[bin] += k.data_ptr<std::int64_t>()[i] == t.data_ptr<std::int64_t>()[i];
    record.bin_confidence[bin] += v;
  }
}

class SegmentationSummary {
 public:
  SegmentationSummary(std::span<const Record> records, const Segmentation::Params& params,
                      const Facts& facts)
      : seed_(facts.seed) {
    result_.params = params;
    result_.classes = facts.labels;
    for (const Record& r : records) {
      ++result_.pictures;
      result_.unknown += !r.known;
      result_.nonfinite += r.known && !r.finite;
      if (r.known && r.finite) result_.records.push_back(r);
    }
    for (const Record& r : result_.records) pointers_.push_back(&r);
    clusters_ = clusters_of(pointers_);
  }

  Result run() && {
    const std::size_t classes = result_.classes.size();
    mean("mean_iou", [](const Record& r) {
      return methods::mean_iou({r.truth, r.answer, r.both});
    });
    mean("pixel_accuracy", [](const Record& r) {
      double right = 0, all = 0;
      for (std::size_t k = 0; k < r.truth.size(); ++k) {
        right += static_cast<double>(r.both[k]);
        all += static_cast<double>(r.truth[k]);
      }
      return all > 0 ? right / all : NAN;
    });
    const auto iou_ids = class_ids("iou", result_.classes),
               dice_ids = class_ids("dice", result_.classes),
               pooled_ids = class_ids("pooled_iou", result_.classes);
    for (std::size_t k = 0; k < classes; ++k) {
      mean(iou_ids[k], [k](const Record& r) {
        const std::int64_t either = r.truth[k] + r.answer[k] - r.both[k];
        return either > 0 ? static_cast<double>(r.both[k]) / static_cast<double>(either) : NAN;
      });
      mean(dice_ids[k], [k](const Record& r) {
        const std::int64_t sum = r.truth[k] + r.answer[k];
        return sum > 0 ? 2 * static_cast<double>(r.both[k]) / static_cast<double>(sum) : NAN;
      });
      pooled(pooled_ids[k], [k](const std::vector<double>& weights, const auto& all) {
        double both = 0, either = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
          both += weights[i] * static_cast<double>(all[i]->both[k]);
          either += weights[i] *
                    static_cast<double>(all[i]->truth[k] + all[i]->answer[k] - all[i]->both[k]);
        }
        return either > 0 ? both / either : NAN;
      });
    }
    pooled("ece", [](const std::vector<double>& weights, const auto& all) {
      double error = 0, pixels = 0;
      for (std::size_t b = 0; b < Segmentation::kBins; ++b) {
        double right = 0, sure = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
          right += weights[i] * static_cast<double>(all[i]->bin_right[b]);
          sure += weights[i] * all[i]->bin_confidence[b];
          pixels += weights[i] * static_cast<double>(all[i]->bin_pixels[b]);
        }
        error += std::abs(right - sure);
      }
      return pixels > 0 ? error / pixels : NAN;
    });
    bins();
    return std::move(result_);
  }

 private:
  // Over the pictures for which there is a value.
  template <class Value>
  void mean(const std::string& id, Value value) {
    std::vector<double> values;
    std::vector<const Record*> counted;
    for (const Record* r : pointers_)
      if (const double v = value(*r); std::isfinite(v)) {
        values.push_back(v);
        counted.push_back(r);
      }
    result_.findings.push_back(values.empty() ? stats::undefined(id, "no picture shows it")
                                              : mean_finding(id, values, clusters_of(counted),
                                                             {0, 1}, seed_, "segmentation/" + id));
  }

  // A ratio of sums over all pixels: the Bayesian bootstrap over what is independent.
  template <class Ratio>
  void pooled(const std::string& id, Ratio ratio) {
    const std::vector<double> ones(pointers_.size(), 1);
    const double value = pointers_.empty() ? NAN : ratio(ones, pointers_);
    const stats::Clusters units = stats::renumbered(clusters_);
    const std::size_t independent = clusters_.empty() ? pointers_.size() : units.count;
    if (!std::isfinite(value) || independent < 2) {
      result_.findings.push_back(stats::undefined(
          id, std::isfinite(value) ? "one picture tells no spread" : "no picture shows it"));
      return;
    }
    Replicates draws{{}, 0, 1, "bootstrap by picture"};
    const double spread =
        std::sqrt((static_cast<double>(independent) + 1) / (static_cast<double>(independent) - 1));
    for (int b = 0; b < result_.params.replicates; ++b) {
      Stream stream(seed_, "segmentation/" + id, static_cast<std::uint64_t>(b));
      std::vector<double> of_unit(independent), weights(pointers_.size());
      for (double& w : of_unit) w = -std::log(1 - stream.uniform());
      for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] = of_unit[clusters_.empty() ? i : units.of_row[i]];
      const double drawn = ratio(weights, pointers_);
      draws.values.push_back(
          std::isfinite(drawn) ? std::clamp(value + spread * (drawn - value), 0.0, 1.0) : value);
    }
    std::sort(draws.values.begin(), draws.values.end());
    result_.findings.push_back(
        stats::bootstrapped(id, value, std::move(draws), static_cast<std::int64_t>(independent)));
  }

  void bins() {
    for (std::size_t b = 0; b < Segmentation::kBins; ++b) {
      double right = 0, sure = 0;
      std::int64_t pixels = 0;
      for (const Record* r : pointers_) {
        right += static_cast<double>(r->bin_right[b]);
        sure += r->bin_confidence[b];
        pixels += r->bin_pixels[b];
      }
      result_.pixels.push_back(pixels);
      result_.accuracy.push_back(pixels > 0 ? right / static_cast<double>(pixels) : NAN);
      result_.confidence.push_back(pixels > 0 ? sure / static_cast<double>(pixels) : NAN);
    }
  }

  std::uint64_t seed_;
  Result result_;
  std::vector<const Record*> pointers_;
  std::vector<std::int64_t> clusters_;
};

}  // namespace

std::vector<Unit> Segmentation::units(const Subject& subject, const Params&,
                                      std::span<const Record> so_far) {
  if (!methods::segments(subject.classifier))
    throw InputError("checks.segmentation",
                     "the model gives classes of pictures; wanted output: segmentation");
  if (!so_far.empty()) return {};
  return asked_units(subject, "", all_rows(subject));
}

std::vector<Record> Segmentation::measure(const Subject& subject, const Params&,
                                          std::span<const Unit> units, const Context& context) {
  // The whole micro-batch at once: most of its pictures are asked for.
  const at::Tensor answers = subject.classifier.pixel_logits(*context.input);
  std::vector<Record> records;
  for (const Unit& unit : units) {
    Record record;
    introduce(subject, unit, context, record);
    const std::size_t slot = context.slot(unit.row);
    const methods::Truth truth =
        methods::row_truth(subject.classifier, subject.data, unit.row, context.pictures[slot]);
    record.known = methods::is_known(truth);
    if (record.known && record.finite) {
      const at::Tensor answer = answers[static_cast<std::int64_t>(slot)];
      const at::Tensor mask = methods::fitted(truth.mask, answer);
      methods::Overlap overlap = methods::overlap_of(answer, mask);
      record.truth = std::move(overlap.truth);
      record.answer = std::move(overlap.answer);
      record.both = std::move(overlap.both);
      count_bins(answer, mask, record);
      record.finite = at::isfinite(answer).all().item<bool>();
    }
    records.push_back(std::move(record));
  }
  return records;
}

Cost Segmentation::cost(const Params&, std::string_view) { return {8, 0}; }

Result Segmentation::summarise(std::span<const Record> records, const Params& params,
                               const Facts& facts) {
  return SegmentationSummary(records, params, facts).run();
}

std::vector<Finding> Segmentation::findings(const Result& result) { return result.findings; }

}  // namespace assay::checks
