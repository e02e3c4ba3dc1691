#include "assay/network/model_reader.h"

#include <filesystem>
#include <fstream>

#include "assay/base/error.h"
#include "assay/network/onnx_reader.h"
#include "assay/network/opaque_executor.h"
#include "assay/network/torchscript_reader.h"
#include "assay/network/zip_archive.h"

namespace assay::network {

namespace {

bool is_torchscript(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // the reader says what it is
  std::string start(4, '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(start.data(), 4) && is_zip_archive(start);
}

}  // namespace

ReadModel read_model(const std::string& path, const InputSize& known, Layout layout,
                     Reading reading) {
  const bool torchscript = is_torchscript(path);
  if (reading == Reading::kOpaque) {
    if (!torchscript)
      throw InputError(path,
                       "is no TorchScript file; only those can be run as a black box (opaque)");
    OpaqueModel opaque = open_opaque(path, known, layout);
    return {std::move(opaque.graph), std::move(opaque.executor), std::move(opaque.sha256)};
  }
  ReadModel read;
  if (torchscript) {
    TorchScriptModel model = read_torchscript(path, known, layout);
    read.graph = std::move(model.graph);
    read.sha256 = std::move(model.sha256);
  } else {
    OnnxModel model = read_onnx(path);
    read.graph = std::move(model.graph);
    read.sha256 = std::move(model.sha256);
  }
  read.executor = make_differentiable_executor(read.graph);
  return read;
}

}  // namespace assay::network
