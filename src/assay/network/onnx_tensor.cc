#include "assay/network/onnx_tensor.h"

#include <onnx/onnx_pb.h>

#include <charconv>
#include <cstring>
#include <fstream>

#include "assay/base/error.h"
#include "assay/network/number_format.h"

namespace assay::network {

namespace {

using onnx::TensorProto;

struct StoredType {
  std::uint64_t size = 0;  // bytes an item; 0: not supported
  at::ScalarType stored;   // as which libtorch can read the bytes
  at::ScalarType made;     // as which the graph computes
  bool two_a_byte = false;
};

StoredType stored_type(int type) {
  switch (type) {
    case TensorProto::FLOAT:
      return {4, at::kFloat, at::kFloat};
    case TensorProto::DOUBLE:
      return {8, at::kDouble, at::kFloat};
    case TensorProto::FLOAT16:
      return {2, at::kHalf, at::kFloat};
    case TensorProto::BFLOAT16:
      return {2, at::kBFloat16, at::kFloat};
    case TensorProto::UINT8:
      return {1, at::kByte, at::kByte};
    case TensorProto::INT8:
      return {1, at::kChar, at::kChar};
    case TensorProto::BOOL:
      return {1, at::kByte, at::kBool};
    case TensorProto::UINT16:
      return {2, at::kShort, at::kInt};
    case TensorProto::INT16:
      return {2, at::kShort, at::kShort};
    case TensorProto::INT32:
      return {4, at::kInt, at::kInt};
    case TensorProto::UINT32:
      return {4, at::kInt, at::kLong};
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return {8, at::kLong, at::kLong};
    case onnx_type::kFloat8E4m3fn:
    case onnx_type::kFloat8E4m3fnuz:
    case onnx_type::kFloat8E5m2:
    case onnx_type::kFloat8E5m2fnuz:
      return {1, at::kByte, at::kFloat};
    case onnx_type::kUint4:
      return {1, at::kByte, at::kByte, true};
    case onnx_type::kInt4:
      return {1, at::kByte, at::kChar, true};
    default:
      return {};
  }
}

std::string type_text(int type) {
  const std::string& name =
      onnx::TensorProto_DataType_Name(static_cast<TensorProto::DataType>(type));
  return name.empty() ? "number " + std::to_string(type) : name;
}

// Two numbers of four bits a byte, the lower bits first.
at::Tensor from_halves(const std::string& bytes, int onnx_type,
                       const std::vector<std::int64_t>& shape) {
  const at::Tensor packed = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
  if (!bytes.empty()) std::memcpy(packed.data_ptr(), bytes.data(), bytes.size());
  const at::Tensor wide = packed.to(at::kShort);
  at::Tensor halves = at::stack({at::bitwise_and(wide, 15), at::div(wide, 16, "floor")}, 1);
  if (onnx_type == onnx_type::kInt4)
    halves = at::where(at::gt(halves, 7), at::sub(halves, 16), halves);
  const at::Tensor made = at::empty(shape, onnx_type == onnx_type::kInt4 ? at::kChar : at::kByte);
  made.copy_(halves.reshape({-1}).narrow(0, 0, made.numel()).reshape(shape));
  return made;
}

at::Tensor from_bytes(const std::string& bytes, const StoredType& type, int onnx_type,
                      const std::vector<std::int64_t>& shape) {
  if (type.two_a_byte) return from_halves(bytes, onnx_type, shape);
  at::Tensor stored = at::empty(shape, type.stored);
  if (!bytes.empty()) std::memcpy(stored.data_ptr(), bytes.data(), bytes.size());
  if (onnx_type == TensorProto::UINT16) return at::bitwise_and(stored.to(at::kInt), 0xffff);
  if (onnx_type == TensorProto::UINT32) return at::bitwise_and(stored.to(at::kLong), 0xffffffffL);
  if (is_float8(onnx_type)) return from_float8(stored, onnx_type);
  return stored.to(type.made);
}

template <class Stored, class Items>
std::string typed_bytes(const Items& items) {
  std::string bytes(static_cast<std::size_t>(items.size()) * sizeof(Stored), '\0');
  for (int i = 0; i < items.size(); ++i) {
    const auto item = static_cast<Stored>(items.Get(i));
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof item, &item, sizeof item);
  }
  return bytes;
}

// The typed fields as raw_data would have them.
std::string bytes_of_fields(const TensorProto& t) {
  switch (t.data_type()) {
    case TensorProto::FLOAT:
      return typed_bytes<float>(t.float_data());
    case TensorProto::DOUBLE:
      return typed_bytes<double>(t.double_data());
    case TensorProto::INT64:
      return typed_bytes<std::int64_t>(t.int64_data());
    case TensorProto::UINT64:
      return typed_bytes<std::uint64_t>(t.uint64_data());
    case TensorProto::UINT32:
      return typed_bytes<std::uint32_t>(t.uint64_data());
    case TensorProto::INT32:
      return typed_bytes<std::int32_t>(t.int32_data());
    case TensorProto::INT16:
    case TensorProto::UINT16:
    case TensorProto::FLOAT16:  // the bits, one an int32
    case TensorProto::BFLOAT16:
      return typed_bytes<std::uint16_t>(t.int32_data());
    default:
      return typed_bytes<std::uint8_t>(t.int32_data());
  }
}

std::uint64_t entry_number(const std::string& text, bool& valid) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  valid = error == std::errc() && end == text.data() + text.size();
  return number;
}

}  // namespace

std::filesystem::path OnnxTensorReader::external_path(const std::string& location,
                                                      const std::string& what) const {
  namespace fs = std::filesystem;
  const auto refused = [&](const std::string& why) {
    return InputError(model_, what + " keeps its data in \"" + location + "\", " + why);
  };
  const fs::path relative(location);
  if (location.empty() || relative.is_absolute() || location.find('\0') != std::string::npos)
    throw refused("wanted a file name relative to the model's folder");
  for (const fs::path& part : relative)
    if (part == "..") throw refused("which leads out of the model's folder");
  std::error_code error;
  const fs::path parent = fs::path(model_).parent_path();
  const fs::path folder = fs::canonical(parent.empty() ? "." : parent, error);
  if (error) throw refused("but the model's folder cannot be resolved");
  const fs::path resolved = fs::canonical(folder / relative, error);
  if (error) throw refused("which is not there");
  const fs::path inside = resolved.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..")
    throw refused("a link that leads out of the model's folder");
  if (!fs::is_regular_file(resolved, error)) throw refused("which is not a file");
  return resolved;
}

std::string OnnxTensorReader::external_bytes(const TensorProto& tensor, std::uint64_t size,
                                             const std::string& what) {
  std::string location;
  std::uint64_t offset = 0, length = size;
  for (const auto& entry : tensor.external_data()) {
    bool valid = true;
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = entry_number(entry.value(), valid);
    if (entry.key() == "length") length = entry_number(entry.value(), valid);
    if (!valid) throw InputError(model_, what + " has external data with a damaged " + entry.key());
  }
  const std::filesystem::path path = external_path(location, what);
  if (length != size)
    throw InputError(model_, what + " has " + std::to_string(length) + " bytes of data in \"" +
                                 location + "\", wanted " + std::to_string(size));
  std::error_code error;
  const std::uint64_t file_size = std::filesystem::file_size(path, error);
  if (error || offset > file_size || size > file_size - offset)
    throw InputError(path.string(), "too short for " + what + " of the model");
  std::ifstream in(path, std::ios::binary);
  std::string bytes(size, '\0');
  in.seekg(static_cast<std::streamoff>(offset));
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
    throw InputError(path.string(), "cannot be read");
  external_files_.insert(path);
  return bytes;
}

at::Tensor OnnxTensorReader::read(const TensorProto& tensor, const std::string& what) {
  const StoredType type = stored_type(tensor.data_type());
  if (type.size == 0)
    throw InputError(model_, what + " has items of type " + type_text(tensor.data_type()) +
                                 ", which is not supported");
  if (tensor.has_segment()) throw InputError(model_, what + " is stored in segments");
  if (tensor.dims_size() > 64) throw InputError(model_, what + " has more than 64 dimensions");
  std::vector<std::int64_t> shape;
  std::uint64_t size = type.size;
  bool empty = false;
  for (const std::int64_t d : tensor.dims()) {
    if (d < 0 || d > (std::int64_t{1} << 40))
      throw InputError(model_, what + " has a size of " + std::to_string(d));
    empty = empty || d == 0;
    if (d > 0 && size > (std::uint64_t{1} << 44) / static_cast<std::uint64_t>(d))
      throw InputError(model_, what + " is said to have more items than any file holds");
    size *= d > 0 ? static_cast<std::uint64_t>(d) : 1;
    shape.push_back(d);
  }
  if (empty) size = 0;
  if (type.two_a_byte) size = (size + 1) / 2;

  const bool external = tensor.data_location() == TensorProto::EXTERNAL;
  std::string own;  // where the bytes have to be made or fetched
  if (external)
    own = external_bytes(tensor, size, what);
  else if (!tensor.has_raw_data())
    own = bytes_of_fields(tensor);
  const std::string& bytes = external || !tensor.has_raw_data() ? own : tensor.raw_data();
  if (bytes.size() != size)
    throw InputError(model_, what + " has " + std::to_string(bytes.size()) +
                                 " bytes of data, its shape wants " + std::to_string(size));
  return from_bytes(bytes, type, tensor.data_type(), shape);
}

}  // namespace assay::network
