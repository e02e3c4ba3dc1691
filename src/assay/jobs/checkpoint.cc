#include "assay/jobs/checkpoint.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"

namespace assay::jobs {

namespace {

struct Sealed {
  std::string key;
  std::uint64_t sum = 0;
  std::string bytes;
  template <class A>
  void archive(A& a) {
    a(key, sum, bytes);
  }
};

}  // namespace

Checkpoint::Checkpoint(std::string folder, std::string key)
    : folder_(std::move(folder)), key_(std::move(key)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw InputError(folder_, "cannot be made: " + error.message());
}

std::string Checkpoint::file(std::size_t task) const {
  return (std::filesystem::path(folder_) / ("task-" + std::to_string(task))).string();
}

std::optional<Kept> Checkpoint::read(std::size_t task) const try {
  if (!std::filesystem::exists(file(task))) return {};
  const auto sealed = from_bytes<Sealed>(read_file(file(task)));
  if (sealed.key != key_ || sealed.sum != hash_name(sealed.bytes)) return {};
  return from_bytes<Kept>(sealed.bytes);
} catch (const InputError&) {  // damaged: the task begins anew
  return {};
}

void Checkpoint::write(std::size_t task, const Kept& kept) const {
  const std::string bytes = to_bytes(kept);
  write_file(file(task), to_bytes(Sealed{key_, hash_name(bytes), bytes}));
}

void Checkpoint::remove() const {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace assay::jobs
