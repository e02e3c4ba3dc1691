// Seed corpora of the libFuzzer targets (docs/hostile.md): made by code, so that no binary file lies
// in the repository.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "assay/base/file.h"

namespace assay {

// Writes the seeds into each folder called "seeds" among a target's arguments, which libFuzzer reads
// afterwards. For LLVMFuzzerInitialize.
inline void write_seeds(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& seeds) {
  for (const std::string& argument : arguments) {
    const std::filesystem::path folder(argument);
    if (folder.filename() != "seeds" || !std::filesystem::is_directory(folder)) continue;
    for (std::size_t i = 0; i < seeds.size(); ++i)
      write_file(folder / ("seed-" + std::to_string(i)), seeds[i]);
  }
}

}  // namespace assay
