#include "assay/checks/camera/cameras.h"

#include "assay/base/field.h"

namespace assay::checks {

NamedCameras cameras_of(const std::string& text, const std::string& where) {
  NamedCameras cameras;
  if (text.empty()) {
    for (const std::string& name : imaging::static_view_names())
      cameras.emplace_back(name, imaging::CameraChain::parse(name, where));
    return cameras;
  }
  for (const auto& [name, chain] : entries_of(text, where))
    cameras.emplace_back(name, imaging::CameraChain::parse(chain, where + "." + name));
  return cameras;
}

}  // namespace assay::checks
