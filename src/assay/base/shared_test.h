// Where reference data of other people's tools lie: ASSAY_SHARED, or ../shared beside the checkout.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace assay {

inline std::string shared_file(const std::string& path) {
  const char* given = std::getenv("ASSAY_SHARED");
  return std::string(given ? given : ASSAY_SOURCE_DIR "/../shared") + "/" + path;
}

// For GTEST_SKIP where a file that a test needs is absent.
#define ASSAY_NEEDS_SHARED(path)                            \
  if (!std::filesystem::exists(::assay::shared_file(path))) \
  GTEST_SKIP() << "no reference data: " << ::assay::shared_file(path)

}  // namespace assay
