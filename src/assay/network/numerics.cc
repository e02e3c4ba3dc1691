// Thread counts and determinism of the numeric libraries, set in this one place.
#include <algorithm>
#include <mutex>

#include "assay/network/classifier.h"
#include "assay/network/torch.h"

extern "C" {  // cblas.h lies in different folders on different systems
void openblas_set_num_threads(int threads);
char* openblas_get_config(void);
}

namespace assay::network {

namespace {

std::string line_after(const std::string& text, const std::string& label) {
  const auto at = text.find(label);
  if (at == std::string::npos) return "unknown";
  const auto from = at + label.size();
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

void configure_numerics() {
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
#if ASSAY_TORCH_FILLS_MEMORY
  // Filling fresh memory with NaN finds reads of it; nothing here reads it, and it costs a pass
  // over every tensor.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
#endif
  openblas_set_num_threads(1);
  // Quantised TorchScript files are packed for mobile processors by this engine; libtorch's default
  // here (oneDNN) changes up to a tenth of such a file's answers.
  const auto& engines = at::Context::supportedQEngines();
  if (std::find(engines.begin(), engines.end(), at::QEngine::QNNPACK) != engines.end())
    at::globalContext().setQEngine(at::QEngine::QNNPACK);
  enter_kernel_thread();
}

void enter_kernel_thread() {
  // Sets the calling thread's OpenMP count; the rest of what it touches is shared and not guarded
  // by libtorch.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  at::set_num_threads(1);
}

std::string numerics_version() {
  const std::string config = at::show_config();
  return "executor differentiable 1; libtorch " + std::string(TORCH_VERSION) + "; oneDNN " +
         line_after(config, "Intel(R) MKL-DNN ") + "; " + openblas_get_config() + "; CPU " +
         line_after(config, "CPU capability usage: ");
}

}  // namespace assay::network
