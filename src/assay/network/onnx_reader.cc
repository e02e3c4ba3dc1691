#include "assay/network/onnx_reader.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/network/numerics.h"
#include "assay/network/onnx_graph.h"
#include "assay/network/onnx_tensor.h"
#include "assay/network/sha256.h"

namespace assay::network {

namespace {

constexpr std::uint64_t kLargestFile = std::numeric_limits<int>::max();  // protobuf's own limit
constexpr int kDeepestNesting = 64;

void check_start(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) throw InputError(path, "is empty, wanted an ONNX model");
  if (bytes.compare(0, 4, "PK\x03\x04") == 0)
    throw InputError(path, "is a zip archive, wanted an ONNX model");
  if (bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5)
    throw InputError(path,
                     "is a Python pickle, perhaps a PyTorch state_dict, which holds weights but no "
                     "network; export the model to ONNX");
}

// What protobuf makes of a file. Two bytes can stand for a whole message, so its memory is counted
// as it grows.
class ParsedFile {
 public:
  ParsedFile(const std::string& path, const std::string& bytes)
      : arena_(options()),
        model_(google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena_)) {
    held_ = 0;
    google::protobuf::io::CodedInputStream stream(
        reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
    stream.SetRecursionLimit(kDeepestNesting);
    if (!model_->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
      throw InputError(path, "is not an ONNX model, is damaged, or nests graphs more than " +
                                 std::to_string(kDeepestNesting / 3 - 1) + " deep (the file has " +
                                 std::to_string(bytes.size()) + " bytes)");
  }
  const onnx::ModelProto& model() const { return *model_; }

 private:
  static google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    options.max_block_size = 1 << 20;
    options.block_alloc = [](std::size_t size) {
      if (size > memory_budget() || held_ > memory_budget() - size)
        throw OverBudget(size, held_, memory_budget());
      held_ += size;
      return ::operator new(size);
    };
    options.block_dealloc = [](void* block, std::size_t) { ::operator delete(block); };
    return options;
  }

  static thread_local inline std::uint64_t held_ = 0;
  google::protobuf::Arena arena_;
  onnx::ModelProto* model_;
};

}  // namespace

OnnxModel read_onnx(const std::string& path) {
  std::string bytes = read_file(path, std::min(kLargestFile, memory_budget()));
  check_start(path, bytes);
  Sha256 sha256;
  sha256.add(bytes);
  OnnxTensorReader tensors(path);
  OnnxModel result;
  try {
    const ParsedFile parsed(path, bytes);
    bytes = std::string();  // a copy less while the tensors are made
    result.graph = std::make_shared<const Graph>(graph_of(path, parsed.model(), tensors));
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw InputError(path, "is damaged: " + text.substr(0, text.find('\n')));
  } catch (const std::bad_alloc& error) {
    throw InputError(path, "does not fit into memory: " + memory_refusal(error));
  }
  for (const auto& file : tensors.external_files()) sha256.add(read_file(file.string()));
  result.sha256 = sha256.hex();
  return result;
}

}  // namespace assay::network
