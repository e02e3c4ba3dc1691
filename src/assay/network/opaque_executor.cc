#include "assay/network/opaque_executor.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/network/rehearsal.h"
#include "assay/network/torchscript.h"
#include "assay/network/torchscript_file.h"
#include "assay/network/torchscript_reader.h"

namespace assay::network {

namespace {

constexpr std::chrono::seconds kRunLimit{300};
constexpr int kTriedRows[] = {1, 2, 8};

using Named = std::vector<std::pair<std::string, at::Tensor>>;

// Every tensor in what forward returns, under the names of torchscript_reader.h.
void collect(const c10::IValue& value, const std::string& name, Named& found) {
  const auto part = [&](const std::string& own) { return name.empty() ? own : name + "." + own; };
  const std::string numbered = (name.empty() ? "output" : name) + ".";
  if (value.isTensor()) {
    found.emplace_back(name.empty() ? "output" : name, value.toTensor());
  } else if (value.isTuple()) {
    const auto tuple = value.toTuple();
    const auto schema = tuple->type()->schema();
    for (std::size_t i = 0; i < tuple->elements().size(); ++i)
      collect(tuple->elements()[i],
              schema ? part(schema->arguments()[i].name()) : numbered + std::to_string(i), found);
  } else if (value.isList()) {
    const auto items = value.toList();
    for (std::size_t i = 0; i < items.size(); ++i)
      collect(items.get(i), numbered + std::to_string(i), found);
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict())
      if (entry.key().isString()) collect(entry.value(), part(entry.key().toStringRef()), found);
  }
}

// One pass; whatever goes wrong is an InputError.
Named forward(const std::string& path, torch::jit::Module& module, const at::Tensor& pictures) {
  const at::NoGradGuard no_grad;
  const torch::jit::GraphOptimizerEnabledGuard plain(false);
  Named found;
  const auto refuse = [&](std::string text) {
    const auto from = text.find_last_not_of("\n ");
    text = text.substr(0, from == std::string::npos ? 0 : from + 1);
    const auto line = text.rfind('\n');  // TorchScript's trace of calls ends in what went wrong
    return InputError(path, "its own code fails on pictures of shape [" +
                                std::to_string(pictures.size(0)) +
                                ",…]: " + text.substr(line == std::string::npos ? 0 : line + 1));
  };
  try {
    collect(module.forward({pictures}), "", found);
  } catch (const c10::Error& error) {
    throw refuse(error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw refuse(error.what());
  }
  return found;
}

class OpaqueExecutor final : public Executor {
 public:
  OpaqueExecutor(std::shared_ptr<const Graph> graph, std::shared_ptr<torch::jit::Module> module)
      : graph_(std::move(graph)), module_(std::move(module)) {}

  std::vector<at::Tensor> run(const Request& request) const override {
    if (request.given.size() != 1 || request.given[0].value != graph_->inputs()[0].value)
      throw InputError(graph_->file(),
                       "runs as a black box (opaque), which starts at its input only");
    const at::Tensor& pictures = request.given[0].tensor;
    if (pictures.requires_grad() && at::GradMode::is_enabled())
      throw InputError(graph_->file(), "runs as a black box (opaque), which has no gradients");
    const Named found = forward(graph_->file(), *module_, pictures);
    std::vector<at::Tensor> wanted;
    for (const ValueId id : request.wanted) wanted.push_back(value(id, pictures, found));
    if (request.observe)
      for (const ValueId id : graph_->outputs()) request.observe(id, value(id, pictures, found));
    return wanted;
  }

  bool follows_from_data(ValueId) const override { return true; }

 private:
  at::Tensor value(ValueId id, const at::Tensor& pictures, const Named& found) const {
    if (id == graph_->inputs()[0].value) return pictures;
    for (const auto& [name, tensor] : found)
      if (name == graph_->name(id)) return tensor;
    throw InputError(graph_->file(), "did not return \"" + graph_->name(id) + "\" this time");
  }

  std::shared_ptr<const Graph> graph_;
  std::shared_ptr<torch::jit::Module> module_;
};

// The first size that passes with one picture; tells then what came out, and goes on to more
// pictures, where an error is no matter (the micro-batch is then 1) but death is.
void try_sizes(const std::string& path, torch::jit::Module& module,
               const std::vector<InputSize>& sizes, Layout layout, const Say& say) {
  std::string reason;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    const InputSize& size = sizes[s];
    for (const int rows : kTriedRows) {
      say(std::to_string(s) + " " + std::to_string(rows));
      const auto pictures =
          at::zeros(layout == Layout::kNhwc ? Shape{rows, size.height, size.width, size.channels}
                                            : Shape{rows, size.channels, size.height, size.width});
      try {
        forward(path, module, pictures);
      } catch (const InputError& error) {
        if (rows == 1 && reason.empty()) reason = error.what();
        if (rows == 1) break;
      }
      if (rows == kTriedRows[2]) return;
    }
  }
  throw std::runtime_error(reason);
}

Graph graph_of(const std::string& path, const Named& outputs, const InputSize& size,
               Layout layout) {
  Graph graph(path);
  // Which other sizes would do is not known.
  const std::int64_t c = size.channels, h = size.height, w = size.width;
  graph.add_input("input", "float32", true,
                  layout == Layout::kNhwc ? Shape{kFree, h, w, c} : Shape{kFree, c, h, w});
  Node node;
  node.name = "forward";
  node.op = "TorchScript";
  node.domain = "assay";
  node.opset = 1;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : outputs) names.push_back(name);
  graph.add_node(std::move(node), {"input"}, names);
  for (const std::string& name : names) graph.add_output(name);
  graph.set_exporter("TorchScript");
  graph.finish();
  return graph;
}

}  // namespace

OpaqueModel open_opaque(const std::string& path, const InputSize& known, Layout layout) {
  TorchScriptFile file = load_torchscript(path);
  const std::vector<InputSize> sizes = usual_sizes(known);
  const Rehearsal tried = rehearse(
      [&](const Say& say) { try_sizes(path, *file.module, sizes, layout, say); }, kRunLimit);
  std::size_t s = 0;
  int rows = 0;
  std::sscanf(tried.last.c_str(), "%zu %d", &s, &rows);
  if (tried.end == Rehearsal::End::kError) throw InputError("", tried.error);
  if (tried.end != Rehearsal::End::kDone)
    throw InputError(path, "cannot be run: a pass over " + std::to_string(rows) +
                               (rows == 1 ? " picture " : " pictures ") +
                               how_it_ended(tried, kRunLimit));
  const InputSize& size = sizes.at(s);
  const Shape one = layout == Layout::kNhwc ? Shape{1, size.height, size.width, size.channels}
                                            : Shape{1, size.channels, size.height, size.width};
  const Named outputs = forward(path, *file.module, at::zeros(one));
  if (outputs.empty()) throw InputError(path, "the network returns no tensor");
  auto graph = std::make_shared<const Graph>(graph_of(path, outputs, size, layout));
  auto executor = std::make_unique<OpaqueExecutor>(graph, file.module);
  return {std::move(graph), std::move(executor), std::move(file.sha256)};
}

}  // namespace assay::network
