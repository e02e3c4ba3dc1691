// assay CHECK MODEL IMAGES [--key value …] -o DIR: a plan of one check.

#include <map>

#include "assay/audit/audit.h"
#include "assay/audit/plan_text.h"
#include "assay/cli/command.h"
#include "assay/cli/progress.h"

namespace assay::cli {

namespace {

struct SingleOptions {
  ModelOptions model;
  std::string images, masks, annotations, directory;
  std::int64_t limit = 0;
  int batch = 32;
  std::map<std::string, std::string> settings;              // by field name, as written
  std::map<std::string, std::vector<std::string>> entries;  // of fields that are mappings
};

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
  (options.images.ends_with(".csv") ? plan.data.manifest : plan.data.images) = options.images;
  plan.data.masks = options.masks;
  plan.data.annotations = options.annotations;
  plan.data.limit = options.limit;
  plan.seed = seed;
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [name, text] : options.settings)
    if (!text.empty()) settings.emplace_back(name, text);
  for (const auto& [name, texts] : options.entries) {
    std::string text;
    for (const std::string& entry : texts) text += (text.empty() ? "" : "; ") + entry;
    if (!text.empty()) settings.emplace_back(name, text);
  }
  plan.checks.push_back(audit::plan_check(entry, settings));
  return audit::parse_plan(audit::plan_text(plan), plan.file);
}

}  // namespace

void add_single_checks(CLI::App& app, const Global& global, Action& action) {
  for (const auto& entry : checks::catalogue()) {
    auto* command = app.add_subcommand(std::string(entry.info.name),
                                       std::string(entry.info.question) + " (this check alone)");
    auto options = std::make_shared<SingleOptions>();
    options->model.add(*command);
    command->add_option("IMAGES", options->images, "class folders, or a manifest (.csv)")
        ->required();
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
    command->callback([=, &global, &action, &entry] {
      action = [=, &global, &entry] {
        const audit::Plan plan = plan_of(entry, *options, global.seed.value_or(0));
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
}

}  // namespace assay::cli
