// assay CHECK MODEL IMAGES [--key value …] -o DIR: a plan of one check.
#include "assay/cli/single_check.h"

#include "assay/audit/audit.h"
#include "assay/audit/plan_text.h"
#include "assay/base/error.h"
#include "assay/checks/uncertainty/uncertainty.h"
#include "assay/cli/progress.h"

namespace assay::cli {

namespace {

// Written as YAML and read again, so that the report shows a plan to go on from and `judge` can
// read it.
audit::Plan plan_of(const checks::Entry& entry, const SingleOptions& options, std::uint64_t seed) {
  audit::Plan plan;
  plan.file = "command line";
  plan.model_as_written = options.model.model;
  plan.input = options.model.input_description();
  plan.output = options.model.output_description();
  plan.reading = options.model.reading();
  plan.labels = options.model.label_names();
  const std::string& images = options.images.front();
  (images.ends_with(".csv") ? plan.data.manifest : plan.data.images) = images;
  plan.data.masks = options.masks;
  plan.data.annotations = options.annotations;
  plan.data.limit = options.limit;
  plan.seed = seed;
  plan.checks.push_back(audit::plan_check(entry, settings_of(options)));
  return audit::parse_plan(audit::plan_text(plan), plan.file);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> settings_of(const SingleOptions& options) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [name, text] : options.settings)
    if (!text.empty()) settings.emplace_back(name, text);
  for (const auto& [name, texts] : options.entries) {
    std::string text;
    for (const std::string& entry : texts) text += (text.empty() ? "" : "; ") + entry;
    if (!text.empty()) settings.emplace_back(name, text);
  }
  return settings;
}

CLI::App* add_check_command(CLI::App& app, const checks::Entry& entry,
                            const std::shared_ptr<SingleOptions>& options) {
  auto* command = app.add_subcommand(std::string(entry.info.name),
                                     std::string(entry.info.question) + " (this check alone)");
  options->model.add(*command);
  command->add_option("IMAGES", options->images, "class folders, or a manifest (.csv)")
      ->required()
      ->expected(1);
  auto* masks = command->add_option("--masks", options->masks,
                                    "path of each picture's mask, with {path}, {stem}, {label} "
                                    "or {COLUMN} filled in; or shapes "
                                    "for all, \"box:LEFT TOP RIGHT BOTTOM\"");
  command->add_option("--annotations", options->annotations, "COCO file that has the masks")
      ->excludes(masks);
  command->add_option("-o,--out", options->directory, "folder for the results")->required();
  command->add_option("--limit", options->limit, "at most so many pictures")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_option("--batch", options->batch, "pictures read and committed together")
      ->check(CLI::Range(1, 65536));
  for (const auto& field : entry.fields()) {
    if (!field.entry.empty())
      command
          ->add_option("--" + field.entry, options->entries[field.name],
                       field.help + "; NAME=TEXT, again for each")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    else
      // The model's own options come first: a check's "output" is --check-output here.
      command->add_option(
          (command->get_option_no_throw("--" + field.name) ? "--check-" : "--") + field.name,
          options->settings[field.name], field.help + " (" + to_text(field.initial) + ")");
  }
  command->footer("Example: assay " + std::string(entry.info.name) +
                  " classifier.onnx pictures/ --input imagenet -o out");
  return command;
}

int run_single_check(const checks::Entry& entry, const SingleOptions& options,
                     const Global& global) {
  if (options.images.size() != 1)
    throw InputError("IMAGES", "wanted one folder or manifest for an audit");
  const audit::Plan plan = plan_of(entry, options, global.seed.value_or(0));
  audit::Audited done;
  {
    ProgressLine line(global);
    audit::MeasureOptions measuring;
    measuring.threads = thread_count(global);
    measuring.batch = options.batch;
    measuring.progress = [&](const audit::Progress& p) { line(p); };
    done = audit::run(plan, options.directory, measuring);
  }
  return finish(done.outcome, done.run, options.directory, global);
}

void add_single_checks(CLI::App& app, const Global& global, Action& action) {
  for (const auto& entry : checks::catalogue()) {
    if (entry.info.name == checks::Uncertainty::kInfo.name) {
      add_uncertainty(app, entry, global, action);
      continue;
    }
    auto options = std::make_shared<SingleOptions>();
    add_check_command(app, entry, options)->callback([=, &global, &action, &entry] {
      action = [=, &global, &entry] { return run_single_check(entry, *options, global); };
    });
  }
}

}  // namespace assay::cli
