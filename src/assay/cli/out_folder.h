// A folder that a verb writes pictures into.
#pragma once

#include <map>
#include <string>

namespace assay::cli {

class OutFolder {
 public:
  // Made where it is missing. InputError(path, …) where that cannot be.
  explicit OutFolder(std::string path);

  // PATH/STEM of a picture's id; of the second of one stem PATH/STEM-2, and so on.
  std::string next(const std::string& id);

 private:
  std::string path_;
  std::map<std::string, int> stems_;
};

}  // namespace assay::cli
