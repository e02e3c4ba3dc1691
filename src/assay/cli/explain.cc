// assay explain MODEL IMAGE… --method M [--target CLASS] [--layer VALUE] -o DIR

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/cli/command.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/overlay.h"
#include "assay/methods/attribution/cam.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

struct ExplainOptions {
  ModelOptions model;
  std::vector<std::string> images;
  std::string method = "hirescam", target, layer, directory;
  bool json = false;
};

// A class by its name, else by its index; -1 for the predicted one.
std::int64_t target_class(const std::string& target, const network::Classifier& classifier) {
  if (target.empty()) return -1;
  const auto& labels = classifier.labels();
  if (const auto at = std::find(labels.begin(), labels.end(), target); at != labels.end())
    return at - labels.begin();
  std::size_t used = 0;
  std::int64_t index = -1;
  try {
    index = std::stoll(target, &used);
  } catch (const std::exception&) {
  }
  if (used == target.size() && index >= 0 && index < classifier.classes()) return index;
  const std::string near = nearest(target, labels);
  throw InputError("--target", "there is no class \"" + target +
                                   "\"; wanted a class name or 0 to " +
                                   std::to_string(classifier.classes() - 1) +
                                   (near.empty() ? "" : " (did you mean " + near + "?)"));
}

const char* status_of(const std::vector<float>& map) {
  if (!std::all_of(map.begin(), map.end(), [](float v) { return std::isfinite(v); }))
    return "nonfinite";
  return std::any_of(map.begin(), map.end(), [](float v) { return v > 0; }) ? "ok" : "zero";
}

class Explainer {
 public:
  Explainer(const ExplainOptions& options, const network::Classifier& classifier)
      : options_(options),
        classifier_(classifier),
        method_(options.method == "gradcam" ? methods::CamMethod::kGradCam
                                            : methods::CamMethod::kHiResCam),
        target_(target_class(options.target, classifier)),
        layer_(options.layer.empty() ? classifier.last_spatial_value()
                                     : classifier.value_named(options.layer)) {}

  void explain(const imaging::Row& row, const imaging::Picture& picture) {
    const methods::Slot slot{&picture, row.id};
    const at::Tensor input =
        methods::input_tensor(classifier_, classifier_.input(), std::span(&slot, 1));
    const std::vector<std::string> keep{layer_};
    const auto pass = classifier_.plain_forward(input, keep);
    const std::int64_t target =
        target_ >= 0 ? target_ : pass.logits[0].argmax().item<std::int64_t>();
    const at::Tensor map = methods::signed_cam(classifier_, input, layer_, pass.values.at(layer_),
                                               std::span(&target, 1), method_)[0]
                               .clamp_min(0)  // keeps NaN
                               .contiguous();
    Overlay overlay;
    overlay.height = static_cast<int>(map.size(0));
    overlay.width = static_cast<int>(map.size(1));
    overlay.values.assign(map.data_ptr<float>(), map.data_ptr<float>() + map.numel());
    const auto box =
        imaging::covered_box(picture, classifier_.input(), methods::demand_of(classifier_));
    const double corners[] = {box.left, box.top, box.right, box.bottom};
    std::copy(std::begin(corners), std::end(corners), overlay.box);
    write(row, picture, target, overlay);
  }

 private:
  void write(const imaging::Row& row, const imaging::Picture& picture, std::int64_t target,
             const Overlay& overlay) {
    const std::string status = status_of(overlay.values);
    const std::string base =
        (fs::path(options_.directory) / (unique_stem(row.id) + "." + options_.method)).string();
    write_npy(base + ".npy", {overlay.height, overlay.width}, overlay.values);
    write_file(base + ".png", imaging::overlay_png(picture, overlay));
    const std::string& name = classifier_.labels()[static_cast<std::size_t>(target)];
    if (!options_.json) {
      std::printf("%s: %s, layer %s, %s: %s.png\n", image_name(row).c_str(), name.c_str(),
                  layer_.c_str(), status.c_str(), base.c_str());
      return;
    }
    const nlohmann::ordered_json line{{"image", image_name(row)},
                                      {"method", options_.method},
                                      {"target", {{"index", target}, {"class", name}}},
                                      {"layer", layer_},
                                      {"status", status},
                                      {"npy", base + ".npy"},
                                      {"png", base + ".png"}};
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", line.dump(-1, ' ', false, replace).c_str());
  }

  // Pictures of two folders may share a stem: the second is called STEM-2.
  std::string unique_stem(const std::string& id) {
    const std::string stem = fs::path(id).stem().string();
    const int n = ++stems_[stem];
    return n == 1 ? stem : stem + "-" + std::to_string(n);
  }

  const ExplainOptions& options_;
  const network::Classifier& classifier_;
  methods::CamMethod method_;
  std::int64_t target_;
  std::string layer_;
  std::map<std::string, int> stems_;
};

}  // namespace

void add_explain(CLI::App& app, const Global&, Action& action) {
  auto* command = app.add_subcommand("explain", "maps of where the evidence for a class lies");
  auto options = std::make_shared<ExplainOptions>();
  options->model.add(*command);
  command->add_option("IMAGE", options->images, "pictures, or folders of pictures")->required();
  command->add_option("--method", options->method, "hirescam or gradcam")
      ->check(CLI::IsMember({"hirescam", "gradcam"}))
      ->capture_default_str();
  command->add_option("--target", options->target,
                      "a class name or index (default: the predicted)");
  command->add_option("--layer", options->layer,
                      "a 4-D graph value, see assay inspect (default: the last with extent)");
  command->add_option("-o,--out", options->directory, "folder for the maps, made if missing")
      ->required();
  command->add_flag("--json", options->json, "one JSON object a line");
  command->footer("Example: assay explain classifier.onnx photo.jpg --input imagenet -o maps");
  command->callback([=, &action] {
    action = [=] {
      network::configure_numerics();
      const auto data = imaging::DataSet::unlabelled(options->images);
      const auto classifier =
          network::Classifier::open(options->model.model, options->model.input_description(),
                                    options->model.output_description(),
                                    options->model.label_names(), options->model.reading());
      std::error_code error;
      fs::create_directories(options->directory, error);
      if (error) throw InputError(options->directory, "cannot be made: " + error.message());
      Explainer explainer(*options, classifier);
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
