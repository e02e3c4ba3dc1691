// Cameras as people write them: a chain of stages, and what a RAW mosaic's sidecar says of its sensor.
//
//   camera: 1                                black_level: 256          # or four numbers, one a 2 × 2 place
//   stages:                                  white_level: 4095
//     - black_level: normalise               cfa: RGGB
//     - white_balance: as_shot               white_balance: [1.4, 1, 2.03]
//     - demosaic: menon                      color_matrix: [[…], […], […]]   # white-balanced camera RGB to linear sRGB
//     - colour_matrix: file
//     - clip: [0, 1]
//     - tone: {gamma: 2.2}
//   set: {camera.exposure: 0.5}              # factors of the camera that are not at nominal
#pragma once

#include <string>
#include <vector>

#include "assay/imaging/camera/chain.h"

namespace assay::audit {

// InputError names file and line.
imaging::CameraChain read_camera(const std::string& path);
imaging::Sensor read_sensor(const std::string& path);
// A camera as a plan names it: a file (.yaml, relative to the plan's), or a name (CameraChain::parse).
imaging::CameraChain named_camera(const std::string& plan, const std::string& name,
                                  const std::string& where);
// What read_camera reads back.
std::string camera_yaml(const imaging::CameraChain& camera);

}  // namespace assay::audit
