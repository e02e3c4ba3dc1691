// A progress line on stderr: bar, rate and time left; only on a terminal, and not when --quiet.
#pragma once

#include <chrono>
#include <string>

#include "assay/audit/measure.h"
#include "assay/cli/command.h"

namespace assay::cli {

class ProgressLine {
 public:
  explicit ProgressLine(const Global& global);
  ~ProgressLine();  // leaves the line empty
  void operator()(const audit::Progress& progress);

 private:
  bool shown_;
  bool drawn_ = false;
  std::string phase_;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace assay::cli
