#include "assay/checks/catalogue.h"

#include "assay/checks/data/input.h"
#include "assay/checks/data/pictures.h"
#include "assay/checks/focus/faithfulness.h"
#include "assay/checks/focus/heatmap.h"
#include "assay/checks/pages.h"
#include "assay/checks/performance/accuracy.h"
#include "assay/checks/performance/calibration.h"

namespace assay::checks {

namespace {

enum class When { kAsked, kAlways };

template <Check C>
Entry row(const char* group, std::string_view page, When when = When::kAsked) {
  return {C::kInfo,
          group,
          page,
          when == When::kAlways,
          [] { return field_infos<C>(); },
          [](const Settings& settings) -> std::unique_ptr<AnyCheck> {
            return std::make_unique<Configured<C>>(settings);
          }};
}

}  // namespace

std::span<const Entry> catalogue() {
  static const std::vector<Entry> entries{
      row<Accuracy>("performance", embedded::page_accuracy),
      row<Calibration>("performance", embedded::page_calibration),
      row<Heatmap>("focus", embedded::page_heatmap),
      row<Faithfulness>("focus", embedded::page_faithfulness),
      row<Pictures>("data", embedded::page_pictures, When::kAlways),
      row<Input>("data", embedded::page_input, When::kAlways),
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
