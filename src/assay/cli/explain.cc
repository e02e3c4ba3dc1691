// assay explain MODEL IMAGE… --method M [its options] [--target CLASS] [--layer VALUE] -o DIR

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/cli/command.h"
#include "assay/cli/out_folder.h"
#include "assay/cli/selection.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/overlay.h"
#include "assay/methods/attribution/catalogue.h"
#include "assay/methods/attribution/layer.h"
#include "assay/methods/batch.h"
#include "assay/methods/mean_color.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::cli {

namespace {

struct ExplainOptions {
  ModelOptions model;
  std::vector<std::string> images;
  std::string method = "hires_cam", target, layer, directory;
  std::map<std::string, std::string> settings;  // the methods' own options by name, as written
  bool json = false, keep_sign = false, brightness = false;
  std::uint64_t seed = 0;
};

std::string option_of(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

// What was given, read as the method's own options; InputError for those of other methods.
Settings settings_of(const methods::Method& method, const ExplainOptions& options) {
  if (method.info.resolution != methods::Resolution::kLayer && !options.layer.empty())
    throw InputError("--layer", "is no option of " + std::string(method.info.name) +
                                    ", which explains " +
                                    (method.info.resolution == methods::Resolution::kInput
                                         ? "the input"
                                         : "the attention of all layers"));
  Settings settings;
  const auto fields = method.fields();
  for (const auto& [name, text] : options.settings) {
    if (text.empty()) continue;
    const auto own = std::find_if(fields.begin(), fields.end(),
                                  [&, n = name](const FieldInfo& f) { return f.name == n; });
    if (own == fields.end()) {
      std::string others;
      for (const auto& field : fields)
        others += (others.empty() ? "" : ", ") + option_of(field.name);
      throw InputError(option_of(name),
                       "is no option of " + std::string(method.info.name) +
                           (others.empty() ? ", which has none" : "; those are " + others));
    }
    settings.emplace_back(name, parsed(*own, text, option_of(name)));
  }
  return settings;
}

// Which maps are wanted: of the predicted class, of all, or of the one that --target names.
constexpr std::int64_t kPredicted = -1, kAllClasses = -2;

std::int64_t wanted_class(const std::string& target, const std::vector<std::string>& labels) {
  if (target.empty()) return kPredicted;
  const bool is_label = std::find(labels.begin(), labels.end(), target) != labels.end();
  if (target == "all" && !is_label) return kAllClasses;
  return class_named(target, labels, "--target");
}

const char* status_of(const std::vector<float>& map) {
  if (!std::all_of(map.begin(), map.end(), [](float v) { return std::isfinite(v); }))
    return "nonfinite";
  return std::any_of(map.begin(), map.end(), [](float v) { return v != 0; }) ? "ok" : "zero";
}

// The share `quantile` of the map's values have a smaller magnitude.
double magnitude_at(const at::Tensor& map, double quantile) {
  const at::Tensor sorted = std::get<0>(at::sort(at::abs(map).flatten()));
  return sorted[static_cast<std::int64_t>(quantile * static_cast<double>(map.numel() - 1))]
      .item<double>();
}

bool asks_for_data_mean(const Settings& settings) {
  return std::any_of(settings.begin(), settings.end(), [](const auto& setting) {
    const auto* text = std::get_if<std::string>(&setting.second);
    return text && *text == "data_mean";
  });
}

class Explainer {
 public:
  Explainer(const ExplainOptions& options, const methods::Method& method, const Settings& settings,
            const network::Classifier& classifier, at::Tensor data_mean)
      : options_(options),
        classifier_(classifier),
        method_(method),
        settings_(settings),
        data_mean_(std::move(data_mean)),
        folder_(options.directory),
        target_(wanted_class(options.target, classifier.labels())) {
    if (of_layer())
      layer_ = options.layer.empty() ? methods::default_layer(classifier)
                                     : classifier.value_named(options.layer);
  }

  void explain(const imaging::Row& row, const imaging::Picture& picture) {
    const methods::Slot slot{&picture, row.id};
    const at::Tensor input =
        methods::input_tensor(classifier_, classifier_.input(), std::span(&slot, 1));
    std::vector<std::string> keep;
    if (of_layer()) keep.push_back(layer_);
    const auto pass = classifier_.plain_forward(input, keep);
    const std::int64_t target =
        target_ >= 0 ? target_ : pass.logits[0].argmax().item<std::int64_t>();
    methods::Question question{classifier_, input, {target},      {image_name(row)},
                               layer_,      {},    options_.seed, data_mean_};
    if (of_layer())
      question.value = pass.values.at(layer_);
    else
      question.input = input.narrow(0, 0, 1);
    methods::Attribution made;
    at::Tensor classes;  // [K,h,w] of all classes
    if (target_ == kAllClasses) {
      classes = shown(method_.explain_all(question, settings_)[0]).contiguous();
      made.map = classes.narrow(0, target, 1);
    } else {
      made = method_.explain(question, settings_);
    }
    const at::Tensor map = shown(made.map[0]).contiguous();
    Overlay overlay;
    overlay.height = static_cast<int>(map.size(0));
    overlay.width = static_cast<int>(map.size(1));
    overlay.values.assign(map.data_ptr<float>(), map.data_ptr<float>() + map.numel());
    const auto box =
        imaging::covered_box(picture, classifier_.input(), methods::demand_of(classifier_));
    const double corners[] = {box.left, box.top, box.right, box.bottom};
    std::copy(std::begin(corners), std::end(corners), overlay.box);
    overlay.diverging = signed_map();
    // A gradient's few largest pixels would leave the others invisible.
    if (made.channels.defined()) overlay.scale_max = magnitude_at(map, 0.99);
    write(row, picture, target, overlay, made, classes);
  }

 private:
  bool of_layer() const { return method_.info.resolution == methods::Resolution::kLayer; }
  bool of_input() const { return method_.info.resolution == methods::Resolution::kInput; }
  bool signed_map() const { return of_input() || options_.keep_sign; }
  at::Tensor shown(const at::Tensor& map) const {
    return signed_map() ? map : map.clamp_min(0);  // keeps NaN
  }

  static void write_tensor(const std::string& file, const at::Tensor& tensor) {
    const float* values = tensor.data_ptr<float>();
    write_npy(file, tensor.sizes().vec(), {values, values + tensor.numel()});
  }

  void write(const imaging::Row& row, const imaging::Picture& picture, std::int64_t target,
             const Overlay& overlay, const methods::Attribution& made, const at::Tensor& classes) {
    const std::string status = status_of(overlay.values), method(method_.info.name);
    const std::string base = folder_.next(row.id) + "." + method;
    write_npy(base + ".npy", {overlay.height, overlay.width}, overlay.values);
    if (made.channels.defined())
      write_tensor(base + ".channels.npy", made.channels[0].contiguous());
    if (classes.defined()) write_tensor(base + ".classes.npy", classes);
    for (const auto& part : made.parts)
      write_tensor(base + "." + part.name + ".npy", part.map[0].contiguous());
    write_file(base + ".png", imaging::overlay_png(picture, overlay));
    if (options_.brightness)
      write_file(base + ".brightness.png", imaging::brightness_png(picture, overlay));
    const std::string& name = classifier_.labels()[static_cast<std::size_t>(target)];
    if (!options_.json) {
      std::printf("%s: %s, %s%s%s: %s.png\n", image_name(row).c_str(), name.c_str(),
                  layer_.empty() ? "" : ("layer " + layer_ + ", ").c_str(), status.c_str(),
                  figures_text(made).c_str(), base.c_str());
      return;
    }
    nlohmann::ordered_json line{{"image", image_name(row)},
                                {"method", method},
                                {"target", {{"index", target}, {"class", name}}}};
    if (of_layer()) line["layer"] = layer_;
    line["status"] = status;
    if (!made.gaps.empty()) line["completeness_gap"] = made.gaps[0];
    for (const auto& figure : made.figures)  // null where there is none
      line["figures"][figure.name] = figure.values[0];
    line["npy"] = base + ".npy";
    if (made.channels.defined()) line["channels_npy"] = base + ".channels.npy";
    if (classes.defined()) line["classes_npy"] = base + ".classes.npy";
    for (const auto& part : made.parts)
      line["parts_npy"][part.name] = base + "." + part.name + ".npy";
    line["png"] = base + ".png";
    if (options_.brightness) line["brightness_png"] = base + ".brightness.png";
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", line.dump(-1, ' ', false, replace).c_str());
  }

  static std::string figures_text(const methods::Attribution& made) {
    std::string all;
    char text[64];
    if (!made.gaps.empty()) {
      std::snprintf(text, sizeof text, ", its sum misses the rise by %.2g %%", 100 * made.gaps[0]);
      all += text;
    }
    for (const auto& figure : made.figures) {
      std::string name = figure.name;
      std::replace(name.begin(), name.end(), '_', ' ');
      std::snprintf(text, sizeof text, "%.4g", figure.values[0]);
      all += ", " + name + " " + (std::isnan(figure.values[0]) ? "none" : text);
    }
    return all;
  }

  const ExplainOptions& options_;
  const network::Classifier& classifier_;
  const methods::Method& method_;
  const Settings& settings_;
  at::Tensor data_mean_;
  OutFolder folder_;
  std::int64_t target_;
  std::string layer_;  // empty where the method explains the input
};

// Every option of every method, with the methods that have it.
std::map<std::string, std::string> options_of_methods() {
  std::map<std::string, std::string> all;
  for (const auto& method : methods::attribution_methods())
    for (const auto& field : method.fields()) {
      std::string& help = all[field.name];
      if (help.empty()) {
        help = field.help;
        for (const auto& word : field.choices)
          help += (&word == &field.choices[0] ? ": " : ", ") + word;
      }
      help += "; " + std::string(method.info.name) + " (" + to_text(field.initial) + ")";
    }
  return all;
}

std::string methods_text() {
  std::string text = "Methods:\n";
  for (const auto& method : methods::attribution_methods()) {
    std::string name(method.info.name);
    name.resize(std::max<std::size_t>(name.size() + 1, 22), ' ');
    text += "  " + name + std::string(method.info.says) + "\n";
  }
  return text;
}

}  // namespace

void add_explain(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand("explain", "maps of where the evidence for a class lies");
  auto options = std::make_shared<ExplainOptions>();
  options->model.add(*command);
  command->add_option("IMAGE", options->images, "pictures, or folders of pictures")->required();
  command->add_option("--method", options->method, "one of those below")->capture_default_str();
  command->add_option(
      "--target", options->target,
      "a class name or index, or all: the maps of every class in one file (default: the "
      "predicted)");
  command->add_option(
      "--layer", options->layer,
      "a graph value [N,C,h,w] or tokens [N,T,C], see assay inspect (default: the last "
      "with extent that the logits depend on)");
  command->add_option("-o,--out", options->directory, "folder for the maps, made if missing")
      ->required();
  command->add_flag("--json", options->json, "one JSON object a line");
  command->add_flag("--signed", options->keep_sign,
                    "keep what speaks against the class in maps of layers too");
  command->add_flag("--brightness", options->brightness,
                    "also the picture darkened where the map does not support the class");
  for (const auto& [name, help] : options_of_methods())
    command->add_option(option_of(name), options->settings[name], help);
  command->footer(methods_text() +
                  "\nExample: assay explain classifier.onnx photo.jpg --input imagenet -o maps");
  command->callback([=, &global, &action] {
    action = [=, &global] {
      options->seed = global.seed.value_or(0);
      const auto& method = methods::attribution_named(options->method, "--method");
      const auto settings = settings_of(method, *options);
      network::configure_numerics();
      const auto data = imaging::DataSet::unlabelled(options->images);
      const auto classifier =
          network::Classifier::open(options->model.model, options->model.input_description(),
                                    options->model.output_description(),
                                    options->model.label_names(), options->model.reading());
      Explainer explainer(
          *options, method, settings, classifier,
          asks_for_data_mean(settings) ? methods::mean_color(classifier, data) : at::Tensor());
      int code = kPass;
      for (std::size_t i = 0; i < data.size(); ++i) {
        imaging::Picture picture;
        try {
          picture = data.picture(
              i, {classifier.input().upright, classifier.input().channels == Channels::kGray});
          imaging::prepared_size(picture, data.rows()[i].id, classifier.input(),
                                 methods::demand_of(classifier));
        } catch (const InputError& e) {
          warn(e.what());
          code = kBadRequest;
          continue;
        }
        explainer.explain(data.rows()[i], picture);
      }
      return code;
    };
  });
}

}  // namespace assay::cli
