#include "assay/base/npy.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "assay/base/file.h"

namespace assay {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kLongestHeader = 1
                                         << 16;  // a header with thousands of dimensions is damage

std::size_t item_size(const std::string& dtype) {
  if (dtype == "|u1") return 1;
  if (dtype == "<f4" || dtype == "<i4") return 4;
  if (dtype == "<i2" || dtype == "<u2") return 2;
  if (dtype == "<f8" || dtype == "<i8") return 8;
  return 0;
}

// The text after `'key':` in the header, which is a Python dictionary in one line.
std::optional<std::string_view> after_key(std::string_view header, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "':";
  const auto at = header.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = header.substr(at + quoted.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

std::vector<std::int64_t> parse_shape(std::string_view text, const std::string& path) {
  const auto damaged = [&] {
    return InputError(path, "damaged .npy file: bad shape in the header");
  };
  if (text.empty() || text[0] != '(') throw damaged();
  std::vector<std::int64_t> shape;
  std::int64_t number = -1;
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      number = (number < 0 ? 0 : number) * 10 + (c - '0');
      if (number > (std::int64_t{1} << 48)) throw damaged();
    } else if (c == ',' || c == ')') {
      if (number >= 0) shape.push_back(number);
      number = -1;
      if (c == ')') return shape;
    } else if (c != ' ' && c != 'L') {
      throw damaged();
    }
  }
  throw damaged();
}

}  // namespace

NpyArray read_npy(const std::string& path) {
  const std::string file = read_file(path);
  const auto ends = [&] {
    return InputError(path, "damaged .npy file: it ends within the header");
  };
  if (file.substr(0, kMagic.size()) != kMagic) throw InputError(path, "is not a .npy file");
  if (file.size() < 12) throw ends();
  const auto byte = [&](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(file[i])};
  };
  const std::uint64_t version = byte(6);
  if (version < 1 || version > 3) throw InputError(path, "unknown version of the .npy format");
  const std::size_t header_start = version == 1 ? 10 : 12;
  std::uint64_t header_size = byte(8) | byte(9) << 8;
  if (version > 1) header_size |= byte(10) << 16 | byte(11) << 24;
  if (header_size > kLongestHeader) throw InputError(path, "damaged .npy file: header too long");
  if (header_size > file.size() - header_start) throw ends();
  const std::string_view header(file.data() + header_start, header_size);
  const std::string_view data = std::string_view(file).substr(header_start + header_size);

  const auto descr = after_key(header, "descr");
  const auto order = after_key(header, "fortran_order");
  const auto shape = after_key(header, "shape");
  if (!descr || !order || !shape || descr->size() < 2 || (*descr)[0] != '\'')
    throw InputError(path, "damaged .npy file: incomplete header");
  if (order->substr(0, 5) != "False")
    throw InputError(path, "the array is stored in Fortran order, wanted C order");

  NpyArray array;
  array.dtype = std::string(descr->substr(1, descr->find('\'', 1) - 1));
  if (array.dtype == "|b1" || array.dtype == "<u1") array.dtype = "|u1";
  const std::size_t item = item_size(array.dtype);
  if (item == 0)
    throw InputError(
        path, "items of type " + array.dtype +
                  " are not read, wanted little-endian float32, float64, int16, uint16, int32, "
                  "int64 or uint8");
  array.shape = parse_shape(*shape, path);
  const auto too_short = [&] {
    return InputError(path, "damaged .npy file: shorter than its shape says");
  };
  std::uint64_t size = item;
  for (const std::int64_t d : array.shape) {
    if (d != 0 && size > (data.size() + item) / static_cast<std::uint64_t>(d)) throw too_short();
    size *= static_cast<std::uint64_t>(d);
  }
  if (size > data.size()) throw too_short();
  array.bytes.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
  return array;
}

void write_npy(const std::string& path, const std::vector<std::int64_t>& shape,
               std::span<const float> values) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  std::uint64_t count = 1;
  for (const std::int64_t d : shape) {
    text += std::to_string(d) + ",";
    count *= static_cast<std::uint64_t>(d);
  }
  if (count != values.size()) throw BugError("write_npy: the shape does not fit the values");
  text += "), }";
  const std::size_t start = kMagic.size() + 4;
  text.append(63 - (start + text.size()) % 64, ' ');  // data begin at a multiple of 64
  text += '\n';

  std::string file(kMagic);
  file += {1, 0, static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  file += text;
  file.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  write_file(path, file);
}

}  // namespace assay
