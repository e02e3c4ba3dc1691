#include "assay/network/torchscript_reader.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/network/numerics.h"
#include "assay/network/picture_input.h"
#include "assay/network/torchscript.h"
#include "assay/network/torchscript_cell.h"
#include "assay/network/torchscript_file.h"
#include "assay/network/torchscript_interpreter.h"
#include "assay/network/torchscript_recorder.h"

namespace assay::network {

namespace {

using torchscript::Recorder;
using torchscript::Traced;
using Outputs = std::vector<std::pair<std::string, Traced>>;

// Operators without a translation: no other size will do.
class Refusal : public InputError {
 public:
  using InputError::InputError;
};

// Every tensor in what forward returns, with the name that it is to have.
void collect_outputs(const torchscript::Value& value, const std::string& name, Outputs& outputs) {
  const auto inner = [&](const std::string& part) {
    return name.empty() ? part : name + "." + part;
  };
  const auto numbered = [&](const std::vector<torchscript::Value>& items) {
    for (std::size_t i = 0; i < items.size(); ++i)
      collect_outputs(items[i], (name.empty() ? "output" : name) + "." + std::to_string(i),
                      outputs);
  };
  constexpr std::size_t kMostOutputs = 4096;
  if (outputs.size() >= kMostOutputs)
    throw torchscript::Untranslated("more than " + std::to_string(kMostOutputs) + " tensors");
  if (const auto* cell = value.as<torchscript::CellRef>()) {
    outputs.emplace_back(name, (*cell)->read());
  } else if (const auto* list = value.as<torchscript::List>()) {
    numbered(**list);
  } else if (const auto* tuple = value.as<torchscript::Tuple>()) {
    if ((*tuple)->names.empty()) return numbered((*tuple)->items);
    for (std::size_t i = 0; i < (*tuple)->items.size(); ++i)
      collect_outputs((*tuple)->items[i], inner((*tuple)->names.at(i)), outputs);
  } else if (const auto* dict = value.as<torchscript::Dict>()) {
    for (const auto& [key, item] : **dict)
      if (const auto* text = key.as<std::string>()) collect_outputs(item, inner(*text), outputs);
  }
}

// The element type that the weights have, which is what the network takes.
std::string type_of_weights(const torch::jit::Module& module) {
  std::string type;
  for (const auto& parameter : module.parameters()) {
    const auto own = parameter.scalar_type();
    const std::string name = own == at::kHalf       ? "float16"
                             : own == at::kBFloat16 ? "bfloat16"
                             : own == at::kDouble   ? "float64"
                                                    : "float32";
    if (!type.empty() && name != type) return "float32";
    type = name;
  }
  return type.empty() ? "float32" : type;
}

class Reader {
 public:
  Reader(const std::string& path, const torch::jit::Module& module, Layout layout)
      : path_(path), module_(module), layout_(layout), type_(type_of_weights(module)) {}

  // The network for pictures of this shape, whose input has the free sizes `given`.
  Graph translate(const Shape& shape, const Shape& given) {
    const at::NoGradGuard no_grad;
    Recorder recorder(path_, effort_);
    const Traced input = recorder.input("input", at::zeros({}).expand(shape));
    Outputs outputs;
    try {
      const auto result = torchscript::interpret(module_, input, recorder);
      if (!recorder.refused()) collect_outputs(result, "", outputs);
    } catch (const InputError&) {
      if (recorder.refused()) throw refusal(recorder);
      progress_ = recorder.node_count();
      throw;
    } catch (const torchscript::Untranslated& error) {
      recorder.refuse(error.what(), "its outputs");
    }
    progress_ = recorder.node_count();
    if (recorder.refused()) throw refusal(recorder);
    if (outputs.empty()) throw InputError(path_, "the network returns no tensor");
    if (outputs.size() == 1) outputs[0].first.clear();
    return recorder.finish(outputs, type_, given);
  }

  Graph read(const std::vector<InputSize>& sizes) {
    constexpr int kBatches[] = {2, 1, 4, 8, 16, 32}, kSizesOfLargeBatches = 4;
    std::string reason;
    std::size_t furthest = 0;
    for (const int batch : kBatches)
      for (const InputSize& size : sizes) {
        if (batch > 2 && &size - sizes.data() >= kSizesOfLargeBatches) break;
        try {
          return freed(size, batch, translate(shape(size, batch), shape(size, batch)));
        } catch (const Refusal&) {
          throw;
        } catch (const torchscript::Endless&) {
          if (reason.empty()) throw;
          throw InputError("", reason + " (the other sizes would take too long to try)");
        } catch (const InputError& error) {
          if (reason.empty() || progress_ > furthest) reason = error.what();
          furthest = std::max(furthest, progress_);
        }
      }
    throw InputError("", reason);
  }

 private:
  Shape shape(const InputSize& size, std::int64_t batch) const {
    return layout_ == Layout::kNhwc ? Shape{batch, size.height, size.width, size.channels}
                                    : Shape{batch, size.channels, size.height, size.width};
  }

  Refusal refusal(const Recorder& recorder) const {
    return Refusal(path_,
                   "uses operators of TorchScript that cannot be read: " + recorder.refusal() +
                       "; the file can be run as a black box, without gradients and "
                       "layers: model: {opaque: true} or --opaque");
  }

  bool same_for(const Graph& graph, const InputSize& size, std::int64_t batch) {
    try {
      return same_network(graph, translate(shape(size, batch), shape(size, batch)));
    } catch (const InputError&) {
      return false;
    }
  }

  // `graph`, read for this size and batch, with the sizes free that do not matter to it.
  Graph freed(const InputSize& size, std::int64_t batch, Graph graph) {
    InputSize other = size;
    other.height += 32;
    other.width += 64;
    bool free_size = true, free_batch = true;
    if (!same_for(graph, other, batch + 1)) {
      free_size = same_for(graph, other, batch);
      free_batch = same_for(graph, size, batch + 1);
    }
    // A loop over the pictures: one by one.
    if (!free_batch && batch == 2) {
      try {
        graph = translate(shape(size, 1), shape(size, 1));
        batch = 1;
      } catch (const InputError&) {  // two it is
      }
    }
    InputSize given = size;
    if (free_size) given.height = given.width = static_cast<int>(kFree);
    graph.set_input_shape(shape(given, free_batch ? kFree : batch));
    return graph;
  }

  const std::string& path_;
  const torch::jit::Module& module_;
  Layout layout_;
  std::string type_;
  torchscript::Effort effort_;
  std::size_t progress_ = 0;  // nodes of the last translation, whole or not
};

}  // namespace

std::vector<InputSize> usual_sizes(const InputSize& known) {
  std::vector<std::pair<int, int>> sides;
  if (known.height > 0 && known.width > 0) sides.emplace_back(known.height, known.width);
  for (const int side : {224, 32, 28, 299, 64, 96, 48, 128, 256, 384, 512}) {
    const std::pair<int, int> pair = {known.height > 0 ? known.height : side,
                                      known.width > 0 ? known.width : side};
    sides.emplace_back(pair);
    sides.emplace_back(side, side);
  }
  std::vector<int> channels = {3, 1};
  if (known.channels == 1) channels = {1, 3};
  std::vector<InputSize> sizes;
  for (const auto& [height, width] : sides)
    for (const int c : channels) {
      // Clang 14 lets no lambda capture a structured binding by itself.
      const auto is_same = [&, h = height, w = width](const InputSize& s) {
        return s.channels == c && s.height == h && s.width == w;
      };
      if (std::none_of(sizes.begin(), sizes.end(), is_same)) sizes.push_back({c, height, width});
    }
  return sizes;
}

TorchScriptModel read_torchscript(const std::string& path, const InputSize& known, Layout layout) {
  const TorchScriptFile file = load_torchscript(path);
  Reader reader(path, *file.module, layout);
  try {
    return {std::make_shared<const Graph>(reader.read(usual_sizes(known))), file.sha256};
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw InputError(path, "is damaged: " + text.substr(0, text.find('\n')));
  } catch (const std::bad_alloc& error) {
    throw InputError(path, "does not fit into memory: " + memory_refusal(error));
  }
}

}  // namespace assay::network
