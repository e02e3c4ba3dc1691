#include "assay/network/onnx_reader.h"

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <limits>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/network/onnx_graph.h"
#include "assay/network/onnx_tensor.h"

namespace assay::network {

namespace {

constexpr std::uint64_t kLargestFile = std::numeric_limits<int>::max();  // protobuf's own limit
constexpr int kDeepestNesting = 64;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1)
      throw BugError("SHA-256 is not available");
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() { EVP_MD_CTX_free(context_); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_, digest.data(), &size);
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  EVP_MD_CTX* context_;
};

void check_start(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) throw InputError(path, "is empty, wanted an ONNX model");
  if (bytes.compare(0, 4, "PK\x03\x04") == 0)
    throw InputError(path,
                     "is a TorchScript or PyTorch archive, and TorchScript is not read yet; export "
                     "the model to ONNX");
  if (bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5)
    throw InputError(path,
                     "is a Python pickle, perhaps a PyTorch state_dict, which holds weights but no "
                     "network; export the model to ONNX");
}

onnx::ModelProto parse(const std::string& path, const std::string& bytes) {
  onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  stream.SetRecursionLimit(kDeepestNesting);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    throw InputError(path, "is not an ONNX model, is damaged, or nests graphs more than " +
                               std::to_string(kDeepestNesting / 3 - 1) + " deep (the file has " +
                               std::to_string(bytes.size()) + " bytes)");
  return model;
}

}  // namespace

OnnxModel read_onnx(const std::string& path) {
  std::string bytes = read_file(path, kLargestFile);
  check_start(path, bytes);
  Sha256 sha256;
  sha256.add(bytes);
  const onnx::ModelProto model = parse(path, bytes);
  bytes = std::string();  // a copy less while the tensors are made
  OnnxTensorReader tensors(path);
  OnnxModel result;
  try {
    result.graph = std::make_shared<const Graph>(graph_of(path, model, tensors));
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw InputError(path, "is damaged: " + text.substr(0, text.find('\n')));
  } catch (const std::bad_alloc&) {
    throw InputError(path, "does not fit into memory");
  }
  for (const auto& file : tensors.external_files()) sha256.add(read_file(file.string()));
  result.sha256 = sha256.hex();
  return result;
}

}  // namespace assay::network
