// A description for a model that comes without one: what the file settles, and marked guesses for
// the rest.
#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/head.h"
#include "assay/network/input_preset.h"
#include "assay/network/model_reader.h"
#include "assay/network/numerics.h"
#include "assay/network/operators.h"
#include "assay/network/picture_input.h"

namespace assay::network {

namespace {

// [N,3,H,W] or [N,H,W,3]: the dimension that can only be channels says so.
Layout guess_layout(const Graph& graph) {
  if (graph.inputs().empty() || graph.inputs()[0].shape.size() != 4) return Layout::kNchw;
  const auto& shape = graph.inputs()[0].shape;
  const auto is_channels = [](std::int64_t d) { return d == 1 || d == 3; };
  return !is_channels(shape[1]) && is_channels(shape[3]) ? Layout::kNhwc : Layout::kNchw;
}

// The constant that the file's own preprocessing subtracts, adds, multiplies or divides by before
// anything else; null when the picture goes straight into the network.
const at::Tensor* own_preprocessing(const Graph& graph, ValueId value) {
  for (const Node& node : graph.nodes()) {
    if (node.inputs.empty() || node.inputs[0] != value) continue;
    if (node.op == "Cast" || node.op == "Identity" || node.op == "Transpose") {
      value = node.outputs[0];
      continue;
    }
    const bool scales =
        node.op == "Sub" || node.op == "Add" || node.op == "Mul" || node.op == "Div";
    return scales && node.inputs.size() == 2 && node.inputs[1] != kNoValue
               ? graph.constant(node.inputs[1])
               : nullptr;
  }
  return nullptr;
}

std::string size_of_text(int height, int width) {
  return std::to_string(height) + "x" + std::to_string(width);
}

void guess_size(Guess& guess, const InputSize& size) {
  InputDescription& d = guess.input;
  if (size.height == 0 || size.width == 0) {
    d.resize = ResizeRule::kShorter;
    d.resize_height = d.resize_width = 256;
    d.crop = 224;
    guess.guessed.push_back(
        "resize: the file takes any size; 256 and a centre crop of 224 are usual");
    return;
  }
  const std::string text = size_of_text(size.height, size.width);
  if (size.height == size.width && size.height >= 160) {
    d.resize = ResizeRule::kShorter;
    // torchvision's 256 : 224, kept for other sizes
    d.resize_height = d.resize_width = static_cast<int>(std::lround(size.height * 256.0 / 224));
    d.crop = size.height;
    guess.guessed.push_back("resize: the file takes " + text +
                            "; that the shorter side was resized to " +
                            std::to_string(d.resize_height) + " before cropping is usual");
  } else {
    d.resize = ResizeRule::kSquash;
    d.resize_height = size.height;
    d.resize_width = size.width;
    guess.guessed.push_back("resize: the file takes " + text +
                            "; pictures of another size are squashed to it");
  }
}

void guess_pixels(Guess& guess, const Graph& graph, const PictureInput& input) {
  InputDescription& d = guess.input;
  if (input.size.channels == 1) {
    d.channels = Channels::kGray;
  } else {
    guess.guessed.push_back(input.size.channels == 3
                                ? "channels: nothing in the file tells rgb from bgr"
                                : "channels: the file takes any number; rgb is usual");
  }
  if (input.size.uint8) {
    d.range = 255;
    return;
  }
  if (const at::Tensor* constant = own_preprocessing(graph, input.value)) {
    const double largest = at::max(at::abs(constant->to(at::kFloat))).item<double>();
    const bool of_255 = largest > 2 || (largest > 0 && largest < 0.02);
    d.range = of_255 ? 255 : 1;
    guess.guessed.push_back(
        std::string("range, mean, std: the file begins with scaling of its own, "
                    "by constants that fit pixels from 0 to ") +
        (of_255 ? "255" : "1"));
    return;
  }
  if (d.channels == Channels::kGray) {
    guess.guessed.push_back("range, mean, std: 0 to 1 without mean and std");
    return;
  }
  const InputDescription usual = input_preset("imagenet");
  d.mean = usual.mean;
  d.std = usual.std;
  guess.guessed.push_back(
      "range, mean, std: those of ImageNet, as most training programs have them");
}

// The output that looks like class scores.
ValueId guess_output(Guess& guess, const Graph& graph, const std::vector<at::Tensor>& values,
                     std::int64_t rows) {
  if (graph.outputs().size() == 1) return graph.outputs()[0];
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    try {
      if (matrix_of(values[i], rows).size(1) < 2) continue;
    } catch (const OperatorError&) {
      continue;
    }
    guess.output.value = graph.name(graph.outputs()[i]);
    guess.guessed.push_back("output: of " + std::to_string(graph.outputs().size()) + " outputs \"" +
                            guess.output.value + "\" is the first with one row of class scores");
    return graph.outputs()[i];
  }
  OutputDescription none;
  return described_output(graph, none);  // says that there are several
}

void guess_kind(Guess& guess, const Graph& graph, ValueId output, const at::Tensor& scores) {
  OutputKind& kind = guess.output.kind;
  const Node* last = final_operator(graph, output, {"Softmax", "LogSoftmax", "Sigmoid"});
  if (last) {
    kind = last->op == "Softmax"   ? OutputKind::kProbabilities
           : last->op == "Sigmoid" ? OutputKind::kSigmoid
                                   : OutputKind::kLogProbabilities;
    return;
  }
  const auto sums_to_one = [](const at::Tensor& p) {
    return at::allclose(at::sum(p, {1}), at::ones({p.size(0)}), 0, 1e-3);
  };
  const bool positive = at::ge(scores, 0).all().item<bool>();
  if (scores.size(1) > 1 && positive && sums_to_one(scores)) {
    kind = OutputKind::kProbabilities;
    guess.guessed.push_back("output: its rows sum to 1, so they are taken for probabilities");
  } else if (scores.size(1) > 1 && at::le(scores, 0).all().item<bool>() &&
             sums_to_one(at::exp(scores))) {
    kind = OutputKind::kLogProbabilities;
    guess.guessed.push_back(
        "output: its rows' exponentials sum to 1, so they are log-probabilities");
  } else {
    guess.guessed.push_back(
        "output: no final softmax or sigmoid was found, so it is taken for logits");
  }
}

}  // namespace

Guess guess_description(const std::string& model, Reading reading) try {
  const ReadModel read = read_model(model, {}, Layout::kNchw, reading);
  const Graph& graph = *read.graph;
  Guess guess;
  guess.input.layout = guess_layout(graph);
  const PictureInput input = picture_input(graph, guess.input.layout);
  if (input.size.channels != 0 && input.size.channels != 1 && input.size.channels != 3)
    throw InputError(model, "the model's input has " + std::to_string(input.size.channels) +
                                " channels; pictures have 1 or 3");
  guess_pixels(guess, graph, input);
  guess_size(guess, input.size);

  const at::NoGradGuard no_grad;
  const std::int64_t rows = input.batch > 0 && input.batch <= 1024 ? input.batch : 2;
  const at::Tensor pictures = trial_pictures(
      input, trial_size(described_size(graph, input, guess.input)), rows, guess.input);
  Request request;
  request.given = {{input.value, pictures}};
  request.wanted = graph.outputs();
  request.input_shapes = {Shape(pictures.sizes().begin(), pictures.sizes().end())};
  const std::vector<at::Tensor> values = read.executor->run(request);
  const ValueId output = guess_output(guess, graph, values, rows);
  const auto index = std::find(graph.outputs().begin(), graph.outputs().end(), output);
  try {
    const at::Tensor scores =
        matrix_of(values[index - graph.outputs().begin()], rows).to(at::kFloat);
    guess.classes = static_cast<int>(std::max<std::int64_t>(scores.size(1), 2));
    guess_kind(guess, graph, output, scores);
  } catch (const OperatorError& error) {
    throw InputError(model, "the output \"" + graph.name(output) + "\" has " + error.what());
  }
  return guess;
} catch (const std::bad_alloc& error) {
  throw InputError(model, "does not fit into memory: " + memory_refusal(error));
}

}  // namespace assay::network
