#include "assay/network/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"

namespace assay::network {

namespace {

using Clock = std::chrono::steady_clock;

constexpr char kAnswer = '+', kRefusal = '!';
constexpr int kChildsEnd = 3;

// -- messages: their length in eight bytes, then they themselves

// False where the other side is gone.
bool send_all(int to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t n = send(to, bytes, count, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    count -= static_cast<std::size_t>(n);
  }
  return true;
}

bool send_message(int to, const std::string& message) {
  const std::uint64_t size = message.size();
  return send_all(to, reinterpret_cast<const char*>(&size), sizeof size) &&
         send_all(to, message.data(), message.size());
}

enum class Wait { kReady, kGone, kTooLong };

// Until `end`, or for as long as it takes.
Wait receive_all(int from, char* bytes, std::size_t count, std::optional<Clock::time_point> end) {
  while (count > 0) {
    if (end) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*end - Clock::now());
      pollfd waits{from, POLLIN, 0};
      const int ready = left.count() > 0 ? poll(&waits, 1, static_cast<int>(left.count())) : 0;
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return Wait::kTooLong;
    }
    const ssize_t n = recv(from, bytes, count, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Wait::kGone;
    bytes += n;
    count -= static_cast<std::size_t>(n);
  }
  return Wait::kReady;
}

Wait receive_message(int from, std::string& message, std::optional<Clock::time_point> end) {
  std::uint64_t size = 0;
  const Wait head = receive_all(from, reinterpret_cast<char*>(&size), sizeof size, end);
  if (head != Wait::kReady) return head;
  if (size > memory_budget()) return Wait::kGone;
  message.resize(size);
  return receive_all(from, message.data(), size, end);
}

// -- the child

#if defined(__SANITIZE_ADDRESS__)
#define ASSAY_SHADOW_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASSAY_SHADOW_MEMORY
#endif
#endif

// AddressSanitizer's shadow is mapped already; what it keeps of freed memory comes on top.
#ifdef ASSAY_SHADOW_MEMORY
constexpr rlim_t kSanitizer = 1 << 30;
#else
constexpr rlim_t kSanitizer = 0;
#endif

// The budget beside what the process has: more ends in std::bad_alloc, not in a full machine.
void limit_memory() {
  std::uint64_t pages = 0;
  std::ifstream statm("/proc/self/statm");
  for (int field = 0; field < 6; ++field) statm >> pages;  // the sixth: data and stack
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (!statm) return;
  const rlim_t most = pages * page + memory_budget() + kSanitizer;
  const rlimit limit{most, most};
  setrlimit(RLIMIT_DATA, &limit);
}

std::string answer_to(const std::string& request, const ChildProcess::Answer& answer) {
  try {
    return kAnswer + answer(request);
  } catch (const std::exception& error) {
    return kRefusal + std::string(error.what());
  } catch (...) {
    return kRefusal + std::string("an unknown error");
  }
}

[[noreturn]] void be_the_child(const ChildProcess::Answer& answer, int socket) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM})
    std::signal(signal, SIG_DFL);
  std::signal(SIGINT, SIG_IGN);  // the parent's to obey
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  limit_memory();
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, stream);
  // Another child's socket kept open here would keep that child alive after the parent.
  dup2(socket, kChildsEnd);
  close_range(kChildsEnd + 1, ~0U, 0);
  std::string request;
  while (receive_message(kChildsEnd, request, std::nullopt) == Wait::kReady)
    if (!send_message(kChildsEnd, answer_to(request, answer))) break;
  _exit(0);
}

}  // namespace

ChildProcess::ChildProcess(const Answer& answer) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw InputError("", std::string("no socket: ") + std::strerror(errno));
  child_ = fork();
  if (child_ == 0) be_the_child(answer, ends[1]);
  close(ends[1]);
  socket_ = ends[0];
  if (child_ > 0) return;
  close(socket_);
  throw InputError("", std::string("no child process: ") + std::strerror(errno));
}

ChildProcess::~ChildProcess() {
  close(socket_);
  if (!death_.empty()) return;
  kill(child_, SIGKILL);
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::bury(const std::string& how) {
  kill(child_, SIGKILL);
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  death_ = how;
  if (how.empty()) {
    death_ = "kills the process";
    if (WIFSIGNALED(status))
      death_ +=
          " (signal " + std::to_string(WTERMSIG(status)) + ", " + strsignal(WTERMSIG(status)) + ")";
  }
  throw Death(death_);
}

std::string ChildProcess::ask(const std::string& request, std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  if (!death_.empty()) throw Death(death_);
  std::string answer;
  if (!send_message(socket_, request)) bury("");
  switch (receive_message(socket_, answer, Clock::now() + limit)) {
    case Wait::kTooLong:
      bury("takes more than " + std::to_string(limit.count()) + " s");
    case Wait::kGone:
      bury("");
    case Wait::kReady:
      break;
  }
  if (answer.empty()) bury("");
  if (answer[0] == kRefusal) throw InputError("", answer.substr(1));
  return answer.substr(1);
}

}  // namespace assay::network
