// Whole files, in and out.
//
// Every failure is an InputError of one line that names the file and says what the system said:
// missing, a folder, not permitted, too large, disk full. Cost: one pass over the bytes, held in
// memory once.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace assay {

inline constexpr std::uint64_t kAnyFileSize = std::numeric_limits<std::uint64_t>::max();

// The bytes of a regular file (links are followed). A file of more than `most_bytes` is an
// InputError and is not read; so are devices and pipes, which could block or never end.
std::string read_file(const std::string& path, std::uint64_t most_bytes = kAnyFileSize);

// Replaces `path` in one step: a killed program or a full disk leaves the old file (or none) or the
// whole new one, and nothing else in the folder. The folder must exist. Not synced to the platter:
// after a power failure the new file may be empty on some file systems.
void write_file(const std::string& path, std::string_view bytes);

}  // namespace assay
