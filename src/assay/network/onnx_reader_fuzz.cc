// An ONNX file, from its first byte to the logits of a small picture.
#include "assay/base/seed_corpus_test.h"
#include "assay/network/hostile_model_test.h"
#include "assay/network/numerics.h"
#include "assay/network/small_onnx_models_test.h"

namespace {

using namespace assay;

const network::TestFolder& folder() {
  static const network::TestFolder made("/dev/shm");
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  network::configure_numerics();
  network::set_memory_budget(64 << 20);
  folder().write("data.bin", std::string(4096, 'a'));  // for external data
  std::vector<std::string> seeds;
  for (const auto& model : network::small_onnx_models()) seeds.push_back(model.bytes);
  write_seeds({*arguments, *arguments + *count}, seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  network::refusal_of(folder().write("model.onnx", bytes));
  return 0;
}
