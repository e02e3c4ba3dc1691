// What every subcommand is given, and how one is added: each file of this folder adds one
// subcommand and sets the action that main() runs after parsing.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "assay/base/input_description.h"
#include "assay/base/outcome.h"
#include "assay/network/classifier.h"

namespace assay::imaging {
struct Row;
}

namespace assay::cli {

// Exit codes, a contract with pipelines.
inline constexpr int kPass = 0, kFail = 1, kBadRequest = 2, kInconclusive = 3, kDefect = 70;

using Action = std::function<int()>;

struct Global {
  int threads = 0;                    // 0: one a core
  std::optional<std::uint64_t> seed;  // instead of the plan's
  bool quiet = false;
};

void add_init(CLI::App& app, const Global& global, Action& action);
void add_run(CLI::App& app, const Global& global, Action& action);
void add_judge(CLI::App& app, const Global& global, Action& action);
void add_inspect(CLI::App& app, const Global& global, Action& action);
void add_predict(CLI::App& app, const Global& global, Action& action);
void add_develop(CLI::App& app, const Global& global, Action& action);
void add_synthesise(CLI::App& app, const Global& global, Action& action);
void add_optimise_camera(CLI::App& app, const Global& global, Action& action);
void add_within(CLI::App& app, const Global& global, Action& action);
void add_explain(CLI::App& app, const Global& global, Action& action);
void add_attack(CLI::App& app, const Global& global, Action& action);
void add_visualise(CLI::App& app, const Global& global, Action& action);
void add_checks(CLI::App& app, const Global& global, Action& action);
void add_schema(CLI::App& app, const Global& global, Action& action);
void add_completion(CLI::App& app, const Global& global, Action& action);
// One subcommand a check of the catalogue.
void add_single_checks(CLI::App& app, const Global& global, Action& action);

// --input, --labels, --output, --output-value, --opaque: how a model is described on the command line.
struct ModelOptions {
  std::string model, input, labels, output, output_value;
  bool opaque = false;
  void add(CLI::App& command);
  InputDescription input_description() const;
  OutputDescription output_description() const;
  network::Reading reading() const;
  std::vector<std::string> label_names() const;
};

// A picture as the command line named it; "FILE#7" for the row 7 of an IDX file.
std::string image_name(const imaging::Row& row);
int thread_count(const Global& global);
// Prints the summary (unless quiet), writes the results' files and gives the exit code of the
// verdict.
int finish(const Outcome& outcome, const RunInfo& run, const std::string& directory,
           const Global& global);
// One line on stderr.
void warn(const std::string& text);

}  // namespace assay::cli
