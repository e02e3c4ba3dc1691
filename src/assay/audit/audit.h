// The public entry: run an audit, or judge a stored one again.
//
//   const auto plan = assay::audit::read_plan("audit.yaml");
//   const auto done = assay::audit::run(plan, "out", {.threads = 2});
//   assay::report::write_results(done.outcome, done.run, "out");
//
// DIR holds records.sqlite and exhibits/ afterwards; the results' files are the report room's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "assay/audit/measure.h"
#include "assay/audit/plan.h"
#include "assay/base/outcome.h"
#include "assay/imaging/data_set.h"

namespace assay::audit {

struct Audited {
  Outcome outcome;
  RunInfo run;
};

// Measures what is not stored yet, summarises and judges. InputError for all that a person can
// mend; stored records stay whatever happens.
Audited run(const Plan& plan, const std::string& directory, const MeasureOptions& options);

// Summarises and judges what DIR holds, without model; pictures are used for exhibits where they
// can still be read. `plan_file` empty: the plan of the run. `seed`: instead of the plan's, where the
// run had another than its plan.
Audited judge(const std::string& directory, const std::string& plan_file,
              std::optional<std::uint64_t> seed = {});

// The model and the data that a plan names.
struct Opened {
  network::Classifier classifier;
  imaging::DataSet data;
};
Opened open(const Plan& plan);

struct Estimate {
  std::string name;  // a check's, or "clean pass"
  std::int64_t forwards = 0, backwards = 0;
  double seconds = 0;
  double megabytes = 0;  // of records
};

// What run() would cost at most, from one measured micro-batch; nothing is stored.
std::vector<Estimate> estimate(const Plan& plan);

}  // namespace assay::audit
