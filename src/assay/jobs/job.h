// What makes a file rather than an answer, run by one runner: plan, step, checkpoint, result.
//
// A job plans independent tasks; each moves on by steps and ends in a result, plain bytes. Threads
// share the tasks out. Every `checkpoint_seconds` a task's state is written to
// DIRECTORY/NAME.checkpoint/, and its result once it has one, each file in one step (base/file.h). A
// job that is run again in the same directory goes on from there: a kill costs at most the steps since
// the last checkpoint, and the results are the same bytes as without it, as long as a task's steps
// depend on its state alone. What was left by a job of another key, or is damaged, is not gone on
// from. Once `conclude` has written what the job is for, the checkpoint is removed.
//
// DIRECTORY/NAME.log gets a line for each start, task and end, with the time; nothing else varies
// between runs. Memory: the states of the tasks in progress and all results.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assay::jobs {

class Task {
 public:
  virtual ~Task() = default;
  virtual bool finished() const = 0;
  virtual void step() = 0;
  virtual std::int64_t steps_done() const = 0;
  virtual std::string save() const = 0;
  virtual void load(
      std::string_view state) = 0;         // InputError when damaged; then it is started anew
  virtual std::string result() const = 0;  // of a finished task
};

class Job {
 public:
  virtual ~Job() = default;
  virtual std::string name() const = 0;  // of its files: "visualise"
  // A digest of everything that the results depend on.
  virtual std::string key() const = 0;
  // The steps that each task takes at most.
  virtual std::vector<std::int64_t> plan() const = 0;
  // Called on the thread that the task then stays on.
  virtual std::unique_ptr<Task> start(std::size_t task) const = 0;
};

struct Progress {
  std::int64_t done = 0, total = 0;  // steps
};

struct RunOptions {
  std::string directory;  // made if missing
  int threads = 1;
  double checkpoint_seconds = 10;
  std::function<void(const Progress&)> progress;  // called from one thread at a time; may be empty
};

struct Spent {
  std::int64_t steps = 0;          // that this run took
  std::int64_t steps_resumed = 0;  // that earlier runs had taken
};

// Runs what is left of the job and hands all results, in the plan's order, to `conclude`. The first
// exception of a task ends the run and is thrown on; what was checkpointed stays. InputError where the
// directory cannot be written.
Spent run(const Job& job, const RunOptions& options,
          const std::function<void(const std::vector<std::string>&)>& conclude);

}  // namespace assay::jobs
