// weld-train: trains the example's classifier, or its segmenter, on pictures that weld-draw wrote
// and writes it as ONNX. Rows for testing are looked at once, at the end.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "assay/base/error.h"
#include "assay/network/torch.h"
#include "model.h"
#include "training.h"
#include "training_set.h"

namespace {

using weld::Task;

struct Request {
  weld::Selection data;
  weld::Training training;
  std::string out;
};

constexpr const char* kUsage =
    "Usage: weld-train DIR -o FILE.onnx [--only COLUMN=VALUE] [--segment] [--epochs N] [--seed N]\n"
    "Trains on the pictures that weld-draw wrote to DIR and writes the network as ONNX.\n"
    "  weld-train build/weld/train -o weld.onnx\n"
    "  weld-train build/weld/train --only camera=A -o weld-lens.onnx\n"
    "  weld-train build/weld/train --segment -o weld-seg.onnx\n";

int whole(const std::string& option, const std::string& text, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > most)
    throw assay::InputError(
        option, "got \"" + text + "\", wanted a whole number from 1 to " + std::to_string(most));
  return value;
}

Request parse(const std::vector<std::string>& words) {
  Request request;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--segment") {
      request.training.task = Task::kSegment;
    } else if (word.empty() || word[0] != '-') {
      if (!request.data.folder.empty()) throw assay::InputError(word, "a second folder");
      request.data.folder = word;
    } else {
      if (i + 1 == words.size()) throw assay::InputError(word, "no value");
      const std::string& value = words[++i];
      if (word == "--epochs") {
        request.training.epochs = whole(word, value, 1000);
      } else if (word == "--seed") {
        request.training.seed = static_cast<std::uint64_t>(whole(word, value, 999'999));
      } else if (word == "--only") {
        const auto equals = value.find('=');
        if (equals == std::string::npos || equals == 0)
          throw assay::InputError(word, "got \"" + value + "\", wanted COLUMN=VALUE");
        request.data.column = value.substr(0, equals);
        request.data.value = value.substr(equals + 1);
      } else if (word == "-o") {
        request.out = value;
      } else {
        throw assay::InputError(word, "unknown option; --help lists them");
      }
    }
  }
  if (request.data.folder.empty()) throw assay::InputError("", "say which folder to train on");
  if (request.out.empty()) throw assay::InputError("-o", "say which file to write");
  return request;
}

// "98.0 % of 1200 test pictures are right", or the defects' intersection over union.
std::string to_text(Task task, const weld::Score& score, std::int64_t pictures) {
  char text[128];
  if (task == Task::kClassify)
    std::snprintf(text, sizeof text, "%.2f %% of %lld test pictures are right",
                  100.0 * static_cast<double>(score.right) / static_cast<double>(pictures),
                  static_cast<long long>(pictures));
  else
    std::snprintf(text, sizeof text, "defects' intersection over union %.3f on %lld test pictures",
                  static_cast<double>(score.both) /
                      static_cast<double>(std::max<std::int64_t>(1, score.either)),
                  static_cast<long long>(pictures));
  return text;
}

void run(Request request) {
  at::set_num_threads(1);
  const Task task = request.training.task;
  request.data.split = "train";
  auto start = std::chrono::steady_clock::now();
  const auto report = [&](int epoch, double loss) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("epoch %d of %d: mean loss %.4f, %.0f s\n", epoch, request.training.epochs, loss,
                seconds.count());
    std::fflush(stdout);
    start = std::chrono::steady_clock::now();
  };
  const weld::Parameters parameters =
      weld::train(weld::read_training_set(request.data, task), request.training, report);
  request.data.split = "test";
  const weld::TrainingSet test = weld::read_training_set(request.data, task);
  const weld::Score score = weld::score(task, parameters, test);
  weld::write_model(task, parameters, request.out);
  std::printf("%s: %s\n", request.out.c_str(), to_text(task, score, test.count).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (std::find(words.begin(), words.end(), "--help") != words.end()) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  try {
    run(parse(words));
  } catch (const assay::InputError& e) {
    std::fprintf(stderr, "weld-train: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "weld-train: defect: %s\n", e.what());
    return 70;
  }
}
