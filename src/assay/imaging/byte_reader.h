// Numbers at given places of an untrusted file. Every access is checked; reading past the end is an
// InputError that calls the file truncated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "assay/base/error.h"

namespace assay::imaging {

enum class ByteOrder { kLittle, kBig };

class ByteReader {
 public:
  // `format` ("PNG") and `name` (the file's) are for messages; `bytes` and `name` must outlive the
  // reader.
  ByteReader(std::string_view bytes, ByteOrder order, std::string_view format,
             const std::string& name)
      : bytes_(bytes), order_(order), format_(format), name_(name) {}

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return bytes_.size(); }
  std::string_view bytes(std::uint64_t at, std::uint64_t n) const {
    if (at > bytes_.size() || n > bytes_.size() - at) truncated();
    return bytes_.substr(at, n);
  }
  std::uint8_t u8(std::uint64_t at) const { return static_cast<std::uint8_t>(bytes(at, 1)[0]); }
  std::uint16_t u16(std::uint64_t at) const { return static_cast<std::uint16_t>(number(at, 2)); }
  std::uint32_t u32(std::uint64_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
  std::uint64_t u64(std::uint64_t at) const { return number(at, 8); }

  [[noreturn]] void truncated() const {
    throw InputError(name_, "truncated " + std::string(format_) + " file (" +
                                std::to_string(bytes_.size()) + " bytes)");
  }
  [[noreturn]] void damaged(const std::string& what) const {
    throw InputError(name_, "damaged " + std::string(format_) + " file: " + what);
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw InputError(name_, what + " is not supported");
  }

 private:
  std::uint64_t number(std::uint64_t at, int n) const {
    const std::string_view b = bytes(at, static_cast<std::uint64_t>(n));
    std::uint64_t v = 0;
    for (int i = 0; i < n; ++i) {
      const int from = order_ == ByteOrder::kBig ? i : n - 1 - i;
      v = v << 8 | static_cast<std::uint8_t>(b[static_cast<std::size_t>(from)]);
    }
    return v;
  }

  std::string_view bytes_;
  ByteOrder order_;
  std::string_view format_;
  const std::string& name_;
};

}  // namespace assay::imaging
