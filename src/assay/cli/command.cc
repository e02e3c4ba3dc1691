#include "assay/cli/command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "assay/audit/description.h"
#include "assay/base/error.h"
#include "assay/imaging/data_set.h"
#include "assay/report/terminal_summary.h"
#include "assay/report/write_report.h"

namespace assay::cli {

void ModelOptions::add(CLI::App& command) {
  command.add_option("MODEL", model, "the model's file (ONNX or TorchScript)")->required();
  command.add_option(
      "--input", input,
      "how pictures become the model's input: a preset (imagenet, …) or a YAML file");
  command.add_option("--labels", labels, "a file with the class names, one a line");
  command.add_option(
      "--output", output,
      "what the model gives: logits, probabilities, log_probabilities, sigmoid or segmentation "
      "(logits of every pixel)");
  command.add_option("--output-value", output_value, "the graph value to read as output");
  command.add_flag("--opaque", opaque,
                   "run a TorchScript file as a black box: logits, no layers and no gradients");
}

InputDescription ModelOptions::input_description() const {
  return input.empty() ? InputDescription{} : audit::parse_input(input);
}

OutputDescription ModelOptions::output_description() const {
  return audit::parse_output(output, output_value);
}

network::Reading ModelOptions::reading() const {
  return opaque ? network::Reading::kOpaque : network::Reading::kGraph;
}

std::vector<std::string> ModelOptions::label_names() const {
  return labels.empty() ? std::vector<std::string>{} : audit::read_labels(labels);
}

std::string image_name(const imaging::Row& row) {
  return row.item < 0 ? row.path : row.path + "#" + std::to_string(row.item);
}

int thread_count(const Global& global) {
  if (global.threads > 0) return global.threads;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void warn(const std::string& text) { std::fprintf(stderr, "assay: %s\n", text.c_str()); }

int finish(const Outcome& outcome, const RunInfo& run, const std::string& directory,
           const Global& global) {
  report::write_results(outcome, run, directory);
  if (!global.quiet) {
    std::fputs(report::terminal_summary(outcome).c_str(), stdout);
    std::printf("Report: %s\n",
                (std::filesystem::path(directory) / "report.html").string().c_str());
  }
  if (!outcome.has_requirements) return kPass;
  switch (outcome.verdict) {
    case Verdict::kPass:
      return kPass;
    case Verdict::kFail:
      return kFail;
    case Verdict::kInconclusive:
      return kInconclusive;
  }
  throw BugError("a verdict is missing");
}

}  // namespace assay::cli
