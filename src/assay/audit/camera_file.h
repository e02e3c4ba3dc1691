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
#pragma once

#include <string>
#include <vector>

#include "assay/imaging/camera/chain.h"

namespace assay::audit {

// InputError names file and line.
imaging::CameraChain read_camera(const std::string& path);
imaging::Sensor read_sensor(const std::string& path);

}  // namespace assay::audit
