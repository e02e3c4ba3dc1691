// The states and results of a job's tasks in a folder, a file a task.
//
// A file carries the job's key and a checksum, so that another job's and damaged ones are told apart from
// good ones. Reading and writing may happen on several threads, each for tasks of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace assay::jobs {

struct Kept {
  bool finished = false;
  std::int64_t steps = 0;
  std::string bytes;  // the result of a finished task, else its state
  template <class A>
  void archive(A& a) {
    a(finished, steps, bytes);
  }
};

class Checkpoint {
 public:
  // `folder` is made if missing; InputError where it cannot be.
  Checkpoint(std::string folder, std::string key);
  // What was kept of the task; empty where nothing fits.
  std::optional<Kept> read(std::size_t task) const;
  void write(std::size_t task, const Kept& kept) const;
  void remove() const;

 private:
  std::string file(std::size_t task) const;
  std::string folder_, key_;
};

}  // namespace assay::jobs
