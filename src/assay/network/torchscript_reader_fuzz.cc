// A TorchScript file, from its first byte to the logits of a small picture.
//
// An input that begins as an archive is taken as it is. Others are lists of entries (length of the
// name, name, length of the content in three bytes, content), which become an archive with right
// checksums: no mutation of an archive would get past those.
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/resource.h>

#include "assay/base/seed_corpus_test.h"
#include "assay/network/archive_test.h"
#include "assay/network/hostile_model_test.h"
#include "assay/network/numerics.h"
#include "assay/network/small_torchscript_models_test.h"
#include "assay/network/zip_archive.h"

namespace {

using namespace assay;

const network::TestFolder& folder() {
  static const network::TestFolder made("/dev/shm");
  return made;
}

std::string listed(const std::vector<network::ArchiveEntry>& entries) {
  std::string bytes;
  for (const auto& [name, content] : entries)
    bytes += network::little_endian(name.size(), 1) + name +
             network::little_endian(content.size(), 3) + content;
  return bytes;
}

std::vector<network::ArchiveEntry> entries_listed(std::string_view bytes) {
  std::vector<network::ArchiveEntry> entries;
  const auto number = [&](int width) {
    std::size_t n = 0;
    for (int i = 0; i < width && static_cast<std::size_t>(i) < bytes.size(); ++i)
      n |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    bytes.remove_prefix(std::min<std::size_t>(width, bytes.size()));
    return n;
  };
  const auto text = [&](std::size_t size) {
    const std::string taken(bytes.substr(0, size));
    bytes.remove_prefix(taken.size());
    return taken;
  };
  while (!bytes.empty()) {
    std::string name = text(number(1));
    entries.push_back({std::move(name), text(number(3))});
  }
  return entries;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  network::configure_numerics();
  network::set_memory_budget(64 << 20);
  // What dies in the reader's child process is the reader's to report: there nothing is called a
  // finding, and none can be written.
  pthread_atfork(nullptr, nullptr, [] {
    __sanitizer_set_death_callback(nullptr);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_FSIZE, &none);
  });
  std::vector<std::string> seeds;
  for (const auto& model : network::small_torchscript_models()) {
    seeds.push_back(model.bytes);
    seeds.push_back(listed(network::entries_of(model.bytes)));
  }
  write_seeds({*arguments, *arguments + *count}, seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!network::is_zip_archive(bytes)) bytes = network::archive_of(entries_listed(bytes));
  network::refusal_of(folder().write("model.pt", bytes));
  return 0;
}
