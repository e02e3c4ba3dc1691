#include "assay/report/results_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "assay/report/json_text.h"
#include "assay/report/verdict_text.h"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;

Json array_of(const std::vector<std::string>& texts) {
  return texts.empty() ? Json::array() : Json(texts);
}

Json cost_json(const Cost& cost) {
  return {{"forwards", cost.forwards}, {"backwards", cost.backwards}};
}

Json tool_json(const Outcome& outcome) { return {{"name", "assay"}, {"version", outcome.version}}; }

Json model_json(const ModelInfo& model) {
  Json description = Json::object();
  for (const auto& [key, value] : model.description) description[key] = value;
  return {{"file", model.file},
          {"sha256", model.sha256},
          {"labels", array_of(model.labels)},
          {"description", description},
          {"numerics", model.numerics}};
}

Json data_json(const DataInfo& data) {
  return {
      {"source", data.source}, {"digest", data.digest},         {"rows", data.rows},
      {"used", data.used},     {"unreadable", data.unreadable}, {"notes", array_of(data.notes)}};
}

Json field_json(const FieldValue& value) {
  return std::visit(
      [](const auto& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, double>)
          return finite_or_null(v);
        else
          return Json(v);
      },
      value);
}

Json finding_json(const Finding& f) {
  Json interval = nullptr;
  if (f.interval)
    interval = {{"low", finite_or_null(f.interval->low)},
                {"high", finite_or_null(f.interval->high)},
                {"level", finite_or_null(f.interval->level)},
                {"method", f.interval->method}};
  return {{"id", f.id},
          {"value", f.status == FindingStatus::kOk ? finite_or_null(f.value) : Json(nullptr)},
          {"unit", f.unit},
          {"interval", interval},
          {"n", f.n},
          {"status", status_id(f)},
          {"note", f.note}};
}

Json requirement_json(const CheckOutcome& check, const Decision& d) {
  const Finding* finding = finding_of(check, d);
  const bool has_value = finding == nullptr || finding->status == FindingStatus::kOk;
  return {{"id", d.requirement.finding},
          {"comparison", comparison_id(d.requirement.comparison)},
          {"bound", finite_or_null(d.requirement.bound)},
          {"confidence", finite_or_null(d.requirement.confidence)},
          {"verdict", verdict_id(d.verdict)},
          {"value", has_value ? finite_or_null(d.value) : Json(nullptr)},
          {"proven", d.proven ? finite_or_null(*d.proven) : Json(nullptr)},
          {"needed_n", d.needed_n ? Json(*d.needed_n) : Json(nullptr)},
          {"reason", d.reason}};
}

Json exhibits_json(const CheckOutcome& check) {
  Json all = Json::array();
  for (const ExhibitGroup& group : check.section.exhibits)
    for (const Exhibit& e : group.exhibits) {
      Json values = Json::object();
      for (const auto& [name, value] : e.sort_keys) values[name] = finite_or_null(value);
      all.push_back({{"id", e.id},
                     {"group", group.title},
                     {"row", e.row},
                     {"caption", e.caption},
                     {"values", values},
                     {"file", "exhibits/" + check.name + "/" + e.id + ".png"}});
    }
  return all;
}

Json arrays_json(const CheckOutcome& check) {
  Json all = Json::array();
  for (const Array& a : check.section.arrays)
    all.push_back({{"id", a.id},
                   {"shape", a.shape.empty() ? Json::array() : Json(a.shape)},
                   {"file", "exhibits/" + check.name + "/" + a.id + ".npy"}});
  return all;
}

// The names whose bits are set.
template <std::size_t N>
Json named_json(std::uint32_t bits, const std::array<std::string_view, N>& names) {
  Json all = Json::array();
  for (std::size_t i = 0; i < N; ++i)
    if (bits >> i & 1U) all.push_back(names[i]);
  return all;
}

Json check_json(const CheckOutcome& check) {
  Json config = Json::object();
  for (const auto& [name, value] : check.config) config[name] = field_json(value);
  Json findings = Json::array();
  for (const Finding& f : check.findings) findings.push_back(finding_json(f));
  Json requirements = Json::array();
  for (const Decision& d : check.decisions) requirements.push_back(requirement_json(check, d));
  return {{"name", check.name},
          {"check", check.check},
          {"question", check.question},
          {"config", config},
          {"answer", check.section.answer},
          {"findings", findings},
          {"requirements", requirements},
          {"exhibits", exhibits_json(check)},
          {"arrays", arrays_json(check)},
          {"evidence_for",
           {{"trustworthy_ai", named_json(check.evidence_for.key_requirements, kKeyRequirements)},
            {"annex_iv", named_json(check.evidence_for.annex_iv, kAnnexIv)}}},
          {"warnings", array_of(check.section.warnings)},
          {"notes", array_of(check.section.notes)},
          {"cost", cost_json(check.cost)}};
}

}  // namespace

std::string status_id(const Finding& finding) {
  if (finding.status == FindingStatus::kUndefined) return "undefined";
  return std::isfinite(finding.value) ? "ok" : "nonfinite";
}

std::string results_json(const Outcome& outcome) {
  Json checks = Json::array();
  for (const CheckOutcome& check : outcome.checks) checks.push_back(check_json(check));
  return json_text({{"schema", "assay.results/1"},
                    {"tool", tool_json(outcome)},
                    {"seed", outcome.seed},
                    {"model", model_json(outcome.model)},
                    {"data", data_json(outcome.data)},
                    {"checks", checks},
                    {"clean_pass", {{"cost", cost_json(outcome.clean)}}},
                    {"verdict", verdict_id(outcome)}});
}

std::string run_json(const Outcome& outcome, const RunInfo& run) {
  Json seconds = Json::object();
  for (const auto& [name, value] : run.check_seconds) seconds[name] = finite_or_null(value);
  return json_text({{"schema", "assay.run/1"},
                    {"tool", tool_json(outcome)},
                    {"numerics", outcome.model.numerics},
                    {"verdict", verdict_id(outcome)},
                    {"started", run.started},
                    {"seconds", finite_or_null(run.seconds)},
                    {"threads", run.threads},
                    {"batch", run.batch},
                    {"forwards_run", run.forwards_run},
                    {"records_measured", run.records_measured},
                    {"records_reused", run.records_reused},
                    {"check_seconds", seconds}});
}

}  // namespace assay::report
