// assay predict MODEL IMAGE… [--top 5] [--json]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "assay/cli/command.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::cli {

namespace {

struct PredictOptions {
  ModelOptions model;
  std::vector<std::string> images;
  int top = 5;
  bool json = false;
};

struct Answer {
  std::string image;
  std::vector<int> order;  // classes by falling logit, equal ones by index
  std::vector<double> logits, probabilities;
};

Answer answer(const std::string& image, std::span<const float> z) {
  Answer a{image, std::vector<int>(z.size()), {z.begin(), z.end()}, {}};
  std::iota(a.order.begin(), a.order.end(), 0);
  std::stable_sort(a.order.begin(), a.order.end(), [&](int i, int k) { return z[i] > z[k]; });
  const double top = z[a.order.front()];
  double sum = 0;
  for (const double v : a.logits) a.probabilities.push_back(std::exp(v - top));
  for (const double p : a.probabilities) sum += p;
  for (double& p : a.probabilities) p /= sum;
  return a;
}

void print(const Answer& a, const std::vector<std::string>& labels, const PredictOptions& options) {
  const std::size_t shown = std::min<std::size_t>(options.top, a.order.size());
  if (options.json) {
    nlohmann::ordered_json line;
    line["image"] = a.image;
    line["top"] = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < shown; ++i) {
      const int k = a.order[i];
      line["top"].push_back({{"index", k},
                             {"class", labels[k]},
                             {"probability", a.probabilities[k]},
                             {"logit", a.logits[k]}});
    }
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", line.dump(-1, ' ', false, replace).c_str());
    return;
  }
  std::printf("%s\n", a.image.c_str());
  for (std::size_t i = 0; i < shown; ++i) {
    const int k = a.order[i];
    std::printf("  %8.4f  %s\n", a.probabilities[k], labels[k].c_str());
  }
}

}  // namespace

void add_predict(CLI::App& app, const Global&, Action& action) {
  auto* command = app.add_subcommand("predict", "the most probable classes of pictures");
  auto options = std::make_shared<PredictOptions>();
  options->model.add(*command);
  command->add_option("IMAGE", options->images, "pictures, or folders of pictures")->required();
  command->add_option("--top", options->top, "classes shown")->check(CLI::Range(1, 1 << 20));
  command->add_flag("--json", options->json, "one JSON object a line");
  command->footer("Example: assay predict classifier.onnx photo.jpg --input imagenet --json");
  command->callback([=, &action] {
    action = [=] {
      network::configure_numerics();
      const auto data = imaging::DataSet::unlabelled(options->images);
      const auto classifier =
          network::Classifier::open(options->model.model, options->model.input_description(),
                                    options->model.output_description(),
                                    options->model.label_names(), options->model.reading());
      const auto& input = classifier.input();
      const auto micro = static_cast<std::size_t>(classifier.micro_batch());
      int code = kPass;
      for (std::size_t first = 0; first < data.size(); first += micro) {
        const std::size_t count = std::min(micro, data.size() - first);
        std::vector<imaging::Picture> pictures(count);
        std::vector<methods::Slot> slots(count);
        for (std::size_t s = 0; s < count; ++s) {
          const auto& row = data.rows()[first + s];
          try {
            pictures[s] =
                data.picture(first + s, {input.upright, input.channels == Channels::kGray});
            imaging::prepared_size(pictures[s], row.id, input, methods::demand_of(classifier));
            slots[s] = {&pictures[s], row.id};
          } catch (const InputError& e) {
            warn(e.what());
            code = kBadRequest;
          }
        }
        if (std::none_of(slots.begin(), slots.end(), [](const auto& s) { return s.picture; }))
          continue;
        const at::Tensor logits =
            classifier.forward(methods::input_tensor(classifier, input, slots)).logits.contiguous();
        const auto classes = static_cast<std::size_t>(logits.size(1));
        for (std::size_t s = 0; s < count; ++s) {
          if (!slots[s].picture) continue;
          print(answer(image_name(data.rows()[first + s]),
                       std::span(logits.data_ptr<float>() + s * classes, classes)),
                classifier.labels(), *options);
        }
      }
      return code;
    };
  });
}

}  // namespace assay::cli
