// A picture file of any format, to pixels. The last byte chooses the options.
#include "assay/base/memory_budget.h"
#include "assay/base/seed_corpus_test.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/sample_files_test.h"

using namespace assay;

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  set_memory_budget(64 << 20);
  std::vector<std::string> seeds;
  for (const auto& e : imaging::encodings())
    seeds.push_back(imaging::encoded(
        e.extension, imaging::sample_picture(9, 11, e.picture.channels, e.picture.bits),
        e.options));
  seeds.push_back(
      imaging::png(4, 4, 2, 3, imaging::chunk("PLTE", std::string(12, 'p')), std::string(8, '\0')));
  seeds.push_back(imaging::tiff(3, 3, std::string(9, 'g'),
                                {{258, 3, 1, 8}, {262, 3, 1, 1}, {274, 3, 1, 6}, {277, 3, 1, 1}}));
  for (std::string& seed : seeds) seed.push_back('\0');
  write_seeds({*arguments, *arguments + *count}, seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size - 1);
  const bool upright = data[size - 1] & 1, gray = data[size - 1] & 2;
  try {
    imaging::decode(bytes, "picture", {upright, gray});
  } catch (const InputError&) {
  }
  return 0;
}
