#include "assay/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "assay/base/error.h"

namespace assay {
namespace {

constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;  // read() and write() stop at 2 GiB

std::string reason(int error) { return std::generic_category().message(error); }

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  // Closing can be the call that reports a full disk (network file systems).
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

void check_path(const std::string& path) {
  if (path.empty()) throw InputError("", "empty file name");
  if (path.find('\0') != std::string::npos)
    throw InputError(path.substr(0, path.find('\0')), "file name with a zero byte");
}

}  // namespace

std::string read_file(const std::string& path, std::uint64_t most_bytes) {
  check_path(path);
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang; regular files ignore it.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) throw InputError(path, "no such file");
    throw InputError(path, "cannot be opened: " + reason(errno));
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw InputError(path, "cannot be read: " + reason(errno));
  if (S_ISDIR(info.st_mode)) throw InputError(path, "is a folder, wanted a file");
  if (!S_ISREG(info.st_mode)) throw InputError(path, "is not a regular file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > most_bytes)
    throw InputError(path, "has " + std::to_string(size) + " bytes, at most " +
                               std::to_string(most_bytes) + " are read");
  std::string bytes;
  try {
    bytes.resize(size);
  } catch (const std::bad_alloc&) {
    throw InputError(path, "has " + std::to_string(size) + " bytes, too many for this machine");
  } catch (const std::length_error&) {
    throw InputError(path, "has " + std::to_string(size) + " bytes, too many for this machine");
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::size_t wanted = std::min(bytes.size() - done, kLargestTransfer);
    const ssize_t got = ::read(file.get(), bytes.data() + done, wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputError(path, "cannot be read: " + reason(errno));
    if (got == 0) break;  // it shrank under us
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

void write_file(const std::string& path, std::string_view bytes) {
  check_path(path);
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      path + ".part-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  const auto fail = [&](int error) {
    ::unlink(temporary.c_str());
    throw InputError(path, "cannot be written: " + reason(error));
  };
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) throw InputError(path, "cannot be written: " + reason(errno));
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), std::min(bytes.size(), kLargestTransfer));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  if (file.close() != 0) fail(errno);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) fail(errno);
}

}  // namespace assay
