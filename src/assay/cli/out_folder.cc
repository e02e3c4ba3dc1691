#include "assay/cli/out_folder.h"

#include <filesystem>

#include "assay/base/error.h"

namespace assay::cli {

namespace fs = std::filesystem;

OutFolder::OutFolder(std::string path) : path_(std::move(path)) {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw InputError(path_, "cannot be made: " + error.message());
}

std::string OutFolder::next(const std::string& id) {
  const std::string stem = fs::path(id).stem().string();
  const int n = ++stems_[stem];
  return (fs::path(path_) / (n == 1 ? stem : stem + "-" + std::to_string(n))).string();
}

}  // namespace assay::cli
