// The second door to libtorch: TorchScript's compiler and interpreter. Costs 17 s in each file that
// includes it, so only reading an archive, walking its program and running an opaque file do.
#pragma once

#include "assay/network/torch.h"

// clang-format off
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/source_range.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
// clang-format on
