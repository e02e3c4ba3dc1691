#include "assay/checks/catalogue.h"

#include "assay/checks/camera/drift_forensics.h"
#include "assay/checks/camera/drift_synthesis.h"
#include "assay/checks/data/input.h"
#include "assay/checks/data/pictures.h"
#include "assay/checks/focus/faithfulness.h"
#include "assay/checks/focus/focus.h"
#include "assay/checks/focus/heatmap.h"
#include "assay/checks/focus/misclassified.h"
#include "assay/checks/focus/shortcut_search.h"
#include "assay/checks/pages.h"
#include "assay/checks/performance/accuracy.h"
#include "assay/checks/performance/calibration.h"
#include "assay/checks/performance/segmentation.h"
#include "assay/checks/robustness/robustness.h"
#include "assay/checks/sensitivity/corruption.h"
#include "assay/checks/sensitivity/effect.h"
#include "assay/checks/sensitivity/screening.h"
#include "assay/checks/sensitivity/sensitivity.h"
#include "assay/checks/sensitivity/tolerance.h"
#include "assay/checks/uncertainty/uncertainty.h"

namespace assay::checks {

namespace {

enum class When { kAsked, kAlways };

template <Check C>
Entry row(const char* group, std::string_view page, EvidenceFor evidence_for,
          When when = When::kAsked) {
  return {C::kInfo,
          group,
          page,
          evidence_for,
          when == When::kAlways,
          [] { return field_infos<C>(); },
          [](const Settings& settings) -> std::unique_ptr<AnyCheck> {
            return std::make_unique<Configured<C>>(settings);
          }};
}

}  // namespace

std::span<const Entry> catalogue() {
  static const std::vector<Entry> entries{
      row<Accuracy>("performance", embedded::page_accuracy,
                    {kRobustness, kDevelopment | kControl | kMetrics}),
      row<Calibration>("performance", embedded::page_calibration,
                       {kHumanAgency | kRobustness, kDevelopment | kControl | kMetrics}),
      row<Segmentation>("performance", embedded::page_segmentation,
                        {kRobustness, kDevelopment | kControl | kMetrics}),
      row<Focus>("focus", embedded::page_focus,
                 {kRobustness | kTransparency, kDevelopment | kControl | kRiskManagement}),
      row<ShortcutSearch>("focus", embedded::page_shortcut_search,
                          {kRobustness | kTransparency, kDevelopment | kControl | kRiskManagement}),
      row<Misclassified>("focus", embedded::page_misclassified,
                         {kRobustness | kTransparency, kDevelopment | kControl | kRiskManagement}),
      row<Heatmap>("focus", embedded::page_heatmap,
                   {kHumanAgency | kTransparency, kDevelopment | kControl}),
      row<Faithfulness>("focus", embedded::page_faithfulness,
                        {kTransparency, kDevelopment | kMetrics}),
      row<Screening>("sensitivity", embedded::page_screening,
                     {kRobustness, kDevelopment | kControl | kRiskManagement}),
      row<Sensitivity>("sensitivity", embedded::page_sensitivity,
                       {kRobustness, kDevelopment | kControl | kRiskManagement | kMetrics}),
      row<Tolerance>("sensitivity", embedded::page_tolerance,
                     {kRobustness, kDevelopment | kControl | kRiskManagement}),
      row<Effect>("sensitivity", embedded::page_effect,
                  {kRobustness | kTransparency, kDevelopment | kControl | kRiskManagement}),
      row<Corruption>("sensitivity", embedded::page_corruption,
                      {kRobustness, kDevelopment | kControl | kMetrics}),
      row<Uncertainty>("uncertainty", embedded::page_uncertainty,
                       {kHumanAgency | kRobustness, kDevelopment | kControl | kMetrics}),
      row<Robustness>("robustness", embedded::page_robustness,
                      {kRobustness, kDevelopment | kControl | kRiskManagement}),
      row<DriftSynthesis>("camera", embedded::page_drift_synthesis,
                          {kRobustness, kDevelopment | kControl | kRiskManagement}),
      row<DriftForensics>("camera", embedded::page_drift_forensics,
                          {kRobustness, kDevelopment | kControl | kRiskManagement}),
      row<Pictures>("data", embedded::page_pictures, {kDataGovernance, kDevelopment},
                    When::kAlways),
      row<Input>("data", embedded::page_input,
                 {kRobustness | kDataGovernance, kDevelopment | kControl}, When::kAlways),
  };
  return entries;
}

const Entry& entry_named(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const auto& entry : catalogue()) {
    if (entry.info.name == name) return entry;
    names.emplace_back(entry.info.name);
  }
  const std::string near = nearest(name, names);
  throw InputError(where, "there is no check \"" + name + "\"" +
                              (near.empty() ? "; `assay checks` lists them"
                                            : ", did you mean \"" + near + "\"?"));
}

}  // namespace assay::checks
