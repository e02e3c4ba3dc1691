// NumPy's array file (.npy, format 1 to 3): how raw maps are kept and how reference arrays are
// read.
//
// Little-endian, C order; float32, float64, int64, int32, int16, uint8 (and bool as uint8) are read,
// float32 is written. Every length is checked against the file before memory is taken; a damaged
// file is an InputError in one line. Cost: one read of the file. Source: numpy.lib.format,
// https://numpy.org/neps/nep-0001-npy-format.html
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "assay/base/error.h"

namespace assay {

struct NpyArray {
  std::vector<std::int64_t> shape;  // empty: a single number
  std::string dtype;                // "<f4", "<f8", "<i8", "<i4", "<i2", "<u2" or "|u1"
  std::vector<char> bytes;          // size() items, C order

  std::int64_t size() const {
    std::int64_t n = 1;
    for (const std::int64_t d : shape) n *= d;
    return n;
  }
  // The items converted to T as static_cast does.
  template <class T>
  std::vector<T> values() const {
    if (dtype == "<f4") return converted<float, T>();
    if (dtype == "<f8") return converted<double, T>();
    if (dtype == "<i8") return converted<std::int64_t, T>();
    if (dtype == "<i4") return converted<std::int32_t, T>();
    if (dtype == "<i2") return converted<std::int16_t, T>();
    if (dtype == "<u2") return converted<std::uint16_t, T>();
    if (dtype == "|u1") return converted<std::uint8_t, T>();
    throw BugError("npy: no conversion from " + dtype);
  }

 private:
  template <class Stored, class T>
  std::vector<T> converted() const {
    std::vector<T> out(bytes.size() / sizeof(Stored));
    for (std::size_t i = 0; i < out.size(); ++i) {
      Stored item;
      std::memcpy(&item, bytes.data() + i * sizeof item, sizeof item);
      out[i] = static_cast<T>(item);
    }
    return out;
  }
};

NpyArray read_npy(const std::string& path);
// Replaces `path` in one step: a killed program leaves the old file or the new one.
void write_npy(const std::string& path, const std::vector<std::int64_t>& shape,
               std::span<const float> values);

}  // namespace assay
