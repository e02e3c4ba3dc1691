// Thread counts, determinism and memory of the numeric libraries, set in this one place.
#include "assay/network/numerics.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>

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

std::atomic<std::uint64_t>& taken() {
  static std::atomic<std::uint64_t> bytes{0};
  return bytes;
}

// Since libtorch 2.3 an allocator may change itself.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
#define ASSAY_TORCH_ALLOCATES
#else
#define ASSAY_TORCH_ALLOCATES const
#endif

// libtorch's own, which counts what it gives and refuses what is beyond the budget.
class BudgetAllocator final : public c10::Allocator {
 public:
  explicit BudgetAllocator(c10::Allocator* own) { own_ = own; }
  c10::DataPtr allocate(std::size_t bytes) ASSAY_TORCH_ALLOCATES override {
    const std::uint64_t budget = memory_budget(), held = taken();
    if (bytes > budget || held > budget - bytes) throw OverBudget(bytes, held, budget);
    c10::DataPtr made = own_->allocate(bytes);
    // The block itself knows its size, so that its address can stay the deleter's whole context.
    if (!made.get() || made.get() != made.get_context() || !own_->raw_deleter()) return made;
    const auto device = made.device();
    void* block = made.release_context();
    taken() += ::malloc_usable_size(block);
    return {block, block, &release, device};
  }
  c10::DeleterFnPtr raw_deleter() const override {
    return own_->raw_deleter() ? &release : nullptr;
  }
  // An override where libtorch knows such a function (since 2.1).
  // NOLINTNEXTLINE(modernize-use-override)
  virtual void copy_data(void* to, const void* from, std::size_t bytes) const {
    std::memcpy(to, from, bytes);
  }

 private:
  static void release(void* block) {
    if (!block) return;
    taken() -= ::malloc_usable_size(block);
    own_->raw_deleter()(block);
  }
  static inline c10::Allocator* own_ = nullptr;
};

}  // namespace

std::uint64_t tensor_memory() { return taken(); }

OverBudget::OverBudget(std::uint64_t wanted, std::uint64_t held, std::uint64_t budget)
    : text_("needs " + std::to_string(wanted) + " bytes beside the " + std::to_string(held) +
            " in use, more than the " + std::to_string(budget) + " of --max-memory") {}

std::string memory_refusal(const std::bad_alloc& error) {
  return dynamic_cast<const OverBudget*>(&error) ? error.what() : "not enough memory";
}

void configure_numerics() {
  static const bool kGuarded = [] {
    static BudgetAllocator guarded(c10::GetAllocator(at::kCPU));
    c10::SetAllocator(at::kCPU, &guarded, /*priority=*/255);
    return true;
  }();
  (void)kGuarded;
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
  return "executors differentiable 1, inference 1; libtorch " + std::string(TORCH_VERSION) +
         "; oneDNN " + line_after(config, "Intel(R) MKL-DNN ") + "; " + openblas_get_config() +
         "; CPU " + line_after(config, "CPU capability usage: ");
}

}  // namespace assay::network
