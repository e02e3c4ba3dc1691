// assay schema: the JSON Schemas of results.json and audit.yaml.

#include <cstdio>
#include <vector>

#include "assay/checks/catalogue.h"
#include "assay/cli/command.h"
#include "assay/report/schema.h"

namespace assay::cli {

void add_schema(CLI::App& app, const Global&, Action& action) {
  auto* command =
      app.add_subcommand("schema", "print the JSON Schemas of results.json and audit.yaml");
  auto which = std::make_shared<std::string>();
  command->add_option("FILE", *which, "results or audit (default: both, in one object)")
      ->check(CLI::IsMember({"results", "audit"}));
  command->footer("Example: assay schema results > results.schema.json");
  command->callback([=, &action] {
    action = [=] {
      std::vector<report::PlanCheck> checks;
      for (const auto& entry : checks::catalogue())
        checks.push_back(
            {std::string(entry.info.name), std::string(entry.info.question), entry.fields()});
      const std::string results = report::results_schema(), audit = report::plan_schema(checks);
      if (*which == "results")
        std::printf("%s\n", results.c_str());
      else if (*which == "audit")
        std::printf("%s\n", audit.c_str());
      else
        std::printf("{\"results.json\": %s,\n\"audit.yaml\": %s}\n", results.c_str(),
                    audit.c_str());
      return kPass;
    };
  });
}

}  // namespace assay::cli
