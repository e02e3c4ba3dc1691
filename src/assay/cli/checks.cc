// assay checks [NAME]

#include <cmath>
#include <cstdio>

#include "assay/checks/catalogue.h"
#include "assay/cli/command.h"

namespace assay::cli {

namespace {

std::string range_text(const FieldInfo& f) {
  if (!f.choices.empty()) {
    std::string words;
    for (const auto& c : f.choices) words += (words.empty() ? "" : "|") + c;
    return words;
  }
  if (!std::isfinite(f.range.low) && !std::isfinite(f.range.high)) return "";
  return to_text(f.range.low) + " to " + to_text(f.range.high) +
         (f.unit.empty() ? "" : " " + f.unit);
}

void print_page(const checks::Entry& entry) {
  std::fwrite(entry.page.data(), 1, entry.page.size(), stdout);
  std::printf("\n## Parameters\n\n");
  for (const auto& f : entry.fields()) {
    const std::string range = range_text(f);
    std::printf("- `%s` = %s%s: %s (%s)\n", f.name.c_str(), to_text(f.initial).c_str(),
                range.empty() ? "" : (" [" + range + "]").c_str(), f.help.c_str(),
                f.stage == Stage::kMeasuring ? "measuring" : "summarising");
  }
}

}  // namespace

void add_checks(CLI::App& app, const Global&, Action& action) {
  auto* command = app.add_subcommand("checks", "list the checks, or print one check's page");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "a check");
  command->footer("Example: assay checks calibration");
  command->callback([=, &action] {
    action = [=] {
      if (!name->empty()) {
        print_page(checks::entry_named(*name, ""));
        return kPass;
      }
      for (const auto& entry : checks::catalogue())
        std::printf("%-14s %-13s %s%s\n", std::string(entry.info.name).c_str(), entry.group.c_str(),
                    std::string(entry.info.question).c_str(), entry.always ? " (always runs)" : "");
      return kPass;
    };
  });
}

}  // namespace assay::cli
