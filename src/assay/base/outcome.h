// Everything that an audit concluded: what the report, results.json and junit.xml are written from.
// Plain data; the same for any batch size, thread count or number of resumed runs. What varies
// between runs is in RunInfo, which goes to run.json alone.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "assay/base/estimate.h"
#include "assay/base/field.h"
#include "assay/base/governance.h"
#include "assay/base/section.h"
#include "assay/base/verdict.h"

namespace assay {

struct Cost {
  std::int64_t forwards = 0, backwards = 0;  // images through the network, as the method needs them
};

struct CheckOutcome {
  std::string
      name;  // the plan's own name for it ("blur-test"); the check's name where none is given
  std::string check;                                       // the catalogue's name
  std::string question;                                    // one sentence
  std::string source;                                      // key in docs/references.bib
  std::vector<std::pair<std::string, FieldValue>> config;  // every parameter with the value used
  std::vector<Finding> findings;
  std::vector<Decision> decisions;  // in the plan's order
  Section section;
  std::string page;  // the check's Markdown page
  EvidenceFor evidence_for;
  Cost cost;
};

struct ModelInfo {
  std::string file;    // as the plan names it
  std::string sha256;  // of the file and its external data
  std::vector<std::string> labels;
  std::vector<std::pair<std::string, std::string>>
      description;       // input and output, key by key as used
  std::string numerics;  // executor, library versions, CPU features
};

struct DataInfo {
  std::string source;           // as the plan names it
  std::string digest;           // sha256 over rows' paths, bytes and labels
  std::int64_t rows = 0;        // found
  std::int64_t used = 0;        // after limit
  std::int64_t unreadable = 0;  // of the used
  std::vector<std::string> notes;
};

struct Outcome {
  std::string version;  // of Assay
  std::uint64_t seed = 0;
  ModelInfo model;
  DataInfo data;
  std::vector<CheckOutcome> checks;
  Cost clean;  // the shared clean pass
  bool has_requirements = false;
  Verdict verdict = Verdict::kPass;  // of all requirements together; kPass with has_requirements
                                     // false: none stated
  std::string plan;                  // the audit.yaml, verbatim
};

struct RunInfo {
  std::string started;  // UTC, ISO 8601
  double seconds = 0;
  int threads = 1, batch = 1;
  std::int64_t forwards_run =
      0;  // pictures through the whole network in this run, padding included
  std::int64_t records_measured = 0;                          // in this run
  std::int64_t records_reused = 0;                            // found in the store
  std::vector<std::pair<std::string, double>> check_seconds;  // by name; "clean pass" among them
};

}  // namespace assay
