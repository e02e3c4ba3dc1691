// Does something dangerous in a child process: a file whose loading or running kills the process
// must not take the audit with it.
//
// The child is a fork that answers one request after the other until this object goes; silent,
// without core dumps and without the parent's open files, with no more memory than the budget beside
// what it starts with. It has the parent's numerics, so set those first. Make it before other
// threads work: a fork copies the calling thread alone. Cost: the fork, and each request and answer
// copied through a socket (some 2 GB/s).
#pragma once

#include <sys/types.h>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>

namespace assay::network {

class ChildProcess {
 public:
  // How the child ended, where that was before its answer: "kills the process (signal 11,
  // Segmentation fault)", "takes more than 120 s".
  class Death : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
  };

  // What the child does with a request. An InputError of it is thrown again by ask().
  using Answer = std::function<std::string(const std::string& request)>;
  explicit ChildProcess(const Answer& answer);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // May be called by several threads, which then wait for each other. Death, also for every call
  // after it.
  std::string ask(const std::string& request, std::chrono::seconds limit);

 private:
  [[noreturn]] void bury(const std::string& how);

  std::mutex mutex_;
  pid_t child_ = -1;
  int socket_ = -1;
  std::string death_;  // empty while it lives
};

}  // namespace assay::network
