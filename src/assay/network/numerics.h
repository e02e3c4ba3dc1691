// How much memory tensors may take.
//
// A damaged or hostile file can ask for any size (Resize, Expand, Pad, products of broadcast
// shapes). Two lines stand against it: kernels check what they are about to make (check_shape), and
// libtorch's own allocator counts the tensors that are alive and refuses, before it takes memory,
// what would lift them above the budget: parameters, the activations of all running passes, what
// autograd keeps. Both end in an InputError with the node's name, the value's and both sizes.
// What oneDNN packs for itself is not counted: at most the weights once more. Default: half of this
// machine's memory. Thread counts and determinism are set by configure_numerics (classifier.h).
#pragma once

#include <cstdint>
#include <new>
#include <string>

#include "assay/base/memory_budget.h"

namespace assay::network {

using assay::memory_budget;
using assay::set_memory_budget;

// The bytes of all tensors that are alive, since configure_numerics.
std::uint64_t tensor_memory();

// What the allocator throws.
class OverBudget final : public std::bad_alloc {
 public:
  OverBudget(std::uint64_t wanted, std::uint64_t held, std::uint64_t budget);
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};
// "needs 8 bytes beside 16 in use, more than the 20 of --max-memory", or "not enough memory".
std::string memory_refusal(const std::bad_alloc& error);

}  // namespace assay::network
