#include "assay/network/torchscript_file.h"

#include <malloc.h>

#include <algorithm>
#include <sstream>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/network/child_process.h"
#include "assay/network/numerics.h"
#include "assay/network/sha256.h"
#include "assay/network/torchscript.h"
#include "assay/network/zip_archive.h"

namespace assay::network {

namespace {

constexpr std::chrono::seconds kLoadLimit{120};

bool has_part(const std::vector<std::string>& names, const std::string& part) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name.find("/" + part) != std::string::npos;
  });
}

void check_kind(const std::string& path, const std::vector<std::string>& names) {
  if (has_part(names, "serialized_exported_program.json") || has_part(names, "models/model.json"))
    throw InputError(path, "is a program of torch.export, wanted TorchScript or ONNX");
  if (!has_part(names, "code/") && !has_part(names, "constants.pkl"))
    throw InputError(path, has_part(names, "data.pkl")
                               ? "holds weights but no network (written by torch.save?); save the "
                                 "model by torch.jit.trace or torch.jit.script, or as ONNX"
                               : "is an archive, but holds no TorchScript");
}

// The first lines of a message of libtorch's that say something.
std::string first_words(const std::string& text) {
  std::string words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && words.size() < 160;) {
    const auto from = line.find_first_not_of(" \t");
    if (from != std::string::npos) words += (words.empty() ? "" : " ") + line.substr(from);
  }
  for (char& c : words)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return words.substr(0, 300);
}

torch::jit::Module load(const std::string& path, const std::string& bytes) {
  const auto refuse = [&](const std::string& text) {
    return InputError(
        path, "libtorch " + std::string(TORCH_VERSION) + " cannot load it: " + first_words(text));
  };
  try {
    std::istringstream stream(bytes);
    return torch::jit::load(stream, at::kCPU);
  } catch (const c10::Error& error) {
    throw refuse(error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw refuse(error.what());
  }
}

}  // namespace

void check_bounds(const std::string& path, const std::string& name, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_quantized() || tensor.layout() != at::kStrided ||
      tensor.numel() == 0)
    return;
  double last = static_cast<double>(tensor.storage_offset());
  for (std::int64_t d = 0; d < tensor.dim(); ++d) {
    if (tensor.stride(d) < 0) throw InputError(path, "is damaged: \"" + name + "\" runs backwards");
    last += static_cast<double>(tensor.size(d) - 1) * static_cast<double>(tensor.stride(d));
  }
  if (tensor.storage_offset() < 0 || (last + 1) * static_cast<double>(tensor.itemsize()) >
                                         static_cast<double>(tensor.storage().nbytes()))
    throw InputError(path, "is damaged: the tensor \"" + name + "\" reaches beyond its storage");
  // libtorch believes the pickle, whatever the archive's entry holds.
  void* const bytes = tensor.storage().data_ptr().get();
  if (!bytes || ::malloc_usable_size(bytes) < tensor.storage().nbytes())
    throw InputError(path,
                     "is damaged: the tensor \"" + name + "\" has fewer bytes than its shape");
}

TorchScriptFile load_torchscript(const std::string& path) {
  const std::string bytes = read_file(path, memory_budget());
  check_kind(path, check_zip_archive(path, bytes));
  try {
    ChildProcess child([&](const std::string&) {
      load(path, bytes);
      return std::string();
    });
    child.ask("", kLoadLimit);
  } catch (const ChildProcess::Death& death) {
    throw InputError(path,
                     std::string("is damaged or made to do harm: loading it ") + death.what());
  }
  TorchScriptFile file;
  file.module = std::make_shared<torch::jit::Module>(load(path, bytes));
  for (const auto& p : file.module->named_parameters()) check_bounds(path, p.name, p.value);
  for (const auto& b : file.module->named_buffers()) check_bounds(path, b.name, b.value);
  file.module->eval();
  Sha256 sha256;
  sha256.add(bytes);
  file.sha256 = sha256.hex();
  return file;
}

}  // namespace assay::network
