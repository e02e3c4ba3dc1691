// The one door to libtorch: no other file includes it. <ATen/core/ivalue.h> comes first because
// clang tools cannot parse Debian 12's libtorch in C++20 otherwise.
#pragma once

// clang-format off
#include <ATen/core/ivalue.h>
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/api/include/torch/version.h>
// clang-format on

// Since libtorch 2.2 deterministic mode also fills fresh memory.
#define ASSAY_TORCH_FILLS_MEMORY \
  (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2))
