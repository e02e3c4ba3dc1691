#include "assay/network/rehearsal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"

namespace assay::network {

namespace {

void write_line(int to, char kind, std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  const std::string line = kind + text + "\n";
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t n = write(to, line.data() + done, line.size() - done);
    if (n < 0 && errno != EINTR) return;  // the parent is gone
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

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

[[noreturn]] void be_the_child(const std::function<void(const Say&)>& act, int to) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT})
    std::signal(signal, SIG_DFL);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  limit_memory();
  if (const int nowhere = open("/dev/null", O_RDWR); nowhere >= 0) {
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  try {
    act([to](const std::string& text) { write_line(to, '.', text); });
    write_line(to, '+', "");
  } catch (const std::exception& error) {
    const std::string text = error.what();
    write_line(to, '!', text.substr(0, text.find('\n')));
  } catch (...) {
    write_line(to, '!', "an unknown error");
  }
  _exit(0);
}

// What the child wrote until it closed the pipe; kills it at the deadline and says so.
bool read_until_end(int from, pid_t child, std::chrono::seconds limit, std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waits{from, POLLIN, 0};
    const int ready = left.count() > 0 ? poll(&waits, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      kill(child, SIGKILL);
      return false;
    }
    char part[4096];
    const ssize_t n = read(from, part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    text.append(part, static_cast<std::size_t>(n));
  }
}

}  // namespace

Rehearsal rehearse(const std::function<void(const Say&)>& act, std::chrono::seconds limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw InputError("", std::string("no pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    throw InputError("", std::string("no child process: ") + std::strerror(errno));
  }
  if (child == 0) be_the_child(act, ends[1]);
  close(ends[1]);
  std::string text;
  const bool in_time = read_until_end(ends[0], child, limit, text);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Rehearsal rehearsal;
  rehearsal.end = in_time ? Rehearsal::End::kDied : Rehearsal::End::kTimedOut;
  if (WIFSIGNALED(status)) rehearsal.signal = WTERMSIG(status);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at + 1, end - at - 1);
    if (text[at] == '.') rehearsal.last = line;
    if (text[at] == '!') rehearsal.error = line;
    if (text[at] == '!') rehearsal.end = Rehearsal::End::kError;
    if (text[at] == '+') rehearsal.end = Rehearsal::End::kDone;
    at = end + 1;
  }
  return rehearsal;
}

std::string how_it_ended(const Rehearsal& rehearsal, std::chrono::seconds limit) {
  switch (rehearsal.end) {
    case Rehearsal::End::kDone:
      return "passes";
    case Rehearsal::End::kError:
      return "fails: " + rehearsal.error;
    case Rehearsal::End::kTimedOut:
      return "takes more than " + std::to_string(limit.count()) + " s";
    case Rehearsal::End::kDied:
      break;
  }
  if (rehearsal.signal == 0) return "kills the process";
  return "kills the process (signal " + std::to_string(rehearsal.signal) + ", " +
         strsignal(rehearsal.signal) + ")";
}

}  // namespace assay::network
