// For this room's tests: temporary folders, the shared reference files, small pictures and files.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/imaging/picture.h"

#ifndef ASSAY_SOURCE_DIR  // the build sets it
#define ASSAY_SOURCE_DIR "."
#endif

namespace assay::imaging {

// A path below the shared folder (ASSAY_SHARED, else beside the project); it may not exist.
inline std::string shared_path(const std::string& path) {
  const char* set = std::getenv("ASSAY_SHARED");
  return std::string(set != nullptr ? set : ASSAY_SOURCE_DIR "/../shared") + "/" + path;
}
inline bool shared_exists() { return std::filesystem::exists(shared_path("reference")); }

// A fresh folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "assay-imaging-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw BugError("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The text of the InputError that `run` throws; empty if it throws none.
inline std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

// Smooth colours with some texture; every sample differs from its neighbours.
inline Picture sample_picture(int height, int width, int channels, int bits = 8) {
  Picture p{height, width, channels, bits, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) {
        const unsigned v = static_cast<unsigned>(x * (c + 3) * 37 + y * (5 - c) * 29 +
                                                 (x * 7 + y * 13 + c * 5) % 11 * 100) %
                           65536;
        if (bits == 16) p.bytes.push_back(static_cast<std::uint8_t>(v & 255));
        p.bytes.push_back(static_cast<std::uint8_t>(bits == 16 ? v >> 8 : v / 8 % 256));
      }
  return p;
}

}  // namespace assay::imaging
