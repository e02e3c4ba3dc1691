// The cameras that a plan names: "name=chain; …" of a field (base/field.h), each chain as text (imaging/camera/chain.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assay/imaging/camera/chain.h"

namespace assay::checks {

using NamedCameras = std::vector<std::pair<std::string, imaging::CameraChain>>;

// Empty text: the twelve static views. InputError(where, …) for what is no camera.
NamedCameras cameras_of(const std::string& text, const std::string& where);

}  // namespace assay::checks
