// A whole made-up audit for tests of the report: ten classes of clothes, four checks, every kind of
// figure, every verdict, an undefined finding, warnings and pictures. Its numbers are plausible and
// fixed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/base/outcome.h"

namespace assay::report {

// How often `part` stands in `text`.
inline std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

inline const std::vector<std::string>& clothes() {
  static const std::vector<std::string> labels{"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                               "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                               "Bag",         "Ankle boot"};
  return labels;
}

// Rows: the true class, 1,000 pictures each.
inline const std::vector<double>& confusion() {
  static const std::vector<double> counts{872, 0,   14,  12,  3,   1,   92,  0,   6,   0,   //
                                          1,   986, 0,   9,   2,   0,   1,   0,   1,   0,   //
                                          13,  1,   893, 6,   46,  0,   41,  0,   0,   0,   //
                                          11,  3,   8,   934, 23,  0,   20,  0,   1,   0,   //
                                          0,   0,   36,  19,  905, 0,   40,  0,   0,   0,   //
                                          0,   0,   0,   0,   0,   983, 0,   12,  0,   5,   //
                                          86,  0,   51,  22,  63,  0,   774, 0,   4,   0,   //
                                          0,   0,   0,   0,   0,   5,   0,   978, 0,   17,  //
                                          2,   0,   1,   2,   2,   1,   2,   1,   989, 0,   //
                                          0,   0,   0,   0,   0,   4,   1,   29,  0,   966};
  return counts;
}

inline Finding proportion(const std::string& id, double successes, double n) {
  const double z = 1.959964, p = successes / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  Finding f;
  f.id = id;
  f.value = p;
  f.n = static_cast<std::int64_t>(n);
  f.evidence = Binomial{static_cast<std::int64_t>(successes), f.n};
  f.interval = Interval{middle - half, middle + half, 0.95, "Wilson"};
  return f;
}

inline Finding bootstrapped(const std::string& id, double value, double half_width,
                            std::int64_t n) {
  Finding f;
  f.id = id;
  f.value = value;
  f.n = n;
  f.interval = Interval{value - half_width, value + half_width, 0.95, "bootstrap by class"};
  return f;
}

inline Decision decided(const std::string& finding, Comparison comparison, double bound,
                        double confidence, Verdict verdict) {
  Decision d;
  d.requirement = {finding, comparison, bound, confidence, "audit.yaml:9"};
  d.verdict = verdict;
  return d;
}

inline CheckOutcome accuracy_outcome() {
  CheckOutcome c;
  c.name = c.check = "accuracy";
  c.question = "How often is the model right, and for which classes is it not?";
  c.source = "clopper1934use";
  c.config = {{"interval", std::string("wilson")}, {"exhibits", std::int64_t{12}}};
  double right = 0;
  const std::size_t k = clothes().size();
  for (std::size_t i = 0; i < k; ++i) right += confusion()[i * k + i];
  c.findings.push_back(proportion("top1", right, 10000));
  c.findings.push_back(proportion("top5", 9987, 10000));
  c.findings.push_back(bootstrapped("balanced_accuracy", right / 10000, 0.0051, 10000));
  for (const std::string measure : {"recall", "precision", "f1"}) {
    for (std::size_t i = 0; i < k; ++i) {
      double row = 0, column = 0;
      for (std::size_t j = 0; j < k; ++j) {
        row += confusion()[i * k + j];
        column += confusion()[j * k + i];
      }
      std::string label = clothes()[i];
      if (const auto slash = label.find('/'); slash != label.npos) label.replace(slash, 1, "%2F");
      const double hit = confusion()[i * k + i];
      if (measure == "f1")
        c.findings.push_back(bootstrapped("f1/" + label, 2 * hit / (row + column), 0.008, 1000));
      else
        c.findings.push_back(
            proportion(measure + "/" + label, hit, measure == "recall" ? row : column));
    }
  }
  Decision top1 = decided("top1", Comparison::kAtLeast, 0.9, 0.95, Verdict::kPass);
  top1.value = right / 10000;
  top1.proven = 0.92359;
  top1.reason = "the lower bound 0.9236 is at or above 0.9";
  Decision balanced =
      decided("balanced_accuracy", Comparison::kAtLeast, 0.925, 0.95, Verdict::kInconclusive);
  balanced.value = right / 10000;
  balanced.proven = 0.92371;
  balanced.needed_n = 14200;
  balanced.reason = "0.925 lies between the lower bound 0.9237 and the upper bound 0.9323";
  Decision shirt = decided("recall/Shirt", Comparison::kAtLeast, 0.85, 0.95, Verdict::kFail);
  shirt.value = 0.774;
  shirt.proven = 0.7951;
  shirt.reason = "even the upper bound 0.7951 is below 0.85";
  c.decisions = {top1, balanced, shirt};
  c.section.answer =
      "92.8 % of 10,000 pictures are classified correctly (95 % interval 92.3 to 93.3 %). The "
      "weakest "
      "class is Shirt, most often taken for T-shirt/top.";
  c.section.notes = {
      "Ties between logits are resolved to the lower class index; there were none.",
      "Intervals of proportions: Wilson. Intervals of f1 and balanced accuracy: 2,000 "
      "bootstrap replicates, resampled within classes."};
  Figure matrix;
  matrix.id = "confusion";
  matrix.title = "Confusion matrix";
  matrix.caption = "Rows are true classes, columns are what the model said; the diagonal is right.";
  matrix.kind = FigureKind::kMatrix;
  matrix.x_label = "predicted";
  matrix.y_label = "true";
  matrix.labels = clothes();
  matrix.matrix = confusion();
  Figure bars;
  bars.id = "recall";
  bars.title = "Recall by class";
  bars.caption =
      "Of the pictures of a class, the share that the model recognises, with 95 % intervals.";
  bars.kind = FigureKind::kBars;
  bars.x_label = "class";
  bars.y_label = "recall";
  bars.labels = clothes();
  bars.series.resize(1);
  for (std::size_t i = 0; i < k; ++i) {
    const Finding f = proportion("", confusion()[i * k + i], 1000);
    bars.series[0].y.push_back(f.value);
    bars.series[0].low.push_back(f.interval->low);
    bars.series[0].high.push_back(f.interval->high);
  }
  c.section.figures = {matrix, bars};
  ExhibitGroup worst{"Worst confusions", {}};
  for (int i = 0; i < 6; ++i)
    worst.exhibits.push_back(
        {"confusion-" + std::to_string(i), 100 + 37 * i,
         "Shirt taken for T-shirt/top, probability 0." + std::to_string(98 - i), std::nullopt});
  c.section.exhibits = {worst};
  c.page =
      "# accuracy\n\nCounts how often the class with the largest logit is the label.\n\n## How it "
      "is measured\n\n"
      "- `top1` is the share of pictures whose top class is right; its interval is **Wilson**'s.\n"
      "- `balanced_accuracy` is the mean of the classes' recalls:\n\n```\nbalanced = (1/K) * sum_k "
      "recall_k\n```\n\n"
      "| finding | range | better |\n|---|---|---|\n| `top1` | 0 to 1 | more |\n| `f1` | 0 to 1 | "
      "more |\n\n"
      "## When not to trust it\n\n1. The pictures are *not a random sample* of the field.\n"
      "2. Several pictures show the same object and no `cluster` column says so.\n\n"
      "See [Wilson 1927](https://doi.org/10.1080/01621459.1927.10502953).\n";
  return c;
}

inline CheckOutcome calibration_outcome() {
  CheckOutcome c;
  c.name = c.check = "calibration";
  c.question = "Can the model's probabilities be taken at their word?";
  c.source = "guo2017calibration";
  c.config = {{"bins", std::int64_t{15}}, {"confidence_floor", 0.0}};
  c.findings = {
      bootstrapped("ece", 0.0391, 0.0047, 10000), bootstrapped("ece_excess", 0.0312, 0.0046, 10000),
      bootstrapped("brier", 0.1132, 0.0058, 10000), bootstrapped("nll", 0.2613, 0.0164, 10000),
      bootstrapped("temperature_all", 1.612, 0.038, 10000)};
  c.findings[3].unit = "nats";
  Finding null;
  null.id = "ece_null";
  null.value = 0.00791;
  null.n = 10000;
  null.note = "what a perfectly calibrated model of these confidences would score";
  c.findings.push_back(null);
  Finding undefined;
  undefined.id = "classwise_ece";
  undefined.status = FindingStatus::kUndefined;
  undefined.note = "two classes were never predicted";
  c.findings.push_back(undefined);
  Decision ece = decided("ece", Comparison::kAtMost, 0.05, 0.9, Verdict::kPass);
  ece.value = 0.0391;
  ece.proven = 0.04217;
  ece.reason = "the upper bound 0.0422 is at or below 0.05";
  Decision classwise =
      decided("classwise_ece", Comparison::kAtMost, 0.05, 0.95, Verdict::kInconclusive);
  classwise.reason = "the finding is undefined: two classes were never predicted";
  c.decisions = {ece, classwise};
  c.section.answer =
      "The model is overconfident: its confidence exceeds its accuracy by 0.039 on average. One "
      "temperature, "
      "1.61, repairs most of it.";
  c.section.warnings = {
      "The four lowest bins hold fewer than 20 pictures each; do not read their points."};
  Figure figure;
  figure.id = "reliability";
  figure.title = "Reliability diagram";
  figure.caption =
      "Accuracy against confidence in 15 bins. A calibrated model's points fall inside the grey "
      "bars 95 times in "
      "100; below the diagonal the model is overconfident.";
  figure.kind = FigureKind::kReliability;
  figure.x_label = "confidence";
  figure.y_label = "accuracy";
  figure.series.resize(2);
  const int counts[] = {0, 0, 3, 8, 17, 64, 118, 172, 196, 243, 275, 318, 429, 771, 7386};
  for (int b = 0; b < 15; ++b) {
    const double x = (b + 0.53) / 15,
                 half = counts[b] ? 1.96 * std::sqrt(x * (1 - x) / counts[b]) : NAN;
    figure.series[0].x.push_back(counts[b] ? x : NAN);
    figure.series[0].y.push_back(
        counts[b] ? std::clamp(x - 0.3 * std::sin(3.1 * x) * x + (b < 5 ? 0.12 : 0), 0.0, 1.0)
                  : NAN);
    figure.series[0].low.push_back(std::max(0.0, x - half));
    figure.series[0].high.push_back(std::min(1.0, x + half));
    figure.series[1].x.push_back((b + 0.5) / 15);
    figure.series[1].y.push_back(counts[b]);
  }
  figure.series[0].name = "accuracy";
  figure.series[1].name = "pictures";
  c.section.figures = {figure};
  c.page =
      "# calibration\n\nCompares confidence with accuracy.\n\n## When not to trust it\n\nFew "
      "pictures.\n";
  return c;
}

inline CheckOutcome heatmap_outcome() {
  CheckOutcome c;
  c.name = c.check = "heatmap";
  c.question = "Which parts of a picture does the decision rest on?";
  c.source = "draelos2020hirescam";
  c.config = {{"method", std::string("hires_cam")}, {"target", std::string("predicted")}};
  Finding zero;
  zero.id = "zero_maps";
  zero.value = 3;
  zero.unit = "pictures";
  zero.n = 24;
  c.findings = {zero};
  c.section.answer = "Maps were made for 24 pictures; 3 are all zero and show no evidence.";
  c.section.warnings = {
      "A heat map shows where the model looked, not whether it was right to look there."};
  ExhibitGroup errors{"Most confident errors", {}}, sample{"A random sample", {}};
  for (int i = 0; i < 8; ++i) {
    errors.exhibits.push_back({"error-" + std::to_string(i), 40 + 211 * i,
                               "Shirt taken for Coat, probability 0.9" + std::to_string(9 - i),
                               std::nullopt});
    sample.exhibits.push_back({"sample-" + std::to_string(i), 17 + 1000 * i,
                               "Sneaker, right, probability 1.00", std::nullopt});
  }
  c.section.exhibits = {errors, sample};
  c.section.arrays = {{"maps", {24, 7, 7}, {}}};
  c.cost = {24, 24};
  c.page = "# heatmap\n\nHiResCAM multiplies activations by gradients, place by place.\n";
  return c;
}

inline CheckOutcome blur_outcome() {
  CheckOutcome c;
  c.name = "blur-test";
  c.check = "corruption";
  c.question = "How much does blur cost?";
  c.source = "hendrycks2019benchmarking";
  c.config = {{"kind", std::string("gaussian_blur")}, {"antialias", true}};
  for (const char* severity : {"1", "2", "3"})
    c.findings.push_back(proportion(std::string("accuracy/blur/") + severity,
                                    930 - 120 * (severity[0] - '1'), 1000));
  c.section.answer = "Accuracy stays above 0.9 up to a blur of 0.6 px and halves at 2.1 px.";
  Figure curve;
  curve.id = "accuracy-over-blur";
  curve.title = "Accuracy over blur";
  curve.caption = "Mean over 1,000 pictures with pointwise 95 % bands.";
  curve.x_label = "blur (standard deviation, px)";
  curve.y_label = "accuracy";
  for (const char* name : {"Gaussian", "motion"}) {
    Series s;
    s.name = name;
    for (int i = 0; i <= 12; ++i) {
      const double x = i * 0.25,
                   y = 0.1 + 0.83 / (1 + std::exp(2.2 * (x - (name[0] == 'G' ? 1.9 : 1.4))));
      s.x.push_back(x);
      s.y.push_back(y);
      s.low.push_back(y - 0.02 - 0.004 * i);
      s.high.push_back(y + 0.02 + 0.004 * i);
    }
    curve.series.push_back(s);
  }
  c.section.figures = {curve};
  c.section.tables = {{"Where accuracy crosses a bound",
                       {"Bound", "Gaussian", "motion"},
                       {{"0.90", "0.6 px", "0.3 px"}, {"0.50", "2.1 px", "1.5 px"}}}};
  c.cost = {26000, 0};
  return c;
}

inline Outcome clothes_outcome() {
  Outcome o;
  o.version = "0.1.0";
  o.seed = 7;
  o.model.file = "models/fashion.onnx";
  o.model.sha256 = "3c1f0a5bd6f0c6a94a9c27a0b7be55a5d3bb1b7f9d9f5a7c2e0d4b8a6c1e2f30";
  o.model.labels = clothes();
  o.model.description = {{"channels", "gray"},
                         {"range", "1"},
                         {"mean", "[0.286]"},
                         {"std", "[0.353]"},
                         {"kind", "logits"}};
  o.model.numerics = "inference executor 1, libtorch 1.13.1, AVX2 FMA";
  o.data.source = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  o.data.digest = "b3a2cb9f1ce0f0d4a4f7a2f6a1be6f5d9f3a0b7d2c4e6f8091a3b5c7d9e1f203";
  o.data.rows = 10000;
  o.data.used = 10000;
  o.data.unreadable = 2;
  o.data.notes = {"Labels were taken from class folders in byte-wise order."};
  o.checks = {accuracy_outcome(), calibration_outcome(), heatmap_outcome(), blur_outcome()};
  o.clean = {10000, 0};
  o.has_requirements = true;
  o.verdict = Verdict::kFail;
  o.plan =
      "assay: 1\nmodel: {file: fashion.onnx, labels: labels.txt, input: {channels: gray, mean: "
      "[0.286], std: [0.353]}}\n"
      "data:\n  idx: /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz\n"
      "  labels: /usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz\n  seed: 7\nchecks:\n"
      "  accuracy:\n    require:\n      top1: \">= 0.90\"\n      balanced_accuracy: \">= 0.925\"\n"
      "      recall/Shirt: \">= 0.85\"\n"
      "  calibration: {require: {ece: {at_most: 0.05, confidence: 0.9}, classwise_ece: \"<= "
      "0.05\"}}\n"
      "  heatmap:\n  blur-test: {check: corruption, kind: gaussian_blur}\n";
  return o;
}

}  // namespace assay::report
