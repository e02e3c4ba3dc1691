#include "assay/jobs/job.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "assay/base/error.h"
#include "assay/jobs/checkpoint.h"
#include "assay/network/classifier.h"

namespace assay::jobs {

namespace {

using Clock = std::chrono::steady_clock;

std::string folder_of(const Job& job, const RunOptions& options) {
  return (std::filesystem::path(options.directory) / (job.name() + ".checkpoint")).string();
}

class Log {
 public:
  explicit Log(const std::string& file) : out_(file, std::ios::app) {
    if (!out_) throw InputError(file, "cannot be written");
  }
  void operator()(const std::string& line) {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ ", &utc);
    out_ << stamp << line << std::endl;
  }

 private:
  std::ofstream out_;
};

class Runner {
 public:
  Runner(const Job& job, const RunOptions& options)
      : job_(job),
        options_(options),
        plan_(job.plan()),
        checkpoint_(folder_of(job, options), job.key()),
        log_((std::filesystem::path(options.directory) / (job.name() + ".log")).string()),
        results_(plan_.size()) {
    for (const std::int64_t steps : plan_) progress_.total += steps;
  }

  Spent run() {
    log_("key " + job_.key() + ": " + std::to_string(plan_.size()) + " tasks, " +
         std::to_string(progress_.total) + " steps at most");
    {
      std::vector<std::jthread> workers;
      const auto count = std::clamp<std::size_t>(plan_.size(), 1, std::max(1, options_.threads));
      for (std::size_t i = 0; i < count; ++i) workers.emplace_back([this] { work(); });
    }
    if (failure_) {
      log_("stopped by an error");
      std::rethrow_exception(failure_);
    }
    return ran_;
  }

  const std::vector<std::string>& results() const { return results_; }

  void end() {
    checkpoint_.remove();
    log_("finished: " + std::to_string(ran_.steps) + " steps, " +
         std::to_string(ran_.steps_resumed) + " of earlier runs");
  }

 private:
  void work() try {
    network::enter_kernel_thread();
    while (!stopped_) {
      const std::size_t task = next_++;
      if (task >= plan_.size()) return;
      run_task(task);
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    stopped_ = true;
  }

  void run_task(std::size_t index) {
    std::optional<Kept> kept = checkpoint_.read(index);
    if (kept && kept->finished) {
      results_[index] = std::move(kept->bytes);
      resumed(index, kept->steps);
      tell(plan_[index]);
      return;
    }
    const std::unique_ptr<Task> task = started(index, kept);
    std::int64_t steps = task->steps_done();
    tell(steps);
    auto last = Clock::now();
    while (!task->finished()) {
      if (stopped_) return;
      task->step();
      {
        const std::lock_guard lock(mutex_);
        ++ran_.steps;
      }
      tell(1);
      ++steps;
      const auto now = Clock::now();
      if (std::chrono::duration<double>(now - last).count() < options_.checkpoint_seconds) continue;
      checkpoint_.write(index, {false, task->steps_done(), task->save()});
      last = now;
    }
    results_[index] = task->result();
    checkpoint_.write(index, {true, task->steps_done(), results_[index]});
    const std::lock_guard lock(mutex_);
    log_("task " + std::to_string(index) + ": " + std::to_string(task->steps_done()) + " steps");
    advance(plan_[index] - steps);  // it may have ended early
  }

  std::unique_ptr<Task> started(std::size_t index, const std::optional<Kept>& kept) {
    std::unique_ptr<Task> task = job_.start(index);
    if (!kept) return task;
    try {
      task->load(kept->bytes);
    } catch (const InputError&) {
      return job_.start(index);
    }
    resumed(index, kept->steps);
    return task;
  }

  void resumed(std::size_t index, std::int64_t steps) {
    const std::lock_guard lock(mutex_);
    ran_.steps_resumed += steps;
    log_("task " + std::to_string(index) + ": goes on after " + std::to_string(steps) + " steps");
  }

  void tell(std::int64_t steps) {
    const std::lock_guard lock(mutex_);
    advance(steps);
  }
  void advance(std::int64_t steps) {
    progress_.done += steps;
    if (options_.progress) options_.progress(progress_);
  }

  const Job& job_;
  const RunOptions& options_;
  std::vector<std::int64_t> plan_;
  Checkpoint checkpoint_;
  std::mutex mutex_;  // of what follows, where it is not atomic
  Log log_;
  Progress progress_;
  Spent ran_;
  std::exception_ptr failure_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::size_t> next_{0};
  std::vector<std::string> results_;  // each written by one thread
};

}  // namespace

Spent run(const Job& job, const RunOptions& options,
          const std::function<void(const std::vector<std::string>&)>& conclude) {
  Runner runner(job, options);
  const Spent ran = runner.run();
  conclude(runner.results());
  runner.end();
  return ran;
}

}  // namespace assay::jobs
