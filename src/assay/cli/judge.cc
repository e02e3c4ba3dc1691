// assay judge DIR [AUDIT.yaml]

#include "assay/audit/audit.h"
#include "assay/cli/command.h"

namespace assay::cli {

void add_judge(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand(
      "judge", "judge stored results again without the model: other requirements, other bins");
  auto directory = std::make_shared<std::string>();
  auto plan = std::make_shared<std::string>();
  command->add_option("DIR", *directory, "the folder of an earlier run")->required();
  command->add_option("AUDIT", *plan, "the plan to judge by (default: the run's own)");
  command->footer("Example: assay judge out stricter.yaml");
  command->callback([=, &global, &action] {
    action = [=, &global] {
      const auto done = audit::judge(*directory, *plan, global.seed);
      return finish(done.outcome, done.run, *directory, global);
    };
  });
}

}  // namespace assay::cli
