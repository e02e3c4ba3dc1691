// Walks a TorchScript program with a stand-in for the picture and records what it computes.
//
// The program is never run: this walks its instructions, calls of modules and functions included.
// Tensor operators are recorded (torchscript_operators.h), Python's own arithmetic, lists and
// control flow are carried out; so loops over layers unroll, and branches that the trial's shape,
// the model's settings or None decide are decided. A branch on the picture's content, a write to
// the model's own attributes, and every operator without a translation are refused together in
// Recorder::refusal. Bounds: the reading's Effort, and 200 calls deep.
#pragma once

#include "assay/network/torchscript_recorder.h"
#include "assay/network/torchscript_value.h"

namespace torch::jit {
struct Module;
}

namespace assay::network::torchscript {

// What `module`'s forward gives for `input`. InputError where the trial itself does not pass.
Value interpret(const torch::jit::Module& module, const Traced& input, Recorder& recorder);

}  // namespace assay::network::torchscript
