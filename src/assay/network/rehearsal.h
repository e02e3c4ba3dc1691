// Tries something dangerous in a child process first: a file whose reading or running kills the
// process must not take the audit with it.
//
// The child is a fork, silent, without core dumps, killed after `limit`, with no more memory than
// the budget beside what it starts with (not under sanitisers). What it does must come to
// the same in the parent afterwards, so set numerics first. Call it before other threads work:
// a fork copies the calling thread alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace assay::network {

struct Rehearsal {
  enum class End { kDone, kError, kDied, kTimedOut };
  End end = End::kDone;
  std::string error;  // of kError: what the act threw
  std::string last;   // what it said last
  int signal = 0;     // of kDied; 0: it exited by itself
};

using Say = std::function<void(const std::string&)>;  // one line
Rehearsal rehearse(const std::function<void(const Say&)>& act, std::chrono::seconds limit);
// "is killed by signal 11 (Segmentation fault)", "takes more than 120 s"
std::string how_it_ended(const Rehearsal& rehearsal, std::chrono::seconds limit);

}  // namespace assay::network
