// SHA-256, the name of a content.
#pragma once

#include <string>
#include <string_view>

namespace assay::imaging {

std::string sha256_hex(std::string_view bytes);  // 64 lower-case digits

}  // namespace assay::imaging
