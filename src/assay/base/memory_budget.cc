#include "assay/base/memory_budget.h"

#include <unistd.h>

#include <atomic>

namespace assay {
namespace {

std::uint64_t half_of_memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES), bytes_each = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || bytes_each <= 0) return std::uint64_t{1} << 31;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes_each) / 2;
}

std::atomic<std::uint64_t>& budget() {
  static std::atomic<std::uint64_t> bytes{half_of_memory()};
  return bytes;
}

}  // namespace

std::uint64_t memory_budget() { return budget(); }
void set_memory_budget(std::uint64_t bytes) { budget() = bytes; }

}  // namespace assay
