// assay run AUDIT.yaml -o DIR

#include <cstdio>

#include "assay/audit/audit.h"
#include "assay/cli/command.h"
#include "assay/cli/progress.h"

namespace assay::cli {

namespace {

struct RunOptions {
  std::string plan, directory;
  int batch = 32;
  bool dry_run = false;
};

void print_estimate(const audit::Plan& plan) {
  std::printf("%-16s %10s %10s %10s %10s\n", "", "forwards", "backwards", "seconds", "MB");
  audit::Estimate sum{"sum", 0, 0, 0, 0};
  auto all = audit::estimate(plan);
  for (const auto& e : all) {
    sum.forwards += e.forwards;
    sum.backwards += e.backwards;
    sum.seconds += e.seconds;
    sum.megabytes += e.megabytes;
  }
  all.push_back(sum);
  for (const auto& e : all)
    std::printf("%-16s %10lld %10lld %10.1f %10.2f\n", e.name.c_str(),
                static_cast<long long>(e.forwards), static_cast<long long>(e.backwards), e.seconds,
                e.megabytes);
}

}  // namespace

void add_run(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand("run", "run an audit; a run that was stopped goes on");
  auto options = std::make_shared<RunOptions>();
  command->add_option("AUDIT", options->plan, "the plan, audit.yaml")->required();
  command->add_option("-o,--out", options->directory, "folder for the results, made if missing");
  command
      ->add_option("--batch", options->batch,
                   "pictures read and committed together; never changes a number")
      ->check(CLI::Range(1, 65536));
  command->add_flag("--dry-run", options->dry_run,
                    "say what each check would cost on one thread, and run nothing");
  command->footer("Example: assay run audit.yaml -o out");
  command->callback([=, &global, &action] {
    action = [=, &global] {
      audit::Plan plan = audit::read_plan(options->plan);
      if (global.seed) plan.seed = *global.seed;
      if (options->dry_run) {
        print_estimate(plan);
        return kPass;
      }
      if (options->directory.empty())
        throw InputError("-o", "is missing: a folder for the results");
      audit::Audited done;
      {
        ProgressLine line(global);
        audit::MeasureOptions measuring;
        measuring.threads = thread_count(global);
        measuring.batch = options->batch;
        measuring.progress = [&](const audit::Progress& p) { line(p); };
        done = audit::run(plan, options->directory, measuring);
      }
      return finish(done.outcome, done.run, options->directory, global);
    };
  });
}

}  // namespace assay::cli
