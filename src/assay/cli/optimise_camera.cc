// assay optimise-camera AUDIT.yaml [--train camera|model|both] [--condition FACTOR=VALUE …] [--factor FACTOR=uniform(LOW, HIGH) …]
//   -o DIR

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "assay/audit/audit.h"
#include "assay/audit/camera_file.h"
#include "assay/base/archive.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/checks/clusters.h"
#include "assay/checks/mean_finding.h"
#include "assay/cli/command.h"
#include "assay/cli/progress.h"
#include "assay/imaging/scene/factor.h"
#include "assay/jobs/optimise_camera.h"
#include "assay/stats/number_text.h"
#include "assay/stats/sampling/distribution.h"

namespace assay::cli {

namespace {

using nlohmann::ordered_json;

struct OptimiseOptions {
  std::string plan, train = "camera", directory;
  std::vector<std::string> condition, factors;
  jobs::OptimiseCameraOptions job;
};

// What a camera's processing may do without more light or another lens.
constexpr const char* kUsual[] = {"camera.black_level=uniform(-0.05, 0.05)",
                                  "camera.black_red=uniform(-0.02, 0.02)",
                                  "camera.black_blue=uniform(-0.02, 0.02)",
                                  "camera.temperature=uniform(3500, 12000)",
                                  "camera.tint=uniform(-0.5, 0.5)",
                                  "camera.crosstalk_red_green=uniform(-0.3, 0.3)",
                                  "camera.crosstalk_red_blue=uniform(-0.3, 0.3)",
                                  "camera.crosstalk_green_red=uniform(-0.3, 0.3)",
                                  "camera.crosstalk_green_blue=uniform(-0.3, 0.3)",
                                  "camera.crosstalk_blue_red=uniform(-0.3, 0.3)",
                                  "camera.crosstalk_blue_green=uniform(-0.3, 0.3)",
                                  "camera.blur=uniform(0, 3)",
                                  "camera.sharpening=uniform(-0.9, 2)",
                                  "camera.gamma=uniform(0.5, 2)"};

std::pair<std::string, std::string> halves(const std::string& text, const std::string& option) {
  const std::size_t equal = text.find('=');
  if (equal == std::string::npos || equal == 0 || equal + 1 == text.size())
    throw InputError(option, "got \"" + text + "\", wanted FACTOR=…");
  return {text.substr(0, equal), text.substr(equal + 1)};
}

jobs::OptimiseCameraOptions job_of(const OptimiseOptions& options, std::uint64_t seed) {
  jobs::OptimiseCameraOptions job = options.job;
  job.seed = seed;
  job.directory = options.directory;
  job.train_camera = options.train != "model";
  job.train_model = options.train != "camera";
  for (const std::string& text : options.condition) {
    const auto [name, value] = halves(text, "--condition");
    const FieldInfo number{"value", 0.0, {}, {}, "", "", Stage::kMeasuring, false, ""};
    job.condition.emplace_back(name,
                               std::get<double>(parsed(number, value, "--condition " + name)));
  }
  std::vector<std::string> factors = options.factors;
  if (factors.empty()) factors.assign(std::begin(kUsual), std::end(kUsual));
  if (!job.train_camera) factors.clear();
  for (const std::string& text : factors) {
    const auto [name, range] = halves(text, "--factor");
    const auto d = stats::Distribution::parse(range, "--factor " + name);
    if (d.kind() != stats::DistributionKind::kUniform)
      throw InputError("--factor", name + ": got \"" + range + "\", wanted uniform(LOW, HIGH)");
    const bool set = std::any_of(job.condition.begin(), job.condition.end(),
                                 [&, wanted = name](const auto& c) { return c.first == wanted; });
    if (!(set && options.factors.empty())) job.factors.push_back({name, d.low(), d.high()});
  }
  return job;
}

class Conclusions {
 public:
  Conclusions(const jobs::OptimiseCamera& job, const imaging::DataSet& data, const Global& global)
      : job_(job), data_(data), quiet_(global.quiet) {}

  void write(const std::vector<std::string>& results, const network::Classifier& classifier) const {
    std::vector<jobs::OptimisedArm> arms;
    for (const std::string& bytes : results) arms.push_back(from_bytes<jobs::OptimisedArm>(bytes));
    ordered_json all{{"schema", "assay.optimise-camera/1"},
                     {"tool", {{"name", "assay"}, {"version", ASSAY_VERSION}}},
                     {"model", {{"file", classifier.file()}, {"sha256", classifier.sha256()}}},
                     {"seed", job_.options().seed},
                     {"condition", ordered_json::object()},
                     {"rows",
                      {{"training", job_.training_rows().size()},
                       {"validation", job_.validation_rows().size()},
                       {"test", job_.test_rows().size()}}},
                     {"arms", ordered_json::array()},
                     {"differences", ordered_json::array()}};
    for (const auto& [name, value] : job_.options().condition) all["condition"][name] = value;
    std::string curves = "arm,step,training_loss,validation_loss\n";
    for (std::size_t a = 0; a < arms.size(); ++a) {
      all["arms"].push_back(json_of(job_.arms()[a], arms[a]));
      for (std::size_t k = 0; k < arms[a].looked.size(); ++k)
        curves += job_.arms()[a] + "," + std::to_string(arms[a].looked[k]) + "," +
                  stats::number_text(arms[a].training[k], 6) + "," +
                  stats::number_text(arms[a].validation[k], 6) + "\n";
      if (job_.arms()[a].find("camera") != std::string::npos)
        write_file(path("camera.yaml"), audit::camera_yaml(camera_of(arms[a])));
    }
    for (std::size_t a = 1; a < arms.size(); ++a)
      for (std::size_t b = 0; b < a; ++b) all["differences"].push_back(difference(arms, a, b));
    write_file(path("curves.csv"), curves);
    write_file(path("optimise-camera.json"),
               all.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  }

 private:
  std::string path(const std::string& file) const {
    return (std::filesystem::path(job_.options().directory) / file).string();
  }

  imaging::CameraChain camera_of(const jobs::OptimisedArm& arm) const {
    const imaging::CameraChain base =
        data_.is_raw() ? data_.camera() : imaging::CameraChain(imaging::standard_stages(), "");
    imaging::CameraSettings settings = base.settings();
    for (std::size_t f = 0; f < arm.theta.size(); ++f) {
      const auto& name = job_.options().factors[f].name;
      const auto& factor = imaging::scene_factor(name);
      if (arm.theta[f] == factor.nominal) continue;
      const auto at = std::find_if(settings.begin(), settings.end(),
                                   [&](const auto& s) { return s.first == name; });
      if (at == settings.end())
        settings.emplace_back(name, arm.theta[f]);
      else
        at->second =
            std::clamp(at->second + arm.theta[f] - factor.nominal, factor.low, factor.high);
    }
    return {{base.stages().begin(), base.stages().end()}, "", std::move(settings)};
  }

  std::vector<std::int64_t> clusters() const {
    std::vector<std::string_view> names;
    for (const std::int64_t row : job_.test_rows())
      names.emplace_back(data_.rows()[static_cast<std::size_t>(row)].cluster);
    return checks::cluster_numbers(names);
  }

  ordered_json json_of(const std::string& name, const jobs::OptimisedArm& arm) const {
    const Finding score = checks::mean_finding("score", arm.scores, clusters(), {0, 1},
                                               job_.options().seed, "optimise-camera/" + name);
    ordered_json json{{"name", name}, {"kept_step", arm.best}, {"score", finding_json(score)}};
    if (!arm.model.empty()) json["model"] = arm.model;
    if (name.find("camera") != std::string::npos) {
      json["camera"] = "camera.yaml";
      for (std::size_t f = 0; f < arm.theta.size(); ++f)
        json["parameters"][job_.options().factors[f].name] = arm.theta[f];
    }
    if (!quiet_)
      std::printf("%-18s %s (%s to %s) on %zu pictures that it has not seen\n", name.c_str(),
                  stats::number_text(score.value, 4).c_str(),
                  stats::number_text(score.interval->low, 4).c_str(),
                  stats::number_text(score.interval->high, 4).c_str(), arm.scores.size());
    return json;
  }

  static ordered_json finding_json(const Finding& f) {
    return {{"value", f.value},
            {"low", f.interval ? f.interval->low : f.value},
            {"high", f.interval ? f.interval->high : f.value}};
  }

  // Paired, on the test rows; said in words, whichever way it falls.
  ordered_json difference(const std::vector<jobs::OptimisedArm>& arms, std::size_t a,
                          std::size_t b) const {
    std::vector<double> values;
    for (std::size_t i = 0; i < arms[a].scores.size(); ++i)
      values.push_back(arms[a].scores[i] - arms[b].scores[i]);
    const std::string name = job_.arms()[a] + " - " + job_.arms()[b];
    const Finding f = checks::mean_finding("difference", values, clusters(), {-1, 1},
                                           job_.options().seed, "optimise-camera/" + name);
    const char* word = f.interval->low > 0 ? "gain" : f.interval->high < 0 ? "loss" : "no gain";
    if (!quiet_)
      std::printf("%s: %s (%s to %s): %s\n", name.c_str(), stats::number_text(f.value, 3).c_str(),
                  stats::number_text(f.interval->low, 3).c_str(),
                  stats::number_text(f.interval->high, 3).c_str(), word);
    ordered_json json{{"of", job_.arms()[a]}, {"to", job_.arms()[b]}, {"said", word}};
    json.update(finding_json(f));
    return json;
  }

  const jobs::OptimiseCamera& job_;
  const imaging::DataSet& data_;
  bool quiet_;
};

int optimise(const OptimiseOptions& options, const Global& global) {
  const audit::Plan plan = audit::read_plan(options.plan);
  const audit::Opened opened = audit::open(plan);
  const jobs::OptimiseCamera job(opened.classifier, opened.data,
                                 job_of(options, global.seed.value_or(plan.seed)));
  const Conclusions conclusions(job, opened.data, global);
  std::optional<ProgressLine> progress(std::in_place, global);
  jobs::RunOptions run;
  run.directory = options.directory;
  run.threads = thread_count(global);
  run.progress = [&](const jobs::Progress& p) { (*progress)({"steps", p.done, p.total}); };
  jobs::run(job, run, [&](const std::vector<std::string>& results) {
    progress.reset();
    conclusions.write(results, opened.classifier);
  });
  return kPass;
}

}  // namespace

void add_optimise_camera(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand(
      "optimise-camera", "train a camera's parameters, the model, or both, for a stated condition");
  auto options = std::make_shared<OptimiseOptions>();
  command->add_option("AUDIT", options->plan, "an audit.yaml; its model and data are taken")
      ->required();
  command->add_option("--train", options->train, "camera, model or both")
      ->check(CLI::IsMember({"camera", "model", "both"}))
      ->capture_default_str();
  command->add_option("--condition", options->condition,
                      "FACTOR=VALUE of the camera that is not trained but given, such as "
                      "camera.low_light=6");
  command->add_option("--factor", options->factors,
                      "FACTOR=uniform(LOW, HIGH) that is trained (docs/factors.md); default: what "
                      "processing may do without more light");
  command->add_option("--steps", options->job.steps, "of the optimiser")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--batch-size", options->job.batch, "pictures a step")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command
      ->add_option("--camera-rate", options->job.camera_rate,
                   "of the way from nominal to an end, a step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--model-rate", options->job.model_rate, "Adam's rate of the model's weights")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--patience", options->job.patience,
                   "looks at the validation loss without a better one, after which an arm ends; "
                   "ten looks are made")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("-o,--out", options->directory, "folder for what comes of it")->required();
  command->footer(
      "Example: assay optimise-camera audit.yaml --train both --condition camera.low_light=6 -o "
      "low");
  command->callback(
      [=, &global, &action] { action = [=, &global] { return optimise(*options, global); }; });
}

}  // namespace assay::cli
