// assay init MODEL IMAGES [-o audit.yaml]: a starter audit, with what had to be guessed marked.

#include <cstdio>
#include <filesystem>
#include <map>

#include "assay/audit/audit.h"
#include "assay/audit/description.h"
#include "assay/audit/plan_text.h"
#include "assay/base/file.h"
#include "assay/checks/catalogue.h"
#include "assay/cli/command.h"
#include "assay/imaging/data_set.h"
#include "assay/network/classifier.h"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

struct InitOptions {
  std::string model, images, labels, idx_labels, out = "audit.yaml";
  bool force = false, opaque = false;
};

// The path as the plan must write it: relative to the plan's folder where it was given relative.
std::string from_plan(const std::string& file, const std::string& plan) {
  if (fs::path(file).is_absolute()) return file;
  std::error_code error;
  const auto folder = fs::absolute(plan).parent_path();
  const auto relative = fs::relative(fs::absolute(file), folder, error);
  return error || relative.empty() ? fs::absolute(file).string() : relative.string();
}

// Each guess, "KEY: why" or "KEY, KEY: why", behind the line of its first key.
void mark_guesses(const network::Guess& guess, std::map<std::string, std::string>& remarks) {
  for (const auto& text : guess.guessed) {
    const std::string key = text.substr(0, text.find_first_of(",:"));
    std::string line = key == "output" ? key : "input";
    for (const auto& described : audit::describe(guess.input))
      if (described.first == key) line = "input." + key;
    std::string& remark = remarks[line];
    remark += (remark.empty() ? "GUESSED, check it: " : "; ") + text.substr(text.find(':') + 2);
  }
}

void set_data(const InitOptions& options, audit::Plan& plan) {
  const std::string images = from_plan(options.images, options.out);
  if (!options.idx_labels.empty()) {
    plan.data.idx = images;
    plan.data.idx_labels = from_plan(options.idx_labels, options.out);
  } else {
    (images.ends_with(".csv") ? plan.data.manifest : plan.data.images) = images;
  }
}

}  // namespace

void add_init(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand("init", "write a starter audit for a model and its pictures");
  auto options = std::make_shared<InitOptions>();
  command->add_option("MODEL", options->model, "the model's file (ONNX)")->required();
  command
      ->add_option("IMAGES", options->images,
                   "class folders, a manifest (.csv), or an IDX file with --idx-labels")
      ->required();
  command->add_option("--labels", options->labels, "a file with the class names, one a line");
  command->add_option("--idx-labels", options->idx_labels, "IDX file of the labels");
  command->add_option("-o,--out", options->out, "the plan to write")->capture_default_str();
  command->add_flag("--opaque", options->opaque, "run a TorchScript file as a black box");
  command->add_flag("--force", options->force, "replace an existing plan");
  command->footer("Example: assay init classifier.onnx pictures/ -o audit.yaml");
  command->callback([=, &global, &action] {
    action = [=, &global] {
      if (!options->force && fs::exists(options->out))
        throw InputError(options->out, "exists already; --force replaces it");
      network::configure_numerics();
      audit::Plan plan;
      if (options->opaque) plan.reading = network::Reading::kOpaque;
      const auto guess = network::guess_description(options->model, plan.reading);
      plan.model_as_written = from_plan(options->model, options->out);
      plan.input = guess.input;
      plan.output = guess.output;
      if (!options->labels.empty()) plan.labels = audit::read_labels(options->labels);
      set_data(*options, plan);
      imaging::DataSource source;
      (plan.data.idx.empty() ? (plan.data.manifest.empty() ? source.images : source.manifest)
                             : source.idx) = options->images;
      source.idx_labels = options->idx_labels;
      const auto data = imaging::DataSet::open(source, {guess.classes, plan.labels});
      for (const char* name : {"accuracy", "calibration", "heatmap"})
        plan.checks.push_back(audit::plan_check(checks::entry_named(name, ""), {}));
      plan.checks[0].requirements.push_back({"top1", Comparison::kAtLeast, 0.9, 0.95, ""});

      std::map<std::string, std::string> remarks;
      remarks["model.file"] = std::to_string(guess.classes) + " classes";
      remarks["data"] = std::to_string(data.size()) + " pictures";
      remarks["checks.accuracy"] = "the bound is a placeholder: state what the use demands";
      mark_guesses(guess, remarks);
      write_file(options->out, audit::plan_text(plan, remarks));
      if (!global.quiet) {
        for (const auto& g : guess.guessed) std::printf("guessed: %s\n", g.c_str());
        std::printf("%s: %zu pictures, %d classes. Next: assay run %s -o out\n",
                    options->out.c_str(), data.size(), guess.classes, options->out.c_str());
      }
      return kPass;
    };
  });
}

}  // namespace assay::cli
