#include "assay/audit/plan.h"

#include <algorithm>
#include <optional>

#include "assay/audit/camera_file.h"
#include "assay/audit/description.h"
#include "assay/audit/measured_values.h"
#include "assay/audit/yaml.h"
#include "assay/base/file.h"
#include "assay/imaging/mask.h"
#include "assay/stats/requirement.h"

namespace assay::audit {

namespace {

void read_model(const std::string& path, const YAML::Node& node, Plan& plan) {
  Mapping model(path, node, "model");
  plan.model_as_written = model.required_text("file");
  plan.model = beside(path, plan.model_as_written);
  const YAML::Node labels = model.take("labels");
  if (labels.IsDefined() && labels.IsSequence()) {
    for (const auto& label : labels) {
      if (!label.IsScalar()) throw InputError(place(path, label), "model.labels: wanted texts");
      plan.labels.push_back(label.Scalar());
    }
  } else if (labels.IsDefined()) {
    plan.labels = read_labels(beside(path, model.required_text("labels")));
  }
  if (const YAML::Node input = model.take("input"); input.IsDefined())
    plan.input = read_input(path, input);
  if (const YAML::Node output = model.take("output"); output.IsDefined())
    plan.output = read_output(path, output);
  if (model.flag("opaque", false)) plan.reading = network::Reading::kOpaque;
  model.finish({"file", "labels", "input", "output", "opaque"});
}

void read_data(const std::string& path, const YAML::Node& node, Plan& plan) {
  Mapping data(path, node, "data");
  DataPlan& d = plan.data;
  const auto file = [&](const std::string& key) {
    if (!data.has(key)) return std::string();
    plan.data_as_written = data.required_text(key);
    return beside(path, plan.data_as_written);
  };
  d.images = file("images");
  d.manifest = file("manifest");
  d.idx = file("idx");
  if (!d.idx.empty()) d.idx_labels = beside(path, data.required_text("labels"));
  const int sources = !d.images.empty() + !d.manifest.empty() + !d.idx.empty();
  if (sources != 1)
    throw InputError(data.where(), "data: wanted exactly one of images, manifest or idx, got " +
                                       std::to_string(sources));
  if (data.has("masks")) d.masks = data.required_text("masks");
  if (!d.masks.empty() && !imaging::is_shapes(d.masks)) d.masks = beside(path, d.masks);
  if (data.has("annotations")) d.annotations = beside(path, data.required_text("annotations"));
  if (!d.masks.empty() && !d.annotations.empty())
    throw InputError(data.where("masks"), "data: wanted masks or annotations, not both");
  if (data.has("truth")) d.truth = data.required_text("truth");
  if (data.has("camera")) {
    const std::string name = data.required_text("camera");
    d.camera = named_camera(path, name, data.where("camera") + ": data.camera").text();
  }
  d.limit = data.whole("limit", 0, 1, std::int64_t{1} << 40);
  plan.seed = static_cast<std::uint64_t>(data.whole("seed", 0, 0, std::int64_t{1} << 52));
  const std::string on_error = data.text("on_error", "continue");
  if (on_error != "continue" && on_error != "stop")
    throw InputError(data.where("on_error"), "got \"" + on_error + "\", wanted continue or stop");
  d.stop_on_error = on_error == "stop";
  data.finish({"images", "manifest", "idx", "labels", "masks", "annotations", "truth", "camera",
               "limit", "seed", "on_error"});
}

Requirement read_requirement(const std::string& path, const std::string& finding,
                             const YAML::Node& node, const std::string& what) {
  const std::string where = place(path, node);
  if (node.IsScalar()) {
    try {
      Requirement r = stats::parse_requirement(finding, node.Scalar());
      r.where = where;
      return r;
    } catch (const InputError& e) {
      throw InputError(where, what + "." + finding + ": " + e.what());
    }
  }
  Mapping keys(path, node, what + "." + finding);
  Requirement r;
  r.finding = finding;
  r.where = where;
  if (keys.has("at_least") == keys.has("at_most"))
    throw InputError(where, what + "." + finding + ": wanted either at_least or at_most");
  r.comparison = keys.has("at_least") ? Comparison::kAtLeast : Comparison::kAtMost;
  r.bound = keys.number(keys.has("at_least") ? "at_least" : "at_most", 0, {});
  r.confidence = keys.number("confidence", 0.95, {0.5, 1});
  if (!(r.confidence > 0.5 && r.confidence < 1))
    throw InputError(keys.where("confidence"),
                     "got " + to_text(r.confidence) + ", wanted above 0.5 and below 1");
  keys.finish({"at_least", "at_most", "confidence"});
  return r;
}

// What stands for a mapping's text from here on, so that nothing that reads the plan later needs the files that it names but
// models.
std::string entry_text(const std::string& entry, const std::string& path, const std::string& text,
                       const std::string& where) {
  if (entry == "camera") return named_camera(path, text, where).text();
  if (entry == "model") return beside(path, text);
  return with_measured_values(path, text, where);
}

// A mapping's texts as one (base/field.h). A comma that YAML took for the next entry of {…} is the usual slip.
std::string read_entries(const std::string& path, const YAML::Node& node, const std::string& what,
                         const std::string& entry) {
  Mapping keys(path, node, what);
  EntryList entries;
  for (const std::string& key : keys.keys()) {
    const YAML::Node value = keys.take(key);
    const std::string text = value.IsScalar() ? value.Scalar() : "";
    const std::size_t open = text.find('(');
    if (open != text.npos && text.find(')') == text.npos)
      throw InputError(keys.where(key),
                       "\"" + text + "\" ends at its first comma; write it in quotes: " + key +
                           ": \"" + text + ", …)\"");
    if (text.empty() || text.find(';') != text.npos || key.find_first_of("=;") != key.npos)
      throw InputError(keys.where(key), "wanted a text, such as \"uniform(0, 1)\"");
    entries.emplace_back(key, entry_text(entry, path, text, keys.where(key)));
  }
  return entries_text(entries);
}

// A list's items as one text (base/field.h): texts and numbers as they stand, {NAME: {KEY: VALUE}} as NAME(KEY=VALUE).
std::string read_list(const std::string& path, const YAML::Node& node, const std::string& what) {
  const auto scalar = [&](const YAML::Node& value) {
    if (!value.IsScalar() || value.Scalar().empty())
      throw InputError(place(path, value), what + ": wanted a text or a number");
    return value.Scalar();
  };
  std::string all;
  for (const auto& item : node) {
    std::string text;
    if (item.IsMap()) {
      Mapping named(path, item, what);
      if (named.keys().size() != 1)
        throw InputError(place(path, item), what + ": wanted one name with its parameters");
      const std::string& name = named.keys().front();
      std::string inside;
      const YAML::Node given = named.take(name);
      Mapping parameters(path, given, what + "." + name);
      for (const std::string& key : parameters.keys())
        inside += (inside.empty() ? "" : ", ") + key + "=" + scalar(parameters.take(key));
      text = name + "(" + inside + ")";
    } else {
      text = scalar(item);
    }
    all += (all.empty() ? "" : ", ") + text;
  }
  return all;
}

bool is_budget(const FieldInfo& info) { return info.unit == "forwards"; }

PlannedCheck read_check(const std::string& path, const std::string& name, const YAML::Node& node) {
  PlannedCheck planned;
  planned.name = name;
  planned.where = place(path, node);
  const std::string what = "checks." + name;
  if (node.IsNull()) {  // `accuracy:` with nothing behind it
    planned.entry = &checks::entry_named(name, planned.where);
    return planned;
  }
  Mapping keys(path, node, what);
  planned.entry = &checks::entry_named(keys.text("check", name), planned.where);
  std::vector<std::string> known{"check", "require"}, limits;
  // `budget: {calls_per_image: 500}` groups what a check may spend; the keys are fields like others.
  std::optional<Mapping> budget;
  if (const YAML::Node node_of_budget = keys.take("budget"); node_of_budget.IsDefined())
    budget.emplace(path, node_of_budget, what + ".budget");
  for (const auto& info : planned.entry->fields()) {
    known.push_back(info.name);
    YAML::Node value = keys.take(info.name);
    if (is_budget(info)) {
      limits.push_back(info.name);
      if (budget && budget->has(info.name)) value.reset(budget->take(info.name));
    }
    if (!value.IsDefined()) continue;
    const std::string where = place(path, value) + ": " + what;
    if (!info.entry.empty() && value.IsMap()) {
      planned.settings.emplace_back(info.name,
                                    read_entries(path, value, what + "." + info.name, info.entry));
      continue;
    }
    if (info.list && (value.IsSequence() || value.IsScalar())) {
      planned.settings.emplace_back(
          info.name,
          value.IsScalar() ? value.Scalar() : read_list(path, value, what + "." + info.name));
      continue;
    }
    FieldValue read = checked(info, scalar_value(value, where + "." + info.name), where);
    if (auto* file = std::get_if<std::string>(&read); info.file && !file->empty())
      *file = beside(path, *file);
    planned.settings.emplace_back(info.name, std::move(read));
  }
  if (const YAML::Node require = keys.take("require"); require.IsDefined()) {
    Mapping requirements(path, require, what + ".require");
    for (const auto& finding : requirements.keys())
      planned.requirements.push_back(
          read_requirement(path, finding, requirements.take(finding), what + ".require"));
  }
  if (budget) budget->finish(limits);
  keys.finish(known);
  return planned;
}

bool legal_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

Plan read_plan(const std::string& file) {
  return parse_plan(read_file(file, kMostPlanBytes), file);
}

Plan parse_plan(const std::string& text, const std::string& file) {
  Plan plan;
  plan.file = file;
  plan.text = text;
  Mapping keys(file, parse_yaml(text, file), "audit");
  if (const auto version = keys.whole("assay", 1, 1, 1 << 20); version != 1)
    throw InputError(keys.where("assay"),
                     "got version " + std::to_string(version) + ", this program reads version 1");
  read_model(file, keys.require("model"), plan);
  read_data(file, keys.require("data"), plan);
  const YAML::Node node = keys.require("checks");
  Mapping all(file, node, "checks");
  for (const auto& name : all.keys()) {
    if (!legal_name(name))
      throw InputError(all.where(name),
                       "a check's name has letters, digits, '-', '_' and '.' only, at most 64");
    plan.checks.push_back(read_check(file, name, all.take(name)));
  }
  if (plan.checks.empty()) throw InputError(place(file, node), "checks: none is listed");
  constexpr std::size_t kMostChecks = 1000;
  if (plan.checks.size() > kMostChecks)
    throw InputError(place(file, node), "checks: " + std::to_string(plan.checks.size()) +
                                            " are listed; at most 1,000 can be");
  keys.finish({"assay", "model", "data", "checks"});
  add_standing_checks(plan);
  return plan;
}

PlannedCheck plan_check(const checks::Entry& entry,
                        const std::vector<std::pair<std::string, std::string>>& settings) {
  PlannedCheck planned;
  planned.name = std::string(entry.info.name);
  planned.entry = &entry;
  const auto infos = entry.fields();
  for (const auto& [name, text] : settings) {
    const auto info = std::find_if(infos.begin(), infos.end(),
                                   [&, wanted = name](const auto& i) { return i.name == wanted; });
    if (info == infos.end()) throw BugError("unknown option " + name);
    FieldValue value = parsed(*info, text, "--" + (info->entry.empty() ? name : info->entry));
    if (!info->entry.empty()) {
      EntryList entries = entries_of(std::get<std::string>(value), "--" + info->entry);
      for (auto& [_, entry] : entries)
        entry = entry_text(info->entry, "", entry, "--" + info->entry);
      value = entries_text(entries);
    }
    planned.settings.emplace_back(name, std::move(value));
  }
  return planned;
}

void add_standing_checks(Plan& plan) {
  for (const auto& entry : checks::catalogue()) {
    if (!entry.always) continue;
    const bool planned = std::any_of(plan.checks.begin(), plan.checks.end(),
                                     [&](const auto& p) { return p.entry == &entry; });
    if (planned) continue;
    for (const auto& p : plan.checks)
      if (p.name == entry.info.name)
        throw InputError(
            p.where,
            "checks." + p.name + ": this name belongs to a check that always runs, choose another");
    plan.checks.push_back(plan_check(entry, {}));
  }
}

}  // namespace assay::audit
