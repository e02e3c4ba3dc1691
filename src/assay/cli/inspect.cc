// assay inspect MODEL [--json]: what is in the file, and which of its values can be named as
// layers.

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "assay/audit/description.h"
#include "assay/checks/catalogue.h"
#include "assay/cli/command.h"
#include "assay/methods/attribution/layer.h"
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

std::int64_t product(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return n;
}

bool is_quantised(const std::string& op) {
  return op.starts_with("QLinear") || op.find("Integer") != std::string::npos ||
         op.find("QuantizeLinear") != std::string::npos;
}

// How many products make one item of the output. Of a matrix product: the length of the rows, of the
// first factor where that has a shape. Of a convolution: the input's channels and window, what is
// left of the weights' items beside the outputs that share them.
std::int64_t products_each(const network::Graph& graph, const network::Node& node,
                           const Shapes& shapes) {
  const bool quantised = node.op.starts_with("QLinear");
  const std::size_t at = quantised ? 3 : 1;
  if (node.inputs.size() <= at) return 0;
  const auto shape_of = [&](network::ValueId id) -> std::vector<std::int64_t> {
    if (const auto found = shapes.find(graph.name(id)); found != shapes.end()) return found->second;
    const at::Tensor* constant = graph.constant(id);
    if (!constant) return {};
    return {constant->sizes().begin(), constant->sizes().end()};
  };
  const auto first = shape_of(node.inputs[0]), second = shape_of(node.inputs[at]);
  if (node.op.find("MatMul") != std::string::npos)
    return !first.empty() ? first.back() : second.size() > 1 ? second[second.size() - 2] : 0;
  if (second.size() < 2) return 0;
  if (node.op == "Gemm") return second[node.integer("transB", 0) != 0 ? 1 : 0];
  return product(second) / std::max<std::int64_t>(1, second[0]);
}

// Of one image: convolutions and matrix products; all else is little beside them. `shapes` are those
// of a micro-batch of `images`: where among its dimensions they are, tokens and windows decide.
std::int64_t multiply_accumulates(const network::Graph& graph, const Shapes& shapes,
                                  std::int64_t images) {
  std::int64_t sum = 0;
  for (const auto& node : graph.nodes()) {
    const bool transposed = node.op == "ConvTranspose";
    const bool counts = node.op.find("Conv") != std::string::npos || node.op == "Gemm" ||
                        node.op.find("MatMul") != std::string::npos;
    if (!counts || node.outputs.empty() || node.outputs[0] == network::kNoValue) continue;
    // Each item of the input of a transposed convolution meets each weight of its channel.
    const auto value = transposed ? node.inputs.at(0) : node.outputs[0];
    const auto found = shapes.find(graph.name(value));
    if (found != shapes.end()) sum += product(found->second) * products_each(graph, node, shapes);
  }
  return sum / images;
}

// What kind of network it is, and which checks can therefore be asked.
ordered_json traits(const network::Classifier& classifier, bool has_layer) {
  bool quantised = false, attention = false;
  const network::Graph& graph = classifier.graph();
  std::set<network::ValueId> weights;  // results of a softmax
  for (const auto& node : graph.nodes()) {
    quantised = quantised || is_quantised(node.op);
    attention = attention || node.op.find("Attention") != std::string::npos;
    if (node.op == "Softmax") weights.insert(node.outputs.begin(), node.outputs.end());
    if (node.op == "MatMul" || node.op == "Einsum")
      for (const auto id : node.inputs) attention = attention || weights.count(id) > 0;
  }
  const bool gradients = classifier.reading() == network::Reading::kGraph;
  ordered_json j{{"gradients", gradients}, {"quantised", quantised}, {"attention", attention}};
  j["checks"] = ordered_json::object();
  for (const auto& entry : checks::catalogue()) {
    const auto needs = entry.info.needs;
    const bool applies = needs == checks::Needs::kLogits ||
                         (gradients && (needs == checks::Needs::kGradients || has_layer));
    j["checks"][std::string(entry.info.name)] = applies;
  }
  return j;
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
  j["exporter"] = graph.exporter();
  j["opset"] = opset;
  j["inputs"] = ordered_json::array();
  for (const auto& input : graph.inputs())
    j["inputs"].push_back(
        {{"name", graph.name(input.value)}, {"type", input.type}, {"shape", input.shape}});
  j["outputs"] = ordered_json::array();
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
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    const std::string& name = graph.name(graph.outputs()[i]);
    auto shape = graph.output_shape(i);
    if (const auto seen = shapes.find(name); seen != shapes.end()) {
      shape = seen->second;
      if (!shape.empty()) shape[0] = -1;
    }
    j["outputs"].push_back({{"name", name}, {"shape", shape}});
  }
  j["multiply_accumulates"] = multiply_accumulates(graph, shapes, classifier.micro_batch());
  try {
    j["default_layer"] = methods::default_layer(classifier);
  } catch (const InputError&) {
    j["default_layer"] = nullptr;
  }
  j.update(traits(classifier, !j["default_layer"].is_null()));
  return j;
}

void print(const ordered_json& j) {
  const auto number = [&](const char* key) { return j[key].get<long long>(); };
  std::printf("file          %s\nsha256        %s\nexporter      %s\nopset         %lld\n",
              j["file"].get<std::string>().c_str(), j["sha256"].get<std::string>().c_str(),
              j["exporter"].get<std::string>().c_str(), number("opset"));
  for (const auto& input : j["inputs"])
    std::printf("input         %s, %s %s\n", input["name"].get<std::string>().c_str(),
                input["type"].get<std::string>().c_str(),
                shape_text(input["shape"].get<std::vector<std::int64_t>>()).c_str());
  for (const auto& output : j["outputs"])
    std::printf("output        %s, %s\n", output["name"].get<std::string>().c_str(),
                shape_text(output["shape"].get<std::vector<std::int64_t>>()).c_str());
  std::printf(
      "classes       %lld\nmicro-batch   %lld\nparameters    %lld\nMACs/image    %.1f "
      "million\nnodes         %lld:",
      number("classes"), number("micro_batch"), number("parameters"),
      static_cast<double>(number("multiply_accumulates")) / 1e6, number("nodes"));
  for (const auto& [op, count] : j["operators"].items())
    std::printf(" %s×%d", op.c_str(), count.get<int>());
  const auto yes = [&](const char* key) { return j[key].get<bool>() ? "yes" : "no"; };
  std::printf("\ngradients     %s\nquantised     %s\nattention     %s\nchecks       ",
              yes("gradients"), yes("quantised"), yes("attention"));
  for (const auto& [check, applies] : j["checks"].items())
    std::printf(" %s%s", check.c_str(), applies.get<bool>() ? "" : " (cannot be asked)");
  std::printf(
      "\nlayers (4-D values, and what has the default's dimensions; the default is %s):\n",
      j["default_layer"].is_null() ? "none" : j["default_layer"].get<std::string>().c_str());
  std::size_t dimensions = 4;  // 3: tokens of an attention network
  for (const auto& value : j["values"])
    if (value["name"] == j["default_layer"]) dimensions = value["shape"].size();
  for (const auto& value : j["values"])
    if (value["shape"].size() == 4 || value["shape"].size() == dimensions)
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
