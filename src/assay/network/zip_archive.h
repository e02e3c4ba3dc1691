// Whether a zip archive is whole: TorchScript files are such archives, and libtorch does not look
// at the checksums of what it reads from them.
//
// Every entry must lie inside the file and match its CRC-32, stored or deflated. Sizes of deflated
// entries (code; weights are stored) are bounded, so that a small file cannot fill the memory.
// Cost: one pass over the bytes. Source: PKWARE, APPNOTE.TXT 6.3.10.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::network {

bool is_zip_archive(std::string_view bytes);
// The entries' names, in the file's order. InputError, naming `path`, where the archive is damaged.
std::vector<std::string> check_zip_archive(const std::string& path, std::string_view bytes);

}  // namespace assay::network
