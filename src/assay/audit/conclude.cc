#include "assay/audit/conclude.h"

#include <algorithm>

#include "assay/audit/description.h"
#include "assay/stats/decide.h"

namespace assay::audit {

namespace {

std::vector<checks::StoredRecord> stored(const std::vector<RecordRef>& refs, const Store& store) {
  std::vector<checks::StoredRecord> records;
  records.reserve(refs.size());
  for (const auto& ref : refs) {
    auto bytes = store.find(ref.key);
    if (!bytes)
      throw InputError("records.sqlite", "a record is missing (" + ref.unit + "); run again");
    records.push_back({{ref.unit, ref.row}, std::move(*bytes)});
  }
  return records;
}

const Measurement& measurement_of(const PlannedCheck& planned, const checks::AnyCheck& check,
                                  const Outline& outline) {
  const auto found = std::find_if(
      outline.measurements.begin(), outline.measurements.end(), [&](const Measurement& m) {
        return m.check == planned.entry->info.name && m.version == planned.entry->info.version &&
               m.measuring_config == check.measuring_config();
      });
  if (found == outline.measurements.end())
    throw InputError(planned.where, "checks." + planned.name +
                                        " was not measured with these parameters; use `assay run`");
  return *found;
}

std::vector<std::string> ids(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  for (const auto& f : findings) all.push_back(f.id);
  return all;
}

const Finding& finding_named(const std::vector<Finding>& findings, const PlannedCheck& planned,
                             const Requirement& requirement) {
  for (const auto& f : findings)
    if (f.id == requirement.finding) return f;
  const std::string near = nearest(requirement.finding, ids(findings));
  throw InputError(
      requirement.where,
      "checks." + planned.name + ".require: there is no finding \"" + requirement.finding + "\"" +
          (near.empty()
               ? "; `assay checks " + std::string(planned.entry->info.name) + "` lists them"
               : ", did you mean \"" + near + "\"?"));
}

}  // namespace

std::vector<std::unique_ptr<checks::AnyCheck>> configure(const Plan& plan) {
  std::vector<std::unique_ptr<checks::AnyCheck>> all;
  for (const auto& planned : plan.checks) all.push_back(planned.entry->configure(planned.settings));
  return all;
}

std::string plan_subject(const Plan& plan) {
  std::string text = "model " + plan.model_as_written + "\ndata " + plan.data_as_written +
                     "\nmasks " + plan.data.masks + "\nannotations " + plan.data.annotations +
                     (plan.data.truth.empty() ? "" : "\ntruth " + plan.data.truth) +
                     (plan.data.camera.empty() ? "" : "\ncamera " + plan.data.camera) + "\nlimit " +
                     std::to_string(plan.data.limit) + "\nseed " + std::to_string(plan.seed) + "\n";
  for (const auto& [key, value] : describe(plan.input)) text += "input " + key + " " + value + "\n";
  for (const auto& [key, value] : describe(plan.output))
    text += "output " + key + " " + value + "\n";
  if (plan.reading == network::Reading::kOpaque) text += "opaque\n";
  for (const auto& label : plan.labels) text += "label " + label + "\n";
  return text;
}

void refuse_unknown_findings(const Plan& plan,
                             const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
                             const checks::Facts& facts) {
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (plan.checks[i].requirements.empty()) continue;
    // Without records every finding is undefined, but its id is there: ids depend on the labels
    // and groups alone.
    const auto findings = checks[i]->conclude({}, facts).findings;
    for (const auto& r : plan.checks[i].requirements) finding_named(findings, plan.checks[i], r);
  }
}

Outcome conclude(const Plan& plan, const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
                 const Outline& outline, const Store& store) {
  Outcome outcome;
  outcome.version = ASSAY_VERSION;
  outcome.seed = outline.facts.seed;
  outcome.model = outline.model;
  outcome.data = outline.data;
  outcome.clean.forwards = outline.data.used - outline.data.unreadable;
  outcome.plan = plan.text;

  const auto clean = stored(outline.clean, store);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const PlannedCheck& planned = plan.checks[i];
    const checks::AnyCheck& check = *checks[i];
    CheckOutcome c;
    c.name = planned.name;
    c.check = planned.entry->info.name;
    c.question = planned.entry->info.question;
    c.source = planned.entry->info.source;
    c.page = planned.entry->page;
    c.evidence_for = planned.entry->evidence_for;
    c.config = check.config();
    checks::Conclusion conclusion;
    if (check.reads_clean_pass()) {
      conclusion = check.conclude(clean, outline.facts);
    } else {
      const auto& measured = measurement_of(planned, check, outline);
      for (const RecordRef& ref : measured.records) {
        const Cost cost = check.cost(ref.unit);
        c.cost.forwards += cost.forwards;
        c.cost.backwards += cost.backwards;
      }
      conclusion = check.conclude(stored(measured.records, store), outline.facts);
    }
    c.findings = std::move(conclusion.findings);
    c.section = std::move(conclusion.section);
    outcome.checks.push_back(std::move(c));
  }

  // Failures are corrected over all requirements of the audit, so they are decided together.
  std::vector<Requirement> requirements;
  std::vector<const Finding*> findings;
  for (std::size_t i = 0; i < checks.size(); ++i)
    for (const auto& r : plan.checks[i].requirements) {
      requirements.push_back(r);
      findings.push_back(&finding_named(outcome.checks[i].findings, plan.checks[i], r));
    }
  const auto decisions = stats::decide(requirements, findings);
  std::size_t next = 0;
  for (std::size_t i = 0; i < checks.size(); ++i)
    for (std::size_t k = 0; k < plan.checks[i].requirements.size(); ++k)
      outcome.checks[i].decisions.push_back(decisions[next++]);
  outcome.has_requirements = !requirements.empty();
  outcome.verdict = stats::overall(decisions);
  return outcome;
}

}  // namespace assay::audit
