// assay inspect MODEL [--json]: what is in the file, and which of its values can be named as
// layers.

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "assay/audit/description.h"
#include "assay/cli/command.h"
#include "assay/network/classifier.h"
#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::cli {

namespace {

using nlohmann::ordered_json;
using Shapes = std::map<std::string, std::vector<std::int64_t>>;

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const auto d : shape) text += (text.empty() ? "" : "×") + (d < 0 ? "?" : std::to_string(d));
  return text;
}

std::int64_t product(const std::vector<std::int64_t>& shape, std::size_t from) {
  std::int64_t n = 1;
  for (std::size_t i = from; i < shape.size(); ++i) n *= shape[i];
  return n;
}

// Multiply-accumulates of one image: convolutions and matrix products by a constant, all else is
// little beside them.
std::int64_t multiply_accumulates(const network::Graph& graph, const Shapes& shapes) {
  std::int64_t sum = 0;
  for (const auto& node : graph.nodes()) {
    if (node.op != "Conv" && node.op != "Gemm" && node.op != "MatMul") continue;
    const auto out = shapes.find(graph.name(node.outputs.at(0)));
    const at::Tensor* weight = node.inputs.size() > 1 ? graph.constant(node.inputs[1]) : nullptr;
    if (out == shapes.end() || !weight || weight->numel() == 0) continue;
    const bool transposed = node.op == "Gemm" && node.integer("transB", 0) != 0;
    const std::int64_t channels =
        node.op == "Conv" || transposed ? weight->size(0) : weight->size(-1);
    sum += product(out->second, 1) * (weight->numel() / std::max<std::int64_t>(1, channels));
  }
  return sum;
}

ordered_json inspect(const network::Classifier& classifier) {
  const network::Graph& graph = classifier.graph();
  ordered_json j;
  j["file"] = classifier.file();
  j["sha256"] = classifier.sha256();
  int opset = 0;
  std::map<std::string, int> operators;
  for (const auto& node : graph.nodes()) {
    if (node.domain.empty()) opset = std::max(opset, node.opset);
    ++operators[node.domain.empty() ? node.op : node.domain + "." + node.op];
  }
  j["opset"] = opset;
  j["inputs"] = ordered_json::array();
  for (const auto& input : graph.inputs())
    j["inputs"].push_back(
        {{"name", graph.name(input.value)}, {"type", input.type}, {"shape", input.shape}});
  j["outputs"] = ordered_json::array();
  for (const auto id : graph.outputs()) j["outputs"].push_back(graph.name(id));
  j["output_kind"] = audit::kind_name(classifier.output().kind);
  j["classes"] = classifier.classes();
  j["micro_batch"] = classifier.micro_batch();
  j["nodes"] = graph.nodes().size();
  j["operators"] = operators;
  std::int64_t parameters = 0;
  for (int id = 0; id < graph.value_count(); ++id)
    if (const at::Tensor* t = graph.constant(id); t && t->is_floating_point())
      parameters += t->numel();
  j["parameters"] = parameters;
  Shapes shapes;
  j["values"] = ordered_json::array();
  for (const auto& value : classifier.values()) {
    shapes[value.name] = value.shape;
    auto each = value.shape;
    if (!each.empty()) each[0] = -1;
    j["values"].push_back({{"name", value.name}, {"operator", value.op}, {"shape", each}});
  }
  j["multiply_accumulates"] = multiply_accumulates(graph, shapes);
  try {
    j["default_layer"] = classifier.last_spatial_value();
  } catch (const InputError&) {
    j["default_layer"] = nullptr;
  }
  return j;
}

void print(const ordered_json& j) {
  const auto number = [&](const char* key) { return j[key].get<long long>(); };
  std::printf("file          %s\nsha256        %s\nopset         %lld\n",
              j["file"].get<std::string>().c_str(), j["sha256"].get<std::string>().c_str(),
              number("opset"));
  for (const auto& input : j["inputs"])
    std::printf("input         %s, %s %s\n", input["name"].get<std::string>().c_str(),
                input["type"].get<std::string>().c_str(),
                shape_text(input["shape"].get<std::vector<std::int64_t>>()).c_str());
  for (const auto& output : j["outputs"])
    std::printf("output        %s, %lld classes\n", output.get<std::string>().c_str(),
                number("classes"));
  std::printf(
      "micro-batch   %lld\nparameters    %lld\nMACs/image    %.1f million\nnodes         %lld:",
      number("micro_batch"), number("parameters"),
      static_cast<double>(number("multiply_accumulates")) / 1e6, number("nodes"));
  for (const auto& [op, count] : j["operators"].items())
    std::printf(" %s×%d", op.c_str(), count.get<int>());
  std::printf(
      "\nlayers (4-D values; the default is %s):\n",
      j["default_layer"].is_null() ? "none" : j["default_layer"].get<std::string>().c_str());
  for (const auto& value : j["values"])
    if (value["shape"].size() == 4)
      std::printf("  %-32s %-20s %s\n", value["name"].get<std::string>().c_str(),
                  value["operator"].get<std::string>().c_str(),
                  shape_text(value["shape"].get<std::vector<std::int64_t>>()).c_str());
}

}  // namespace

void add_inspect(CLI::App& app, const Global&, Action& action) {
  auto* command = app.add_subcommand("inspect", "inputs, outputs, layers, operators, parameters");
  auto options = std::make_shared<ModelOptions>();
  options->add(*command);
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "as one JSON object");
  command->footer("Example: assay inspect classifier.onnx");
  command->callback([=, &action] {
    action = [=] {
      network::configure_numerics();
      // Without a description the file's own guess decides what its output is.
      const auto guess = network::guess_description(options->model, options->reading());
      const auto classifier = network::Classifier::open(
          options->model, options->input.empty() ? guess.input : options->input_description(),
          options->output.empty() && options->output_value.empty() ? guess.output
                                                                   : options->output_description(),
          options->label_names(), options->reading());
      const ordered_json j = inspect(classifier);
      const auto replace = ordered_json::error_handler_t::replace;
      if (*as_json)
        std::printf("%s\n", j.dump(-1, ' ', false, replace).c_str());
      else
        print(j);
      return kPass;
    };
  });
}

}  // namespace assay::cli
