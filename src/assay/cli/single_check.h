// The command of one check: its options, and the audit of it alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "assay/checks/catalogue.h"
#include "assay/cli/command.h"

namespace assay::cli {

struct SingleOptions {
  ModelOptions model;
  std::vector<std::string> images;
  std::string masks, annotations, directory;
  std::int64_t limit = 0;
  int batch = 32;
  std::map<std::string, std::string> settings;              // by field name, as written
  std::map<std::string, std::vector<std::string>> entries;  // of fields that are mappings
};

// The subcommand with all of its options and without an action.
CLI::App* add_check_command(CLI::App& app, const checks::Entry& entry,
                            const std::shared_ptr<SingleOptions>& options);
// What was set, by field, as a plan has it.
std::vector<std::pair<std::string, std::string>> settings_of(const SingleOptions& options);
int run_single_check(const checks::Entry& entry, const SingleOptions& options,
                     const Global& global);

// The check `uncertainty` alone, or without -o what is known of single pictures.
void add_uncertainty(CLI::App& app, const checks::Entry& entry, const Global& global,
                     Action& action);

}  // namespace assay::cli
