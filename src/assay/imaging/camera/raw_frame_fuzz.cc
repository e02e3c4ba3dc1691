// A camera RAW file, to its mosaic: LibRaw's readers behind our door.
#include "assay/base/error.h"
#include "assay/base/memory_budget.h"
#include "assay/base/seed_corpus_test.h"
#include "assay/imaging/camera/raw_frame.h"
#include "assay/imaging/camera/sample_raw_test.h"

using namespace assay;

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  set_memory_budget(64 << 20);
  write_seeds({*arguments, *arguments + *count}, {imaging::sample_dng(24, 24)});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    imaging::read_raw({reinterpret_cast<const char*>(data), size}, "frame");
  } catch (const InputError&) {
  }
  return 0;
}
