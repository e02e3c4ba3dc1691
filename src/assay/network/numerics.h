// How much memory one tensor may take.
//
// A damaged or hostile file can ask for any size (Resize, Expand, Pad, products of broadcast
// shapes). Two lines stand against it: kernels check what they are about to make (check_shape), and
// libtorch's own allocator refuses a single allocation beyond the budget. Both end in an InputError
// with the node's name. Default: half of this machine's memory. Thread counts and determinism are
// set by configure_numerics (classifier.h).
#pragma once

#include <cstdint>

namespace assay::network {

std::uint64_t memory_budget();  // bytes
void set_memory_budget(std::uint64_t bytes);

}  // namespace assay::network
