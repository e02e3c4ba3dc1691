#include "assay/network/opaque_executor.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <string_view>
#include <thread>

#include "assay/base/error.h"
#include "assay/network/child_process.h"
#include "assay/network/torchscript.h"
#include "assay/network/torchscript_file.h"
#include "assay/network/torchscript_reader.h"

namespace assay::network {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPassLimit{300};
constexpr int kTriedRows[] = {1, 2, 8};
constexpr unsigned kMostChildren = 8;

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

// -- what goes to the child and comes back: [count, then each tensor's lengths of name, type, shape],
// whole numbers of eight bytes; then names and items

std::string packed(const Named& tensors) {
  std::string head, body;
  const auto put = [&](std::int64_t n) {
    head.append(reinterpret_cast<const char*>(&n), sizeof n);
  };
  put(static_cast<std::int64_t>(tensors.size()));
  for (const auto& [name, given] : tensors) {
    at::Tensor tensor = given.is_quantized() ? given.dequantize() : given;
    tensor = tensor.to(at::kCPU).contiguous();
    put(static_cast<std::int64_t>(name.size()));
    put(static_cast<std::int64_t>(tensor.scalar_type()));
    put(tensor.dim());
    for (const std::int64_t d : tensor.sizes()) put(d);
    body += name;
    body.append(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  }
  return head + body;
}

// What the child runs may have written anywhere in it: nothing that it says is believed.
Named unpacked(const std::string& path, std::string_view bytes) {
  const auto refuse = [&] { return InputError(path, "its own code damaged its process"); };
  const auto take = [&](std::size_t count) {
    if (count > bytes.size()) throw refuse();
    const std::string_view part = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return part;
  };
  const auto number = [&](std::int64_t most) {
    std::int64_t n = 0;
    std::memcpy(&n, take(sizeof n).data(), sizeof n);
    if (n < 0 || n > most) throw refuse();
    return n;
  };
  constexpr std::int64_t kMostTensors = 4096, kLongestName = 4096, kMostDims = 64;
  struct Head {
    std::size_t name = 0;
    at::ScalarType type = at::kFloat;
    Shape shape;
  };
  std::vector<Head> heads(static_cast<std::size_t>(number(kMostTensors)));
  for (Head& head : heads) {
    head.name = static_cast<std::size_t>(number(kLongestName));
    head.type = static_cast<at::ScalarType>(number(static_cast<std::int64_t>(at::kBFloat16)));
    head.shape.resize(static_cast<std::size_t>(number(kMostDims)));
    for (std::int64_t& d : head.shape) d = number(std::int64_t{1} << 31);
  }
  Named tensors;
  for (const Head& head : heads) {
    if (!at::isFloatingType(head.type) && !at::isIntegralType(head.type, /*includeBool=*/true))
      throw refuse();
    const std::string name(take(head.name));
    std::size_t size = c10::elementSize(head.type);
    for (const std::int64_t d : head.shape)
      if (__builtin_mul_overflow(size, static_cast<std::size_t>(d), &size)) throw refuse();
    const std::string_view items = take(size);
    at::Tensor tensor = at::empty(head.shape, head.type);
    std::memcpy(tensor.data_ptr(), items.data(), items.size());
    tensors.emplace_back(name, tensor);
  }
  return tensors;
}

// Child processes that hold the module, one for every pass that may run at the same time.
class Children {
 public:
  Children(const std::string& path, std::shared_ptr<torch::jit::Module> module)
      : path_(path), module_(std::move(module)) {
    add();
  }

  // As many as passes run side by side; they hold the module from now on.
  void complete() {
    const unsigned wanted = std::clamp(std::thread::hardware_concurrency(), 1U, kMostChildren);
    while (all_.size() < wanted) add();
    module_.reset();
  }

  Named run(const at::Tensor& pictures, std::chrono::seconds limit) {
    ChildProcess& child = borrowed();
    const auto back = [&](void*) { give_back(child); };
    const std::unique_ptr<void, decltype(back)> borrow(&child, back);
    try {
      return unpacked(path_, child.ask(packed({{"", pictures}}), limit));
    } catch (const ChildProcess::Death& death) {
      throw Lethal(path_, "cannot be run: a pass over " + std::to_string(pictures.size(0)) +
                              (pictures.size(0) == 1 ? " picture " : " pictures ") + death.what());
    }
  }

  // What no other size of the pictures makes good.
  class Lethal : public InputError {
   public:
    using InputError::InputError;
  };

 private:
  void add() {
    all_.push_back(std::make_unique<ChildProcess>([this](const std::string& request) {
      return packed(forward(path_, *module_, unpacked(path_, request).at(0).second));
    }));
    idle_.push_back(all_.back().get());
  }
  ChildProcess& borrowed() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty(); });
    ChildProcess& child = *idle_.back();
    idle_.pop_back();
    return child;
  }
  void give_back(ChildProcess& child) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(&child);
    returned_.notify_one();
  }

  std::string path_;
  std::shared_ptr<torch::jit::Module> module_;
  std::vector<std::unique_ptr<ChildProcess>> all_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<ChildProcess*> idle_;
};

class OpaqueExecutor final : public Executor {
 public:
  OpaqueExecutor(std::shared_ptr<const Graph> graph, std::unique_ptr<Children> children)
      : graph_(std::move(graph)), children_(std::move(children)) {}

  std::vector<at::Tensor> run(const Request& request) const override {
    if (request.given.size() != 1 || request.given[0].value != graph_->inputs()[0].value)
      throw InputError(graph_->file(),
                       "runs as a black box (opaque), which starts at its input only");
    const at::Tensor& pictures = request.given[0].tensor;
    if (pictures.requires_grad() && at::GradMode::is_enabled())
      throw InputError(graph_->file(), "runs as a black box (opaque), which has no gradients");
    const Named found = children_->run(pictures, kPassLimit);
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
  std::unique_ptr<Children> children_;
};

struct Tried {
  InputSize size;
  Named outputs;
};

// The first size that passes with one picture, and what came out; then more pictures, where an error
// is no matter (the micro-batch is then 1) but death is.
Tried first_that_passes(Children& children, const std::vector<InputSize>& sizes, Layout layout) {
  const auto end = Clock::now() + kPassLimit;
  const auto pass = [&](const InputSize& size, std::int64_t rows) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(end - Clock::now());
    return children.run(
        at::zeros(layout == Layout::kNhwc ? Shape{rows, size.height, size.width, size.channels}
                                          : Shape{rows, size.channels, size.height, size.width}),
        std::max(left, std::chrono::seconds(0)));
  };
  std::string reason;
  for (const InputSize& size : sizes) {
    Tried tried{size, {}};
    for (const int rows : kTriedRows) try {
        Named outputs = pass(size, rows);
        if (rows == 1) tried.outputs = std::move(outputs);
      } catch (const Children::Lethal&) {
        throw;
      } catch (const InputError& error) {
        if (reason.empty()) reason = error.what();
        if (rows == 1) break;
      }
    if (!tried.outputs.empty()) return tried;
  }
  throw InputError("", reason.empty() ? "the network returns no tensor" : reason);
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
  auto children = std::make_unique<Children>(path, std::move(file.module));
  const Tried tried = first_that_passes(*children, usual_sizes(known), layout);
  children->complete();
  auto graph = std::make_shared<const Graph>(graph_of(path, tried.outputs, tried.size, layout));
  auto executor = std::make_unique<OpaqueExecutor>(graph, std::move(children));
  return {std::move(graph), std::move(executor), std::move(file.sha256)};
}

}  // namespace assay::network
