// assay visualise MODEL --class C | --value V --channel K [--target-activation A [--near IMAGE]] -o DIR

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "assay/audit/measure.h"
#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/cli/command.h"
#include "assay/cli/out_folder.h"
#include "assay/cli/progress.h"
#include "assay/cli/selection.h"
#include "assay/imaging/contact_sheet.h"
#include "assay/imaging/decode.h"
#include "assay/jobs/visualise.h"

namespace assay::cli {

namespace fs = std::filesystem;
using methods::Visualisation;
using nlohmann::ordered_json;

namespace {

struct VisualiseOptions {
  ModelOptions model;
  std::string classes, value, channels, size, near, directory;
  std::optional<double> target;
  std::map<std::string, std::string> settings;  // the method's own by name, as written
  bool json = false;
};

std::string option_of(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

Visualisation::Params params_of(const VisualiseOptions& options) {
  Settings settings;
  for (const auto& info : field_infos<Visualisation>())
    if (const std::string& text = options.settings.at(info.name); !text.empty())
      settings.emplace_back(info.name, parsed(info, text, option_of(info.name)));
  return assay::params_of<Visualisation>(settings);
}

// "224", or WIDTHxHEIGHT; width first.
std::pair<int, int> size_of(const std::string& text) {
  if (text.empty()) return {0, 0};
  int width = 0, height = 0, used = 0;
  const int read = std::sscanf(text.c_str(), "%5dx%5d%n", &width, &height, &used);
  if (read == 1 && text.find_first_not_of("0123456789") == std::string::npos)
    height = width, used = static_cast<int>(text.size());
  constexpr int kMost = 8192;
  if (used != static_cast<int>(text.size()) || std::min(width, height) < 1 ||
      std::max(width, height) > kMost)
    throw InputError("--size", "is \"" + text + "\", wanted pixels such as 224 or 320x240, up to " +
                                   std::to_string(kMost));
  return {width, height};
}

void check(const VisualiseOptions& options) {
  if (options.classes.empty() == options.value.empty())
    throw InputError("--class", "give either --class, or --value with --channel");
  if (options.value.empty() != options.channels.empty())
    throw InputError("--channel", "and --value need each other");
  if (!options.near.empty() && !options.target)
    throw InputError("--near", "needs --target-activation: what is to be reached near the picture");
}

// What a file may be called after: lower-case letters, digits and dashes.
std::string slug(const std::string& text) {
  std::string s;
  for (const char c : text) {
    const bool keep = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (keep)
      s += c;
    else if (c >= 'A' && c <= 'Z')
      s += static_cast<char>(c - 'A' + 'a');
    else if (!s.empty() && s.back() != '-')
      s += '-';
  }
  s = s.substr(0, 40);
  while (!s.empty() && s.back() == '-') s.pop_back();
  return s;
}

std::string short_number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}

class Exhibition {
 public:
  Exhibition(const VisualiseOptions& options, const Visualisation::Params& params,
             const network::Classifier& classifier, const jobs::Visualise& job, std::uint64_t seed)
      : options_(options), params_(params), classifier_(classifier), job_(job), seed_(seed) {}

  void write(const std::vector<std::string>& results) const {
    ordered_json pictures = ordered_json::array();
    std::vector<imaging::Tile> tiles;
    std::int64_t steps = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto made = from_bytes<jobs::Visualised>(results[i]);
      const std::string file = file_of(i);
      write_file(path(file), made.png);
      tiles.push_back({imaging::decode(made.png, file), name_of(i)});
      pictures.push_back(json_of(i, made, file));
      steps += static_cast<std::int64_t>(made.curve.size());
      say(i, made, pictures.back());
    }
    write_file(path("contact-sheet.png"), imaging::contact_sheet_png(tiles));
    const std::int64_t passes = steps * job_.views();
    const auto count = static_cast<std::int64_t>(results.size());
    const std::int64_t beside = jobs::kNoisePictures + 3 * count + (options_.near.empty() ? 0 : 1);
    ordered_json all{{"schema", "assay.visualise/1"},
                     {"tool", {{"name", "assay"}, {"version", ASSAY_VERSION}}},
                     {"model", {{"file", classifier_.file()}, {"sha256", classifier_.sha256()}}},
                     {"size", {{"width", job_.width()}, {"height", job_.height()}}},
                     {"seed", seed_},
                     {"settings", settings()},
                     {"cost", {{"forwards", passes + beside}, {"backwards", passes}}},
                     {"pictures", std::move(pictures)}};
    write_file(path("visualise.json"), text_of(all, 1) + "\n");
  }

 private:
  static std::string text_of(const ordered_json& json, int indent) {
    return json.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
  }
  std::string path(const std::string& file) const {
    return (fs::path(options_.directory) / file).string();
  }
  bool of_class() const { return options_.value.empty(); }
  const std::string& label(std::int64_t k) const {
    return classifier_.labels().at(static_cast<std::size_t>(k));
  }
  std::string name_of(std::size_t i) const {
    const std::int64_t k = job_.chosen()[i];
    return of_class() ? label(k) : "channel " + std::to_string(k);
  }
  std::string file_of(std::size_t i) const {
    const std::string number = std::to_string(job_.chosen()[i]);
    if (!of_class()) return slug(options_.value) + "-channel-" + number + ".png";
    const std::string name = slug(name_of(i));
    return "class-" + number + (name.empty() || name == number ? "" : "-" + name) + ".png";
  }

  ordered_json settings() const {
    ordered_json all;
    for (const auto& info : field_infos<Visualisation>())
      std::visit([&](const auto& v) { all[info.name] = v; },
                 get_field<Visualisation>(params_, info.name));
    return all;
  }

  ordered_json json_of(std::size_t i, const jobs::Visualised& made, const std::string& file) const {
    const std::int64_t k = job_.chosen()[i];
    const char* const statuses[] = {"ok", "flat", "nonfinite"};
    ordered_json j;
    if (of_class())
      j["class"] = {{"index", k}, {"class", label(k)}};
    else
      j["value"] = options_.value, j["channel"] = k;
    j["png"] = file;
    j["status"] = statuses[static_cast<int>(made.status)];
    j["steps"] = made.curve.size();
    j["activation"] = made.activation;
    j["activation_prepared"] = made.prepared;
    const jobs::Noise noise = job_.noise(i);
    j["noise"] = {{"pictures", jobs::kNoisePictures},
                  {"mean", noise.mean},
                  {"deviation", noise.deviation},
                  {"largest", noise.largest}};
    if (options_.target)
      j["target"] = {{"activation", *options_.target}, {"reached", made.reached}};
    if (!options_.near.empty())
      j["near"] = {{"image", options_.near},
                   {"activation", job_.near_activation(i)},
                   {"rms_distance", made.distance}};
    j["predicted"] = {
        {"index", made.top}, {"class", label(made.top)}, {"probability", made.top_probability}};
    j["curve"] = made.curve;
    return j;
  }

  void say(std::size_t i, const jobs::Visualised& made, ordered_json j) const {
    if (made.status == methods::AscentStatus::kNonfinite)
      warn(name_of(i) + ": the activation or its gradient is not finite at step " +
           std::to_string(made.curve.size() + 1) + "; the picture is the one before");
    if (made.status == methods::AscentStatus::kFlat)
      warn(name_of(i) + ": the gradient is zero, so there is no way up from the first picture");
    if (options_.json) {
      j.erase("curve");
      j["png"] = path(j["png"].get<std::string>());
      std::printf("%s\n", text_of(j, -1).c_str());
      return;
    }
    std::string text = name_of(i) + ": activation " + short_number(made.activation) + " (" +
                       short_number(made.prepared) + " when prepared, " +
                       short_number(job_.noise(i).mean) + " on noise";
    if (!options_.near.empty()) text += ", " + short_number(job_.near_activation(i)) + " at first";
    text += ")";
    if (options_.target)
      text += std::string(made.reached ? ", reached " : ", NOT reached: ") +
              short_number(*options_.target) + (made.reached ? " in " : " after ") +
              std::to_string(made.curve.size()) + " steps";
    if (!options_.near.empty())
      text += ", " + short_number(made.distance) + " from " + options_.near;
    text += ", taken for " + label(made.top) + " at " + short_number(made.top_probability);
    std::printf("%s: %s\n", text.c_str(), path(file_of(i)).c_str());
  }

  const VisualiseOptions& options_;
  const Visualisation::Params& params_;
  const network::Classifier& classifier_;
  const jobs::Visualise& job_;
  std::uint64_t seed_;
};

int visualise(const VisualiseOptions& options, const Global& global) {
  check(options);
  const Visualisation::Params params = params_of(options);
  jobs::VisualiseRequest request;
  std::tie(request.width, request.height) = size_of(options.size);
  network::configure_numerics();
  const auto classifier = network::Classifier::open(
      options.model.model, options.model.input_description(), options.model.output_description(),
      options.model.label_names(), options.model.reading());
  if (!options.value.empty()) request.value = classifier.value_named(options.value);
  request.choose = [&](std::int64_t count) {
    return options.value.empty() ? classes_named(options.classes, classifier.labels(), "--class")
                                 : numbers_named(options.channels, count, "--channel");
  };
  request.params = params;
  request.seed = global.seed.value_or(0);
  request.target = options.target;
  if (!options.near.empty()) {
    const bool gray = classifier.input().channels == Channels::kGray;
    request.near = imaging::decode(imaging::read_picture_file(options.near), options.near,
                                   {classifier.input().upright, gray});
    request.near_name = options.near;
  }
  const jobs::Visualise job(classifier, std::move(request));
  const OutFolder folder(options.directory);
  jobs::RunOptions run;
  run.directory = options.directory;
  run.threads = thread_count(global);
  std::optional<ProgressLine> line(std::in_place, global);
  run.progress = [&line](const jobs::Progress& p) { (*line)({"steps", p.done, p.total}); };
  const Exhibition exhibition(options, params, classifier, job, global.seed.value_or(0));
  jobs::run(job, run, [&](const std::vector<std::string>& all) {
    line.reset();  // the answers stand where it stood
    exhibition.write(all);
  });
  return kPass;
}

}  // namespace

void add_visualise(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand("visualise", "pictures that excite a class or a channel most");
  auto options = std::make_shared<VisualiseOptions>();
  options->model.add(*command);
  command->add_option("--class", options->classes,
                      "names, indices, ranges like 0-9, separated by commas, or all");
  command->add_option("--value", options->value, "a graph value, see assay inspect");
  command->add_option("--channel", options->channels,
                      "of the value: numbers, ranges like 0-15, separated by commas, or all");
  command->add_option("--target-activation", options->target,
                      "reach this activation instead of the largest");
  command->add_option("--near", options->near, "stay near this picture while reaching it");
  command->add_option("--size", options->size,
                      "px, such as 224 or 320x240, where the model takes any");
  command->add_option("-o,--out", options->directory, "folder for the pictures, made if missing")
      ->required();
  command->add_flag("--json", options->json, "one JSON object a line");
  for (const auto& info : field_infos<Visualisation>())
    command->add_option(option_of(info.name), options->settings[info.name],
                        info.help + " (" + to_text(info.initial) + ")");
  command->footer(
      "Example: assay visualise classifier.onnx --class all --input imagenet -o pictures");
  command->callback(
      [=, &global, &action] { action = [=, &global] { return visualise(*options, global); }; });
}

}  // namespace assay::cli
