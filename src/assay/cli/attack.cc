// assay attack MODEL IMAGE… --method M [--norm linf] [--eps 8/255] [--goal CLASS] [--nearest] [-o DIR] [--json]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/checks/robustness/robustness_attacks.h"
#include "assay/cli/command.h"
#include "assay/cli/out_folder.h"
#include "assay/cli/selection.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/pixels.h"
#include "assay/methods/attack/attacked.h"
#include "assay/methods/evaluation/row_truth.h"
#include "assay/methods/evaluation/truth.h"
#include "assay/network/classifier.h"
#include "assay/stats/number_text.h"

namespace assay::cli {

namespace {

using nlohmann::ordered_json;

struct AttackOptions {
  ModelOptions model;
  std::vector<std::string> images;
  std::string method = "standard", norm = "linf", eps = "8/255", goal, directory;
  bool nearest = false, json = false;
};

// One picture, what the model says of it, and what an attack made of it.
struct Picture {
  std::string image, id;
  at::Tensor pixels;
  int before = -1;
  methods::Attacked found = {};
  std::string by = {};  // the attack that it fell to
  int rounded = -1;     // the decision at 8 bits
};

std::vector<Picture> read(const AttackOptions& options, const network::Classifier& classifier,
                          int& code) {
  const auto data = imaging::DataSet::unlabelled(options.images);
  const InputDescription& input = classifier.input();
  std::vector<Picture> all;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const imaging::Row& row = data.rows()[i];
    try {
      const imaging::Picture picture =
          data.picture(i, {input.upright, input.channels == Channels::kGray});
      all.push_back({image_name(row), row.id, methods::shown_pixels(classifier, picture, row.id)});
    } catch (const InputError& e) {
      warn(e.what());
      code = kBadRequest;
    }
  }
  return all;
}

// Pictures of one size, one after the other attack on those that stand.
void attack(std::vector<Picture*> pictures, const std::vector<methods::Attack>& attacks,
            const AttackOptions& options, double eps, int goal,
            const network::Classifier& classifier, std::uint64_t seed) {
  const at::Tensor& one = pictures.front()->pixels;
  const auto victim =
      methods::victim_of(classifier, static_cast<int>(one.size(1)), static_cast<int>(one.size(2)),
                         static_cast<int>(one.size(3)));
  std::vector<methods::Pixels> points;
  std::vector<const methods::Pixels*> pointers;
  for (const Picture* p : pictures)
    points.emplace_back(p->pixels.data_ptr<float>(),
                        p->pixels.data_ptr<float>() + p->pixels.numel());
  for (const auto& p : points) pointers.push_back(&p);
  auto logits = methods::logits_of_points(*victim, pointers);
  std::vector<methods::Target> targets;
  const methods::Norm norm = methods::norm_named(options.norm);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    pictures[i]->before = methods::decision_of(logits[i]);
    targets.push_back({methods::Ball(points[i], norm, options.nearest ? INFINITY : eps),
                       static_cast<int>(one.size(1)), static_cast<int>(one.size(2)),
                       static_cast<int>(one.size(3)), pictures[i]->before, goal,
                       std::move(logits[i]), hash_name(pictures[i]->image)});
  }
  for (const methods::Attack& attack : attacks) {
    std::vector<methods::Target> standing;
    std::vector<Picture*> whose;
    for (std::size_t i = 0; i < pictures.size(); ++i)
      if (!pictures[i]->found.fooled && pictures[i]->before != goal) {
        standing.push_back(targets[i]);
        whose.push_back(pictures[i]);
      }
    const methods::Counts counts = options.nearest ? methods::Counts::kNearest
                                   : attack.last || attack.name == "fgsm" ? methods::Counts::kLast
                                                                          : methods::Counts::kFirst;
    auto found = methods::attacked(*victim, standing, attack, counts, seed);
    for (std::size_t i = 0; i < found.size(); ++i) {
      found[i].gradients += whose[i]->found.gradients;
      found[i].queries += whose[i]->found.queries;
      whose[i]->found = std::move(found[i]);
      if (whose[i]->found.fooled) whose[i]->by = attack.label;
    }
  }
}

at::Tensor as_tensor(const methods::Pixels& pixels, const at::Tensor& like) {
  at::Tensor t = at::empty(like.sizes(), at::kFloat);
  std::copy(pixels.begin(), pixels.end(), t.data_ptr<float>());
  return t;
}

void write(Picture& v, OutFolder* folder, const network::Classifier& classifier) {
  const at::Tensor after = as_tensor(v.found.pixels, v.pixels);
  const imaging::Picture rounded = imaging::picture_of(after);
  const auto logits =
      methods::answers_to_pixels(
          classifier,
          imaging::pixels_of(rounded).expand({classifier.micro_batch(), -1, -1, -1}).contiguous())
          .to(at::kDouble)
          .contiguous();
  v.rounded =
      methods::decision_of({logits.data_ptr<double>(), static_cast<std::size_t>(logits.size(1))});
  if (!folder) return;
  const std::string base = folder->next(v.id);
  write_file(base + ".png", imaging::encode_png(rounded));
  write_npy(base + ".npy", after.sizes().slice(1).vec(), std::span<const float>(v.found.pixels));
}

void print(const Picture& v, const AttackOptions& options, const std::vector<std::string>& labels) {
  const auto name = [&](int k) { return labels[static_cast<std::size_t>(k)]; };
  const std::int64_t points = v.found.gradients + v.found.queries;
  if (options.json) {
    ordered_json line{{"image", v.image},
                      {"before", name(v.before)},
                      {"fooled", v.found.fooled},
                      {"gradients", v.found.gradients},
                      {"queries", v.found.queries}};
    if (v.found.fooled) {
      line["attack"] = v.by;
      line["after"] = name(v.found.decision);
      line["norm"] = options.norm;
      line["distance"] = v.found.distance;
      line["after_rounding_to_8_bits"] = name(v.rounded);
    }
    std::printf("%s\n", line.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return;
  }
  if (!v.found.fooled) {
    std::printf(points == 0 ? "%s: %s already\n" : "%s: %s withstood, %lld points asked\n",
                v.image.c_str(), name(v.before).c_str(), static_cast<long long>(points));
    return;
  }
  std::printf("%s: %s → %s by %s, %s %s, %lld points asked%s\n", v.image.c_str(),
              name(v.before).c_str(), name(v.found.decision).c_str(), v.by.c_str(),
              options.norm.c_str(), stats::number_text(v.found.distance, 4).c_str(),
              static_cast<long long>(points),
              v.rounded == v.before ? "; at 8 bits a pixel the change is lost" : "");
}

int run(const AttackOptions& options, const Global& global) {
  network::configure_numerics();
  checks::Robustness::Params params;
  params.attacks = options.method;
  params.norm = options.norm;
  params.eps = options.eps;
  const auto sizes = checks::attack_sizes(params, "--eps");
  if (sizes.size() != 1) throw InputError("--eps", "got \"" + options.eps + "\", wanted one size");
  const auto attacks =
      methods::attacks_named(options.method, methods::norm_named(options.norm), "--method");
  const auto classifier = network::Classifier::open(
      options.model.model, options.model.input_description(), options.model.output_description(),
      options.model.label_names(), options.model.reading());
  if (methods::segments(classifier) || classifier.classes() < 2)
    throw InputError(options.model.model, "wanted a classifier of at least two classes");
  const int goal = options.goal.empty()
                       ? -1
                       : static_cast<int>(class_named(options.goal, classifier.labels(), "--goal"));
  std::optional<OutFolder> folder;
  if (!options.directory.empty()) folder.emplace(options.directory);
  int code = kPass;
  std::vector<Picture> pictures = read(options, classifier, code);
  std::map<std::vector<std::int64_t>, std::vector<Picture*>> of_size;
  for (Picture& v : pictures) of_size[v.pixels.sizes().vec()].push_back(&v);
  for (auto& [_, same] : of_size)
    attack(same, attacks, options, sizes[0].eps, goal, classifier, global.seed.value_or(0));
  for (Picture& v : pictures) {
    if (v.found.fooled) write(v, folder ? &*folder : nullptr, classifier);
    print(v, options, classifier.labels());
  }
  return code;
}

}  // namespace

void add_attack(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand(
      "attack", "small changes of pictures that make a model say something else");
  auto options = std::make_shared<AttackOptions>();
  options->model.add(*command);
  command->add_option("IMAGE", options->images, "pictures, or folders of pictures")->required();
  command
      ->add_option("--method", options->method,
                   "an attack of docs/attacks.md: pgd, or \"pgd(steps=40, restarts=5)\"")
      ->capture_default_str();
  command->add_option("--norm", options->norm, "of the change")
      ->check(CLI::IsMember({"linf", "l2", "l1"}))
      ->capture_default_str();
  command
      ->add_option("--eps", options->eps,
                   "how large it may be, of pixels from 0 to 1: 8/255 or 0.5")
      ->capture_default_str();
  command->add_option("--goal", options->goal,
                      "the class that is to be said; default: any other than now");
  command->add_flag("--nearest", options->nearest,
                    "the smallest change that can be found, whatever --eps is; with fab or "
                    "carlini_wagner");
  command->add_flag("--json", options->json, "one JSON object a line");
  command->add_option("-o,--out", options->directory,
                      "folder for the changed pictures: PNG at 8 bits, and NPY as they were found");
  command->footer(
      "Example: assay attack classifier.onnx photo.jpg --input imagenet --method apgd_ce --eps "
      "2/255 -o attacked");
  command->callback(
      [=, &global, &action] { action = [=, &global] { return run(*options, global); }; });
}

}  // namespace assay::cli
