#include "assay/checks/data/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/base/input_description.h"
#include "assay/base/seed.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/picture.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"
#include "assay/stats/bound.h"

namespace assay::checks {

namespace {

constexpr double kSignificance = 0.01;

struct Variant {
  std::string name;
  InputDescription description;
};

bool same_numbers(const InputDescription& a, const InputDescription& b) {
  return a.channels == b.channels && a.range == b.range && a.mean == b.mean && a.std == b.std;
}

// Only what a person may have got wrong without any error: the sizes are checked elsewhere.
std::vector<Variant> alternatives(const network::Classifier& classifier) {
  const InputDescription& stated = classifier.input();
  std::vector<Variant> all;
  const auto add = [&](const std::string& name, const InputDescription& d) {
    if (same_numbers(d, stated)) return;
    for (const auto& v : all)
      if (same_numbers(d, v.description)) return;
    all.push_back({name, d});
  };
  const auto with = [&](double range, std::vector<double> mean, std::vector<double> std) {
    InputDescription d = stated;
    d.range = range;
    d.mean = std::move(mean);
    d.std = std::move(std);
    return d;
  };
  if (stated.channels != Channels::kGray) {
    InputDescription swapped = stated;
    const bool rgb = stated.channels == Channels::kRgb;
    swapped.channels = rgb ? Channels::kBgr : Channels::kRgb;
    add(rgb ? "channels: bgr" : "channels: rgb", swapped);
  }
  if (classifier.input_size().uint8) return all;
  add("range: 1, no mean and std", with(1, {}, {}));
  add("range: 255, no mean and std", with(255, {}, {}));
  const std::vector<double> halves(stated.channels == Channels::kGray ? 1 : 3, 0.5);
  add("range: 1, mean 0.5, std 0.5", with(1, halves, halves));
  if (stated.channels == Channels::kGray) {
    add("range: 1, mean 0.1307, std 0.3081 (MNIST)", with(1, {0.1307}, {0.3081}));
  } else {
    add("range: 1, ImageNet's mean and std", with(1, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}));
    InputDescription caffe = with(255, {103.94, 116.78, 123.68}, {});
    caffe.channels = Channels::kBgr;
    add("channels: bgr, range: 255, ImageNet's mean subtracted", caffe);
  }
  return all;
}

at::Tensor tensor_of(const Subject& subject, const Context& context,
                     const InputDescription& description) {
  std::vector<methods::Slot> slots(context.rows.size());
  for (std::size_t s = 0; s < slots.size(); ++s)
    if (context.clean[s].readable()) slots[s] = {&context.pictures[s], context.clean[s].id};
  return methods::input_tensor(subject.classifier, description, slots);
}

void add_answer(std::span<const float> logits, int label, Input::Record& record) {
  const auto top = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  bool finite = true;
  for (const float z : logits) {
    finite = finite && std::isfinite(z);
    sum += std::exp(static_cast<double>(z) - *top);
  }
  record.right.push_back(finite && top - logits.begin() == label);
  record.label_log_probability.push_back(finite ? static_cast<double>(logits[label]) - *top -
                                                      std::log(sum)
                                                : -std::numeric_limits<double>::infinity());
}

// P(X ≥ gained) for X binomial with gained + lost trials and probability one half.
double sign_test(std::int64_t gained, std::int64_t lost) {
  const auto n = gained + lost;
  double p = 0;
  for (auto k = gained; k <= n; ++k)
    p += std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) -
                  static_cast<double>(n) * std::log(2.0));
  return std::min(1.0, p);
}

}  // namespace

std::vector<Unit> Input::units(const Subject& subject, const Params& params,
                               std::span<const Record> so_far) {
  std::vector<Unit> units;
  if (!so_far.empty() || params.pictures == 0) return units;
  // Whole micro-batches spread over the data set: a kernel always sees a full one, so single rows
  // would cost more.
  const auto rows = static_cast<std::int64_t>(subject.data.size());
  const std::int64_t micro = subject.classifier.micro_batch();
  const std::int64_t blocks = (rows + micro - 1) / micro;
  const std::int64_t wanted = std::min(blocks, (params.pictures + micro - 1) / micro);
  Stream stream(subject.facts.seed, "input.blocks");
  for (std::int64_t i = 0; i < wanted; ++i) {
    const std::int64_t from = i * blocks / wanted, to = (i + 1) * blocks / wanted;
    const auto block = from + static_cast<std::int64_t>(stream.below(to - from));
    for (auto row = block * micro; row < std::min(rows, (block + 1) * micro); ++row) {
      if (static_cast<int>(units.size()) == params.pictures) return units;
      if (subject.data.rows()[row].label >= 0) units.push_back({subject.data.rows()[row].id, row});
    }
  }
  return units;
}

std::vector<Input::Record> Input::measure(const Subject& subject, const Params&,
                                          std::span<const Unit> units, const Context& context) {
  std::vector<Record> records(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    const CleanRecord& clean = context.clean[context.slot(units[i].row)];
    records[i].names.push_back("as stated");
    add_answer(clean.logits, clean.label, records[i]);
  }
  for (const auto& variant : alternatives(subject.classifier)) {
    const at::Tensor logits =
        subject.classifier.forward(tensor_of(subject, context, variant.description))
            .logits.contiguous();
    const auto classes = static_cast<std::size_t>(logits.size(1));
    for (std::size_t i = 0; i < units.size(); ++i) {
      const std::size_t slot = context.slot(units[i].row);
      records[i].names.push_back(variant.name);
      add_answer(std::span(logits.data_ptr<float>() + slot * classes, classes),
                 context.clean[slot].label, records[i]);
    }
  }
  return records;
}

Input::Result Input::summarise(std::span<const Record> records, const Params&, const Facts&) {
  Result result;
  result.pictures = static_cast<std::int64_t>(records.size());
  if (records.empty()) return result;
  for (const auto& name : records.front().names) result.all.push_back({name});
  for (const auto& r : records)
    for (std::size_t a = 0; a < std::min(result.all.size(), r.right.size()); ++a) {
      Alternative& alternative = result.all[a];
      alternative.right += r.right[a];
      alternative.nll -= r.label_log_probability[a] / static_cast<double>(records.size());
      alternative.gained += r.right[a] && !r.right[0];
      alternative.lost += !r.right[a] && r.right[0];
    }
  std::vector<Alternative*> order;
  for (std::size_t a = 1; a < result.all.size(); ++a) {
    result.all[a].p = sign_test(result.all[a].gained, result.all[a].lost);
    order.push_back(&result.all[a]);
  }
  // Holm: the smallest p against α/m, the next against α/(m-1), until one fails.
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->p < b->p; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i]->p > kSignificance / static_cast<double>(order.size() - i)) break;
    order[i]->better = true;
  }
  return result;
}

std::vector<Finding> Input::findings(const Result& result) {
  if (result.pictures == 0)
    return {stats::undefined("better_alternatives", "no labelled picture was tried")};
  const auto better =
      std::count_if(result.all.begin(), result.all.end(), [](const auto& a) { return a.better; });
  return {stats::exact("better_alternatives", static_cast<double>(better), "descriptions",
                       result.pictures)};
}

Section Input::present(const Result& result) {
  Section section;
  if (result.pictures == 0) {
    section.answer = "Not tried: no labelled picture.";
    return section;
  }
  const Alternative* best = nullptr;
  for (const auto& a : result.all)
    if (a.better && (!best || a.right > best->right)) best = &a;
  if (best) {
    section.answer =
        fmt::format("Probably not: with `{}` {} of {} pictures are right, as stated {}.",
                    best->name, best->right, result.pictures, result.all[0].right);
    section.warnings.push_back(
        fmt::format("the input description is probably wrong: with \"{}\" {} of {} pictures are "
                    "right, as stated only {} (p = {:.1e})",
                    best->name, best->right, result.pictures, result.all[0].right, best->p));
  } else {
    section.answer = fmt::format(
        "No usual alternative does significantly better on {} pictures than the stated "
        "description.",
        result.pictures);
  }
  Table table{"Input descriptions on the same pictures",
              {"description", "right", "mean NLL", "gained", "lost", "p"},
              {}};
  for (const auto& a : result.all)
    table.rows.push_back({a.name, fmt::format("{} of {}", a.right, result.pictures),
                          std::isfinite(a.nll) ? fmt::format("{:.3f}", a.nll) : "infinite",
                          std::to_string(a.gained), std::to_string(a.lost),
                          &a == &result.all[0] ? "" : fmt::format("{:.3g}", a.p)});
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace assay::checks
