// Damaged copies of small files, for tests: cut off and with flipped bytes.
//
// `make test` tries at most 200 of each file: cut at every 1 %, the rest flipped. ASSAY_HOSTILE_FLIPS
// sets another number of flips; `ci.sh hostile` asks for 10,000.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "assay/base/seed.h"

namespace assay {

inline std::vector<std::string> truncations(const std::string& bytes) {
  std::vector<std::string> cut;
  for (std::size_t percent = 0; percent < 100; ++percent)
    cut.push_back(bytes.substr(0, bytes.size() * percent / 100));
  return cut;
}

inline int flip_count() {
  const char* set = std::getenv("ASSAY_HOSTILE_FLIPS");
  return set != nullptr ? std::atoi(set) : 100;
}

// The file with one to eight bytes changed; the same for the same index.
inline std::string flipped(std::string bytes, std::uint64_t index) {
  Stream stream(1, "test/flips", index);
  for (std::uint64_t left = 1 + stream.below(8); left-- > 0 && !bytes.empty();) {
    const std::uint64_t at = stream.below(bytes.size());
    bytes[at] = static_cast<char>(stream.below(256));
  }
  return bytes;
}

}  // namespace assay
