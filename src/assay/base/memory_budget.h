// How much memory untrusted files may make a process take: `--max-memory`, by default half of the
// machine's.
//
// A damaged or hostile file can ask for any size. Whoever is about to take memory whose size a file
// decides asks first: tensors (network/numerics.h, all that are alive count together), decoded
// pictures, the bytes of files. Refusals name both sizes.
#pragma once

#include <cstdint>

namespace assay {

std::uint64_t memory_budget();  // bytes
void set_memory_budget(std::uint64_t bytes);

}  // namespace assay
