// assay uncertainty MODEL IMAGE… [--samples dropout=50] [--json], or, with -o, the check of a data set.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "assay/checks/uncertainty/uncertainty_samples.h"
#include "assay/cli/single_check.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"
#include "assay/stats/number_text.h"
#include "assay/stats/sampled_prediction.h"

namespace assay::cli {

namespace {

using nlohmann::ordered_json;
using stats::number_text;

constexpr int kDirections = 3;

checks::Uncertainty::Params params_of_command(const checks::Entry& entry,
                                              const SingleOptions& options) {
  checks::Uncertainty::Params params;
  for (const auto& [name, text] : settings_of(options))
    for (const FieldInfo& info : entry.fields())
      if (info.name == name)
        set_field<checks::Uncertainty>(params, name, parsed(info, text, "--" + name));
  return params;
}

std::vector<std::vector<double>> rows_of(const std::vector<double>& matrix, std::size_t k) {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < k; ++i)
    rows.emplace_back(matrix.begin() + static_cast<std::ptrdiff_t>(i * k),
                      matrix.begin() + static_cast<std::ptrdiff_t>((i + 1) * k));
  return rows;
}

void print(const std::string& image, const std::vector<double>& probabilities,
           const std::vector<std::string>& labels, bool as_json) {
  const auto classes = static_cast<int>(labels.size());
  const auto m = stats::summarise_samples(probabilities, classes);
  const std::string& name = labels[static_cast<std::size_t>(m.decision)];
  if (!as_json) {
    std::printf(
        "%s: %s with %s, %lld %s: entropy %s nat, of it disagreement %s, %s vote otherwise\n",
        image.c_str(), name.c_str(), number_text(m.confidence, 3).c_str(),
        static_cast<long long>(m.samples), m.samples == 1 ? "sample" : "samples",
        number_text(m.predictive_entropy, 3).c_str(), number_text(m.mutual_information, 3).c_str(),
        number_text(m.disagreement, 3).c_str());
    return;
  }
  const auto covariance = stats::class_covariance(probabilities, classes);
  const auto directions = stats::leading_directions(covariance, classes, kDirections);
  ordered_json line{{"image", image},
                    {"class", name},
                    {"index", m.decision},
                    {"samples", m.samples},
                    {"confidence", m.confidence},
                    {"margin", m.margin},
                    {"predictive_entropy", m.predictive_entropy},
                    {"expected_entropy", m.expected_entropy},
                    {"mutual_information", m.mutual_information},
                    {"mutual_information_error", m.information_error},
                    {"variation_ratio", m.variation_ratio},
                    {"disagreement", m.disagreement},
                    {"standard_error", m.standard_error},
                    {"classes", labels},
                    {"mean", m.mean},
                    {"deviation", m.deviation},
                    {"epistemic_covariance", rows_of(covariance.epistemic, labels.size())},
                    {"aleatoric_covariance", rows_of(covariance.aleatoric, labels.size())},
                    {"directions", ordered_json::array()}};
  for (std::size_t i = 0; i < directions.variance.size(); ++i)
    line["directions"].push_back(
        {{"variance", directions.variance[i]}, {"direction", directions.direction[i]}});
  std::printf("%s\n", line.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
}

int ask(const checks::Entry& entry, const SingleOptions& options, bool as_json,
        const Global& global) {
  network::configure_numerics();
  const auto params = params_of_command(entry, options);
  checks::sample_source(params);
  const auto data = imaging::DataSet::unlabelled(options.images);
  const auto classifier = network::Classifier::open(
      options.model.model, options.model.input_description(), options.model.output_description(),
      options.model.label_names(), options.model.reading());
  const checks::Subject subject{
      classifier, data, {classifier.labels(), global.seed.value_or(0), {}}};
  const InputDescription& input = classifier.input();
  const auto micro = static_cast<std::size_t>(classifier.micro_batch());
  int code = kPass;
  for (std::size_t first = 0; first < data.size(); first += micro) {
    const std::size_t count = std::min(micro, data.size() - first);
    checks::Context context;
    context.pictures.resize(count);
    std::vector<methods::Slot> slots(count);
    std::vector<checks::Unit> units;
    for (std::size_t s = 0; s < count; ++s) {
      const imaging::Row& row = data.rows()[first + s];
      context.rows.push_back(static_cast<std::int64_t>(first + s));
      try {
        context.pictures[s] =
            data.picture(first + s, {input.upright, input.channels == Channels::kGray});
        imaging::prepared_size(context.pictures[s], row.id, input, methods::demand_of(classifier));
        slots[s] = {&context.pictures[s], row.id};
        units.push_back({row.id, context.rows.back()});
      } catch (const InputError& e) {
        warn(e.what());
        code = kBadRequest;
      }
    }
    if (units.empty()) continue;
    context.input =
        std::make_shared<const at::Tensor>(methods::input_tensor(classifier, input, slots));
    const at::Tensor logits = classifier.forward(*context.input).logits.contiguous();
    for (std::size_t s = 0; s < count; ++s) {
      checks::CleanRecord clean;
      const float* z = logits.data_ptr<float>() + static_cast<std::int64_t>(s) * logits.size(1);
      clean.logits.assign(z, z + logits.size(1));
      context.clean.push_back(std::move(clean));
    }
    const auto sampled = checks::sampled_predictions(subject, params, units, context);
    for (std::size_t i = 0; i < units.size(); ++i) {
      const std::string image = image_name(data.rows()[static_cast<std::size_t>(units[i].row)]);
      const auto& p = sampled[i].probabilities;
      if (std::all_of(p.begin(), p.end(), [](double v) { return std::isfinite(v); })) {
        print(image, p, classifier.labels(), as_json);
        continue;
      }
      warn(image + ": the model's outputs are not finite");
      code = kBadRequest;
    }
  }
  return code;
}

}  // namespace

void add_uncertainty(CLI::App& app, const checks::Entry& entry, const Global& global,
                     Action& action) {
  auto options = std::make_shared<SingleOptions>();
  auto as_json = std::make_shared<bool>(false);
  auto* command = add_check_command(app, entry, options);
  command->description(std::string(entry.info.question) +
                       " Of single pictures; with -o, this check alone");
  command->get_option("IMAGES")
      ->description("pictures, or folders of pictures; with -o class folders, or a manifest (.csv)")
      ->expected(1, 1 << 20);
  command->get_option("--out")->required(false);
  command
      ->add_flag("--json", *as_json, "one JSON object a line, with the covariances of the classes")
      ->excludes("--out");
  command->footer(
      "Examples: assay uncertainty classifier.onnx photo.jpg --input imagenet --samples dropout=50 "
      "--json\n"
      "          assay uncertainty classifier.onnx pictures/ --input imagenet -o out");
  command->callback([=, &global, &action, &entry] {
    action = [=, &global, &entry] {
      return options->directory.empty() ? ask(entry, *options, *as_json, global)
                                        : run_single_check(entry, *options, global);
    };
  });
}

}  // namespace assay::cli
