#include "assay/audit/plan_text.h"

#include <cctype>

#include "assay/audit/description.h"

namespace assay::audit {

std::string yaml_scalar(const std::string& text) {
  bool plain = !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) ||
                                 text[0] == '/' || text[0] == '.' || text[0] == '_');
  for (const char c : text)
    plain = plain && (std::isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '.' ||
                      c == '_' || c == '-' || c == ' ' || c == '+');
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off", "~", ".nan", ".inf"})
    plain = plain && text != word;
  if (plain && text.back() != ' ') return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

namespace {

bool is_mapping(const PlannedCheck& check, const std::string& key) {
  for (const FieldInfo& info : check.entry->fields())
    if (info.name == key) return !info.entry.empty();
  return false;
}

}  // namespace

std::string plan_text(const Plan& plan, const std::map<std::string, std::string>& remarks) {
  const auto remark = [&](const std::string& key) {
    const auto found = remarks.find(key);
    return found == remarks.end() ? std::string() : "  # " + found->second;
  };
  std::string text = "assay: 1\n\nmodel:\n  file: " + yaml_scalar(plan.model_as_written) +
                     remark("model.file") + "\n";
  if (!plan.labels.empty()) {
    text += "  labels:" + remark("labels") + "\n";
    for (const auto& label : plan.labels) text += "    - " + yaml_scalar(label) + "\n";
  }
  text += "  input:" + remark("input") + "\n";
  for (const auto& [key, value] : describe(plan.input))
    text += "    " + key + ": " + value + remark("input." + key) + "\n";
  if (plan.reading == network::Reading::kOpaque) text += "  opaque: true\n";
  text += "  output:" + remark("output") + "\n";
  for (const auto& [key, value] : describe(plan.output))
    text += "    " + key + ": " + (key == "value" ? yaml_scalar(value) : value) +
            remark("output." + key) + "\n";

  text += "\ndata:" + remark("data") + "\n";
  if (!plan.data.images.empty()) text += "  images: " + yaml_scalar(plan.data.images) + "\n";
  if (!plan.data.manifest.empty()) text += "  manifest: " + yaml_scalar(plan.data.manifest) + "\n";
  if (!plan.data.idx.empty())
    text += "  idx: " + yaml_scalar(plan.data.idx) +
            "\n  labels: " + yaml_scalar(plan.data.idx_labels) + "\n";
  if (!plan.data.masks.empty()) text += "  masks: " + yaml_scalar(plan.data.masks) + "\n";
  if (!plan.data.annotations.empty())
    text += "  annotations: " + yaml_scalar(plan.data.annotations) + "\n";
  if (plan.data.limit > 0) text += "  limit: " + std::to_string(plan.data.limit) + "\n";
  if (plan.seed > 0) text += "  seed: " + std::to_string(plan.seed) + "\n";

  text += "\nchecks:" + remark("checks") + "\n";
  for (const auto& check : plan.checks) {
    text += "  " + check.name + ":" + remark("checks." + check.name) + "\n";
    if (check.name != check.entry->info.name)
      text += "    check: " + std::string(check.entry->info.name) + "\n";
    for (const auto& [key, value] : check.settings) {
      if (is_mapping(check, key)) {
        text += "    " + key + ":\n";
        for (const auto& [name, entry] : entries_of(to_text(value), check.where))
          text += "      " + yaml_scalar(name) + ": \"" + entry + "\"\n";
        continue;
      }
      text += "    " + key + ": " +
              (std::holds_alternative<std::string>(value) ? yaml_scalar(to_text(value))
                                                          : to_text(value)) +
              "\n";
    }
    if (check.requirements.empty()) continue;
    text += "    require:\n";
    for (const auto& r : check.requirements)
      text += "      " + yaml_scalar(r.finding) + ": {" +
              (r.comparison == Comparison::kAtLeast ? "at_least: " : "at_most: ") +
              to_text(r.bound) + ", confidence: " + to_text(r.confidence) + "}\n";
  }
  return text;
}

}  // namespace assay::audit
