// Runs the model: the shared clean pass and every check's units, resuming from the store.
//
// Pictures are taken in groups of whole micro-batches. A loading thread reads, digests and decodes
// ahead; workers run the network, one micro-batch at a time and one kernel thread each; a group's
// records are committed in one transaction. What is already stored is not run again. Memory: a few
// groups of pictures and their activations, whatever the number of rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assay/audit/outline.h"
#include "assay/audit/plan.h"
#include "assay/audit/store.h"
#include "assay/base/outcome.h"
#include "assay/checks/check.h"

namespace assay::audit {

struct Progress {
  std::string phase;                 // "clean pass and checks", "round 2"
  std::int64_t done = 0, total = 0;  // pictures
};

struct MeasureOptions {
  int threads = 1;  // workers
  int batch = 32;   // pictures a group; only groups micro-batches, never changes a number
  std::function<void(const Progress&)> progress;  // called from one thread at a time; may be empty
};

struct Measured {
  std::vector<RecordRef> clean;           // one a row
  std::vector<Measurement> measurements;  // of the checks that run the model
  std::int64_t unreadable = 0;
  std::string data_digest;
};

// InputError when a picture cannot be read and the plan says `on_error: stop`, or when none can be.
Measured measure(const Plan& plan, const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
                 const checks::Subject& subject, Store& store, const MeasureOptions& options,
                 RunInfo& run);

}  // namespace assay::audit
