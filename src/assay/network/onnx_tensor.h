// A tensor as ONNX stores it (raw bytes, typed fields or a file beside the model) to a tensor that
// the graph computes with.
//
// float16, bfloat16 and double are widened to (or rounded to) float32, unsigned 16 to 64 bits to
// the next signed type. External data must be a regular file inside the model's folder, reached
// without ".." or a link that leads out of it. Every length is checked before memory is taken.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "assay/network/torch.h"

namespace onnx {
class TensorProto;
}

namespace assay::network {

class OnnxTensorReader {
 public:
  // `model`: the model's file, for messages and as the place of external data.
  explicit OnnxTensorReader(std::string model) : model_(std::move(model)) {}
  // `what` names the tensor in messages.
  at::Tensor read(const onnx::TensorProto& tensor, const std::string& what);
  // The external files read so far, resolved, in byte-wise order of their paths.
  const std::set<std::filesystem::path>& external_files() const { return external_files_; }

 private:
  std::string external_bytes(const onnx::TensorProto& tensor, std::uint64_t size,
                             const std::string& what);
  std::filesystem::path external_path(const std::string& location, const std::string& what) const;

  std::string model_;
  std::set<std::filesystem::path> external_files_;
};

}  // namespace assay::network
