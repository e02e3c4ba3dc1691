#include "assay/checks/other_models.h"

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/dropout.h"

namespace assay::checks {

std::shared_ptr<const network::Classifier> OtherModels::open(const std::string& file,
                                                             const network::Classifier& audited) {
  const std::lock_guard lock(mutex_);
  auto& known = opened_[file];
  if (known) return known;
  auto opened = std::make_shared<const network::Classifier>(network::Classifier::open(
      file, audited.input(), {"", audited.output().kind}, audited.labels()));
  if (opened->classes() != audited.classes())
    throw InputError(file, "has " + std::to_string(opened->classes()) +
                               " classes, the audited model " + std::to_string(audited.classes()));
  known = std::move(opened);
  return known;
}

std::shared_ptr<const network::DropoutSampler> OtherModels::dropping(
    const network::Classifier& audited, const std::vector<network::DropoutPlace>& places) {
  std::string key = audited.sha256();
  for (const auto& place : places)
    key += "/" + place.value + "=" + std::to_string(place.rate) + (place.channels ? "c" : "");
  const std::lock_guard lock(mutex_);
  auto& known = dropping_[key];
  if (!known) known = std::make_shared<const network::DropoutSampler>(audited, places);
  return known;
}

}  // namespace assay::checks
