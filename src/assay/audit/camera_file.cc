#include "assay/audit/camera_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/audit/description.h"
#include "assay/audit/yaml.h"
#include "assay/base/file.h"

namespace assay::audit {

namespace {

using imaging::CameraStage;

std::vector<double> numbers_of(const YAML::Node& node, const std::string& where) {
  std::vector<double> all;
  const auto add = [&](const YAML::Node& item) {
    double value = NAN;
    if (!item.IsScalar() || !YAML::convert<double>::decode(item, value) || !std::isfinite(value))
      throw InputError(where, "wanted numbers");
    all.push_back(value);
  };
  if (node.IsSequence()) {
    for (const auto& item : node) {
      if (item.IsSequence())
        for (const auto& inner : item) add(inner);
      else
        add(item);
    }
  } else {
    add(node);
  }
  return all;
}

// "demosaic: menon", "tone: {gamma: 2.2}", "clip: [0, 1]".
CameraStage stage_of(const std::string& path, const YAML::Node& node) {
  const std::string where = place(path, node);
  if (!node.IsMap() || node.size() != 1)
    throw InputError(where, "a stage is one name with its form, such as \"demosaic: menon\"");
  CameraStage stage;
  stage.name = node.begin()->first.Scalar();
  const YAML::Node value = node.begin()->second;
  if (value.IsMap()) {
    if (value.size() != 1)
      throw InputError(where, stage.name + ": wanted one form with its numbers");
    stage.form = value.begin()->first.Scalar();
    stage.numbers = numbers_of(value.begin()->second, where + ": " + stage.name);
  } else if (double number = 0; value.IsScalar() && !YAML::convert<double>::decode(value, number)) {
    stage.form = value.Scalar();
  } else if (value.IsScalar() || value.IsSequence()) {
    stage.numbers = numbers_of(value, where + ": " + stage.name);
  } else {
    throw InputError(where, stage.name + ": says nothing");
  }
  return stage;
}

}  // namespace

imaging::CameraChain read_camera(const std::string& path) {
  Mapping keys(path, parse_yaml(read_file(path, kMostPlanBytes), path), "camera");
  keys.whole("camera", 1, 1, 1);
  const YAML::Node list = keys.require("stages");
  if (!list.IsSequence()) throw InputError(keys.where("stages"), "wanted a list of stages");
  imaging::CameraSettings settings;
  if (const YAML::Node set = keys.take("set"); set.IsDefined()) {
    Mapping values(path, set, "set");
    for (const std::string& name : values.keys())
      settings.emplace_back(name, values.number(name, 0, {}));
  }
  keys.finish({"camera", "stages", "set"});
  std::vector<CameraStage> stages;
  for (const auto& node : list) {
    stages.push_back(stage_of(path, node));
    // Each by itself too, so that an error names its line.
    imaging::check_stage(stages.back(), place(path, node));
  }
  return {std::move(stages), path, std::move(settings)};
}

imaging::CameraChain named_camera(const std::string& plan, const std::string& name,
                                  const std::string& where) {
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return read_camera(beside(plan, name));
  return imaging::CameraChain::parse(name, where);
}

std::string camera_yaml(const imaging::CameraChain& camera) {
  std::string text = "camera: 1\nstages:\n";
  for (const CameraStage& s : camera.stages()) {
    std::string numbers;
    for (const double v : s.numbers) numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", v);
    if (s.numbers.size() > 1) numbers = "[" + numbers + "]";
    const std::string value = s.form.empty()      ? numbers
                              : s.numbers.empty() ? s.form
                                                  : "{" + s.form + ": " + numbers + "}";
    text += "  - " + s.name + ": " + value + "\n";
  }
  if (!camera.settings().empty()) text += "set:\n";
  for (const auto& [name, value] : camera.settings())
    text += fmt::format("  {}: {}\n", name, value);
  return text;
}

imaging::Sensor read_sensor(const std::string& path) {
  Mapping keys(path, parse_yaml(read_file(path, kMostPlanBytes), path), "sensor");
  imaging::Sensor sensor;
  const auto list = [&](const std::string& key, std::size_t count) {
    const auto values = numbers_of(keys.require(key), keys.where(key) + ": " + key);
    if (values.size() != count)
      throw InputError(keys.where(key), key + " has " + std::to_string(values.size()) +
                                            " numbers; wanted " + std::to_string(count));
    return values;
  };
  const auto black = numbers_of(keys.require("black_level"), keys.where("black_level"));
  if (black.size() != 1 && black.size() != 4)
    throw InputError(keys.where("black_level"), "wanted one number, or one a 2 × 2 place");
  for (std::size_t k = 0; k < 4; ++k) sensor.black[k] = black[black.size() == 4 ? k : 0];
  sensor.white = list("white_level", 1)[0];
  sensor.cfa = imaging::cfa_named(keys.required_text("cfa"), keys.where("cfa"));
  if (keys.has("white_balance")) {
    const auto gains = list("white_balance", 3);
    for (const double g : gains)
      if (!(g > 0)) throw InputError(keys.where("white_balance"), "gains lie above 0");
    std::copy(gains.begin(), gains.end(), sensor.as_shot.begin());
  }
  const std::string matrix = keys.has("colour_matrix") ? "colour_matrix" : "color_matrix";
  if (keys.has(matrix)) {
    const auto values = list(matrix, 9);
    std::copy(values.begin(), values.end(), sensor.to_srgb.begin());
  }
  keys.finish(
      {"black_level", "white_level", "cfa", "white_balance", "colour_matrix", "color_matrix"});
  return sensor;
}

}  // namespace assay::audit
