// fashion-train: trains the example's network on Fashion-MNIST's 60,000 training pictures and
// writes the ONNX file that the example's audit examines. The test pictures are looked at once, at
// the end.
//
// By training/descent.h, with a learning rate that rises and falls once, flips and shifts. The same
// seed gives the same file on one type of machine.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "../training/descent.h"
#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/imaging/idx.h"
#include "assay/network/torch.h"
#include "model.h"
#include "network.h"

namespace {

using fashion::kSide;
using fashion::Mode;
using fashion::Parameters;

constexpr int kHalfBatch = 64;
constexpr double kPeakRate = 0.2;
constexpr double kWarmUp = 0.25;  // share of the steps
constexpr int kShift = 2;         // px, at most, in either direction

struct Request {
  std::string out = "fashion.onnx";
  std::string data = "/usr/share/datasets/fashion-mnist";
  int epochs = 10;
  std::uint64_t seed = 7;
};

struct LabelledPictures {
  assay::imaging::IdxImages images;
  std::string labels;  // a byte a picture, 0–9
  std::int64_t size() const { return images.count; }
};

// `which` is "train" or "t10k".
LabelledPictures read_pictures(const std::string& folder, const std::string& which) {
  const std::string stem = folder + "/" + which;
  LabelledPictures set{assay::imaging::read_idx_images(stem + "-images-idx3-ubyte.gz"),
                       assay::imaging::read_idx_labels(stem + "-labels-idx1-ubyte.gz").bytes};
  if (set.images.height != kSide || set.images.width != kSide)
    throw assay::InputError(stem, "wanted pictures of 28×28 px");
  if (set.labels.size() != static_cast<std::size_t>(set.size()))
    throw assay::InputError(stem, "has another number of labels than of pictures");
  for (const unsigned char label : set.labels)
    if (label >= fashion::kClasses) throw assay::InputError(stem, "has a label above 9");
  return set;
}

struct Batch {
  at::Tensor pictures;  // [n,1,28,28] float32, normalised
  at::Tensor labels;    // [n] int64
};

struct View {
  std::uint32_t picture;
  int down = 0, right = 0;  // px
  bool mirrored = false;
};

Batch make_batch(const LabelledPictures& set, std::span<const View> views) {
  const auto n = static_cast<std::int64_t>(views.size());
  Batch batch{at::full({n, 1, kSide, kSide}, -fashion::kMean / fashion::kStd),
              at::empty({n}, at::kLong)};
  float* to = batch.pictures.data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i, to += kSide * kSide) {
    const View& view = views[i];
    const std::string_view from = set.images.pixels(view.picture);
    batch.labels.data_ptr<std::int64_t>()[i] = set.labels[view.picture];
    for (int y = std::max(0, view.down); y < std::min(kSide, kSide + view.down); ++y)
      for (int x = std::max(0, view.right); x < std::min(kSide, kSide + view.right); ++x) {
        const int column = view.mirrored ? kSide - 1 - (x - view.right) : x - view.right;
        const auto grey = static_cast<unsigned char>(from[(y - view.down) * kSide + column]);
        to[y * kSide + x] = (grey / 255.0f - fashion::kMean) / fashion::kStd;
      }
  }
  return batch;
}

std::vector<View> shuffled_views(std::int64_t count, std::uint64_t seed, int epoch) {
  assay::Stream stream(seed, "fashion epoch", epoch);
  std::vector<View> views(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto shift = [&] { return static_cast<int>(stream.below(2 * kShift + 1)) - kShift; };
    const int down = shift(), right = shift();
    views[i] = {i, down, right, stream.below(2) == 1};
  }
  for (std::uint64_t i = views.size(); i > 1; --i) std::swap(views[i - 1], views[stream.below(i)]);
  return views;
}

Parameters train(const LabelledPictures& set, const Request& request) {
  training::Descent descent(fashion::make_parameters(request.seed));
  const std::int64_t steps = set.size() / (2 * kHalfBatch);
  for (int epoch = 0; epoch < request.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<View> views = shuffled_views(set.size(), request.seed, epoch);
    double loss = 0;
    for (std::int64_t i = 0; i < steps; ++i) {
      const double progress = (epoch + static_cast<double>(i) / steps) / request.epochs;
      const auto loss_of_half = [&](Parameters& parameters, int half) {
        const Batch batch =
            make_batch(set, std::span(views.data() + (2 * i + half) * kHalfBatch, kHalfBatch));
        return at::cross_entropy_loss(fashion::forward(parameters, batch.pictures, Mode::kTraining),
                                      batch.labels);
      };
      loss += descent.step(loss_of_half, training::learning_rate(progress, kPeakRate, kWarmUp));
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("epoch %d of %d: mean loss %.4f, %.0f s\n", epoch + 1, request.epochs, loss / steps,
                seconds.count());
    std::fflush(stdout);
  }
  return descent.finished();
}

double accuracy(Parameters& parameters, const LabelledPictures& set) {
  const at::NoGradGuard no_grad;
  std::vector<View> views(set.size());
  for (std::uint32_t i = 0; i < views.size(); ++i) views[i].picture = i;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < views.size(); i += 100) {
    const Batch batch =
        make_batch(set, std::span(views).subspan(i, std::min<std::size_t>(100, views.size() - i)));
    const at::Tensor logits = fashion::forward(parameters, batch.pictures, Mode::kInference);
    right += logits.argmax(1).eq(batch.labels).sum().item<std::int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(set.size());
}

constexpr const char* kUsage =
    "Usage: fashion-train [--epochs N] [--seed N] [--data FOLDER] [-o FILE.onnx]\n"
    "Trains the example's network on Fashion-MNIST and writes it as ONNX.\n"
    "  fashion-train -o examples/fashion/fashion.onnx\n";

Request parse(const std::vector<std::string>& words) {
  Request request;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (i + 1 == words.size())
      throw assay::InputError(words[i], std::string("no value\n") + kUsage);
    const std::string& value = words[i + 1];
    const auto number = [&](int most) {
      if (value.empty() || value.size() > 6 ||
          value.find_first_not_of("0123456789") != std::string::npos || std::stoi(value) > most)
        throw assay::InputError(
            words[i], "got \"" + value + "\", wanted a whole number up to " + std::to_string(most));
      return std::stoi(value);
    };
    if (words[i] == "--epochs") {
      request.epochs = number(100);
    } else if (words[i] == "--seed") {
      request.seed = number(999'999);
    } else if (words[i] == "--data") {
      request.data = value;
    } else if (words[i] == "-o") {
      request.out = value;
    } else {
      throw assay::InputError(words[i], std::string("unknown option\n") + kUsage);
    }
  }
  return request;
}

void run(const Request& request) {
  at::set_num_threads(1);
  const LabelledPictures pictures = read_pictures(request.data, "train");
  Parameters parameters = train(pictures, request);
  const double right = accuracy(parameters, read_pictures(request.data, "t10k"));
  fashion::write_onnx(parameters, request.out);
  std::printf("%s: %.2f %% of the test pictures are right\n", request.out.c_str(), 100 * right);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words == std::vector<std::string>{"--help"}) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  try {
    run(parse(words));
  } catch (const assay::InputError& e) {
    std::fprintf(stderr, "fashion-train: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fashion-train: defect: %s\n", e.what());
    return 70;
  }
}
