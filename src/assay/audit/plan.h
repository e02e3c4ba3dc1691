// audit.yaml: what is audited, on what, by which checks, against which requirements.
//
//   assay: 1
//   model: {file: classifier.onnx, labels: labels.txt, input: imagenet, output: logits}
//   data:  {images: val/, limit: 500, seed: 7}
//   checks:
//     accuracy:    {require: {top1: ">= 0.90"}}
//     calibration: {bins: 15, require: {ece: {at_most: 0.05, confidence: 0.9}}}
//
// Paths are relative to the file. Every key must be known, none may be given twice; errors name the
// line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/base/input_description.h"
#include "assay/base/verdict.h"
#include "assay/checks/catalogue.h"
#include "assay/network/classifier.h"

namespace assay::audit {

struct DataPlan {
  std::string images;    // a folder of class folders; exactly one of images, manifest, idx is set
  std::string manifest;  // CSV
  std::string idx, idx_labels;
  std::string masks;        // a path with places to fill in; empty: none
  std::string annotations;  // COCO; empty: none
  std::string truth;        // a manifest's column of pixels' classes; empty: labels
  std::string camera;       // the chain that develops RAW frames, as text; empty: pictures
  std::int64_t limit = 0;   // 0: all
  bool stop_on_error = false;
};

struct PlannedCheck {
  std::string name;
  const checks::Entry* entry = nullptr;
  Settings settings;
  std::vector<Requirement> requirements;
  std::string where;  // "audit.yaml:12"
};

struct Plan {
  std::string file;  // as given
  std::string text;  // verbatim
  std::string model, model_as_written;
  std::vector<std::string> labels;  // empty: taken from class folders, else "0", "1", …
  InputDescription input;
  OutputDescription output;
  network::Reading reading = network::Reading::kGraph;  // model.opaque
  DataPlan data;
  std::string data_as_written;
  std::uint64_t seed = 0;
  std::vector<PlannedCheck> checks;  // the plan's, then those that always run
};

Plan read_plan(const std::string& file);
// The same from a text; `file` is what errors and relative paths refer to.
Plan parse_plan(const std::string& text, const std::string& file);

// A plan of one check with every default, for the one-check commands; `settings` as text.
PlannedCheck plan_check(const checks::Entry& entry,
                        const std::vector<std::pair<std::string, std::string>>& settings);
// Appends the checks that always run and are not planned yet.
void add_standing_checks(Plan& plan);

}  // namespace assay::audit
