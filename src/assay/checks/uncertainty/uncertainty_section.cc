// How the report shows the uncertainty check.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/checks/reliability_figure.h"
#include "assay/checks/section_text.h"
#include "assay/checks/uncertainty/uncertainty.h"
#include "assay/checks/uncertainty/uncertainty_samples.h"
#include "assay/stats/number_text.h"

namespace assay::checks {

namespace {

using Result = Uncertainty::Result;
using stats::number_text;

const Finding& named(const Result& r, const std::string& id) {
  return finding_named(r.findings, id);
}

std::string source_text(const Uncertainty::Params& params) {
  const SampleSource source = sample_source(params);
  switch (source.kind) {
    case SampleSource::Kind::kDropout:
      return fmt::format("Dropout is active: up to {} samples a picture", source.most);
    case SampleSource::Kind::kFactors:
      return fmt::format("Factors are drawn: up to {} changed copies a picture", source.most);
    case SampleSource::Kind::kModels:
      return fmt::format("{} models answer together", source.most);
    case SampleSource::Kind::kSingle:
      break;
  }
  return "The single pass is taken for what it says";
}

std::string answer(const Result& r) {
  const Finding& auroc = named(r, "error_auroc");
  std::string text = source_text(r.params) + ". ";
  if (auroc.status != FindingStatus::kOk)
    return text + "Whether doubt goes with errors cannot be said: " + auroc.note + ".";
  text += fmt::format("A wrong answer is less sure than a right one with a chance of {}",
                      percent(auroc.value));
  if (const std::string interval = interval_text(auroc); !interval.empty())
    text += " (" + interval + ")";
  if (!r.coverages.empty()) {
    const std::string& c = r.coverage_names.front();
    text += fmt::format(
        "; answering the surest {}, {} are right, of all {}", percent(r.coverages.front()),
        percent(named(r, "selective_accuracy/" + c).value), percent(named(r, "accuracy").value));
  }
  return text + ".";
}

Series curve_of(const char* name, const stats::RiskCoverage& curve) {
  return {name, curve.coverage, curve.risk, {}, {}};
}

Figure risk_figure(const Result& r) {
  Figure f;
  f.id = "risk-coverage";
  f.title = "Errors among the pictures that are answered";
  f.caption =
      "From left to right ever less sure pictures are answered. The lower line is the best that "
      "any "
      "uncertainty could do with as many errors; one that says nothing would be flat.";
  f.x_label = "share of pictures answered";
  f.y_label = "share of errors";
  f.series = {curve_of("as it is", r.curve), curve_of("best possible", r.best)};
  return f;
}

Figure reliability(const Result& r) {
  Figure f = reliability_figure(r.cells, r.bands);
  f.id = "reliability";
  f.title = "Does the mean's confidence say how often it is right?";
  f.caption = "The band is what a calibrated model of the same confidences would show.";
  return f;
}

Figure convergence(const Result& r) {
  Figure f;
  f.id = "convergence";
  f.title = "How sure the samples' mean is";
  f.caption =
      "The standard error of a class's mean probability, the class with the largest, after so many "
      "samples. A picture whose error is small enough is sampled no further and stays where it is.";
  f.x_label = "samples";
  f.y_label = "standard error";
  f.series = {{"median picture", r.trace_samples, r.trace_median, {}, {}},
              {"worst picture", r.trace_samples, r.trace_most, {}, {}},
              {"wanted",
               r.trace_samples,
               std::vector<double>(r.trace_samples.size(), r.params.error),
               {},
               {}}};
  return f;
}

Figure covariance(const Result& r) {
  Figure f;
  f.id = "covariance";
  f.title = "What the samples disagree about";
  f.caption =
      "Mean covariance of the classes' probabilities over the samples of a picture. Two classes "
      "below "
      "0 take from each other: that is where the model does not know.";
  f.kind = FigureKind::kMap;
  f.labels = f.row_labels = r.labels;
  for (const double c : r.covariance) f.matrix.push_back(std::round(10000 * c) / 10);
  return f;
}

Table direction_table(const Result& r) {
  Table t;
  t.title = "Leading directions of the disagreement";
  t.columns = {"share of the variance", "from", "to"};
  double all = 0;
  for (std::size_t k = 0; k < r.labels.size(); ++k) all += r.covariance[k * r.labels.size() + k];
  for (std::size_t i = 0; i < r.directions.variance.size(); ++i) {
    if (!(all > 0) || r.directions.variance[i] < 1e-3 * all) continue;
    const auto& v = r.directions.direction[i];
    std::string from, to;
    for (std::size_t k = 0; k < v.size(); ++k) {
      if (std::abs(v[k]) < 0.2) continue;
      std::string& side = v[k] < 0 ? from : to;
      side += (side.empty() ? "" : ", ") + r.labels[k] + " " + number_text(std::abs(v[k]), 2);
    }
    t.rows.push_back({percent(r.directions.variance[i] / all), from, to});
  }
  return t;
}

Table worth_table(const Result& r) {
  Table t;
  t.title = "What the uncertainty is worth";
  t.columns = {"", "value (95 % interval)"};
  const auto row = [&](const std::string& text, const std::string& id) {
    t.rows.push_back({text, value_cell(named(r, id))});
  };
  row("accuracy, all answered", "accuracy");
  for (const std::string& c : r.coverage_names)
    row("accuracy, the surest " + c + " answered", "selective_accuracy/" + c);
  row("area under the risk–coverage curve", "aurc");
  row("… above the best possible", "excess_aurc");
  row("wrong less sure than right (AUROC)", "error_auroc");
  row("threshold to abstain for errors of at most " + number_text(r.params.error_rate, 3),
      "abstain_threshold");
  row("… and what is answered then", "abstain_coverage");
  row("calibration error of the mean", "ece");
  row("overconfidence of the mean", "overconfidence");
  return t;
}

Table measure_table(const Result& r) {
  Table t;
  t.title = "The measures, mean over pictures";
  t.columns = {"", "value (95 % interval)", "what it is"};
  const auto row = [&](const char* id, const char* text, const char* what) {
    t.rows.push_back({text, value_cell(named(r, id)), what});
  };
  row("predictive_entropy", "predictive entropy, nat", "all uncertainty of the mean");
  row("expected_entropy", "expected entropy, nat", "what each sample leaves open");
  row("mutual_information", "mutual information, nat", "what the samples disagree about");
  row("variation_ratio", "variation ratio", "samples that do not vote with most");
  return t;
}

Table set_table(const Result& r) {
  Table t;
  t.title = fmt::format("Sets of classes that hold the right one in {} of cases",
                        percent(1 - r.params.miscoverage));
  t.columns = {"class", "covered (95 % interval)"};
  t.rows.push_back({"all", value_cell(named(r, "conformal_coverage"))});
  for (std::size_t c = 0; c < r.labels.size() && c < 30; ++c)
    t.rows.push_back({r.labels[c], value_cell(named(r, r.class_findings[c]))});
  return t;
}

Figure set_sizes(const Result& r) {
  Figure f;
  f.id = "set-sizes";
  f.title = "How large the sets are";
  f.caption = "The mean is " + value_cell(named(r, "conformal_size")) + " classes.";
  f.kind = FigureKind::kBars;
  f.x_label = "classes in the set";
  f.y_label = "share of pictures";
  Series shares{"share", {}, {}, {}, {}};
  for (const auto& [size, share] : r.set_sizes) {
    f.labels.push_back(std::to_string(size));
    shares.y.push_back(share);
  }
  f.series.push_back(std::move(shares));
  return f;
}

Table foreign_table(const Result& r) {
  Table t;
  t.title =
      fmt::format("Are {} told from the data?", pictures_text(r.foreign) + " of other things");
  t.columns = {"score", "AUROC (95 % interval)", "foreign taken where 95 % of the data are"};
  for (const std::string& s : r.scores)
    t.rows.push_back(
        {s, value_cell(named(r, "ood_auroc/" + s)), value_cell(named(r, "ood_fpr95/" + s))});
  return t;
}

ExhibitGroup gallery(const Result& r, const char* title, const char* prefix,
                     const std::vector<Result::Shown>& all) {
  ExhibitGroup group{title, {}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    Exhibit e;
    e.id = fmt::format("{}-{}", prefix, i);
    e.row = all[i].row;
    e.caption = fmt::format("{}: {} with {}", picture_name(all[i].id, r.labels, all[i].label),
                            class_name(r.labels, all[i].decision), percent(all[i].confidence));
    e.sort_keys = {{"uncertainty", all[i].uncertainty}, {"confidence", all[i].confidence}};
    group.exhibits.push_back(std::move(e));
  }
  return group;
}

}  // namespace

Section Uncertainty::present(const Result& r) {
  Section s;
  s.answer = answer(r);
  warn_nonfinite(s, r.nonfinite);
  if (r.unconverged > 0)
    s.warnings.push_back(
        fmt::format("{} did not come to rest: a class's mean probability is known to {} only, {} "
                    "was asked for. "
                    "Allow more samples.",
                    pictures_text(r.unconverged), number_text(named(r, "standard_error").value, 3),
                    number_text(r.params.error, 3)));
  if (sample_source(r.params).kind == SampleSource::Kind::kSingle)
    s.notes.emplace_back(
        "Without samples there is nothing to disagree: mutual information and variation ratio are "
        "0.");
  if (r.unlabelled > 0)
    s.notes.push_back(pictures_text(r.unlabelled) +
                      " without a label count in the measures alone.");
  s.tables.push_back(measure_table(r));
  if (!r.curve.coverage.empty()) {
    s.tables.push_back(worth_table(r));
    s.figures.push_back(risk_figure(r));
    s.figures.push_back(reliability(r));
  }
  if (!r.trace_samples.empty()) s.figures.push_back(convergence(r));
  if (!r.covariance.empty()) {
    s.figures.push_back(covariance(r));
    s.tables.push_back(direction_table(r));
  }
  if (!r.set_sizes.empty()) {
    s.tables.push_back(set_table(r));
    s.figures.push_back(set_sizes(r));
  }
  if (!r.scores.empty()) s.tables.push_back(foreign_table(r));
  for (auto& group : {gallery(r, "The least sure", "doubtful", r.doubtful),
                      gallery(r, "Sure and wrong", "sure", r.sure_and_wrong)})
    if (!group.exhibits.empty()) s.exhibits.push_back(group);
  return s;
}

}  // namespace assay::checks
