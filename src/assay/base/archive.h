// Plain records to bytes and back, for the record store. A record says what it consists of, once:
//
//   struct Record { int label; std::vector<float> logits;
//                   template <class A> void archive(A& a) { a(label, logits); } };
//
// Little-endian, no padding, lengths as 64-bit counts. Reading checks every length and the end:
// InputError "damaged record" when the bytes do not fit.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "assay/base/error.h"

namespace assay {

static_assert(std::endian::native == std::endian::little, "records are little-endian");

class ArchiveWriter {
 public:
  template <class... T>
  void operator()(T&... values) {
    (put(values), ...);
  }
  std::string take() { return std::move(bytes_); }

 private:
  template <class T>
  void put(T& v) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      bytes_.append(reinterpret_cast<const char*>(&v), sizeof v);
    } else {
      v.archive(*this);
    }
  }
  void put(std::string& s) {
    std::uint64_t n = s.size();
    put(n);
    bytes_ += s;
  }
  template <class T>
  void put(std::vector<T>& items) {
    std::uint64_t n = items.size();
    put(n);
    if constexpr (std::is_arithmetic_v<T>) {
      bytes_.append(reinterpret_cast<const char*>(items.data()), n * sizeof(T));
    } else {
      for (auto& item : items) put(item);
    }
  }
  std::string bytes_;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : rest_(bytes) {}
  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  void finish() const {
    if (!rest_.empty()) throw InputError("", "damaged record: bytes left over");
  }

 private:
  const char* take(std::uint64_t n) {
    if (n > rest_.size()) throw InputError("", "damaged record: too short");
    const char* p = rest_.data();
    rest_.remove_prefix(n);
    return p;
  }
  std::uint64_t length(std::size_t smallest_item) {
    std::uint64_t n = 0;
    get(n);
    if (n > rest_.size() / smallest_item) throw InputError("", "damaged record: bad length");
    return n;
  }
  template <class T>
  void get(T& v) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      std::memcpy(&v, take(sizeof v), sizeof v);
    } else {
      v.archive(*this);
    }
  }
  void get(std::string& s) {
    const std::uint64_t n = length(1);
    s.assign(take(n), n);
  }
  template <class T>
  void get(std::vector<T>& items) {
    items.resize(length(std::is_arithmetic_v<T> ? sizeof(T) : 1));
    if constexpr (std::is_arithmetic_v<T>) {
      const char* from = take(items.size() * sizeof(T));
      if (!items.empty()) std::memcpy(items.data(), from, items.size() * sizeof(T));
    } else {
      for (auto& item : items) get(item);
    }
  }
  std::string_view rest_;
};

template <class Record>
std::string to_bytes(const Record& record) {
  Record copy = record;  // archive() is one function for both directions, hence not const
  ArchiveWriter writer;
  copy.archive(writer);
  return writer.take();
}

template <class Record>
Record from_bytes(std::string_view bytes) {
  Record record{};
  ArchiveReader reader(bytes);
  record.archive(reader);
  reader.finish();
  return record;
}

}  // namespace assay
