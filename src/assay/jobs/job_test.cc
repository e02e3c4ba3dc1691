#include "assay/jobs/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "assay/base/archive.h"
#include "assay/base/file.h"

namespace assay::jobs {
namespace {

namespace fs = std::filesystem;

// Adds 1 … n to a sum; fails once at a chosen step, as a killed run would.
class Sum : public Task {
 public:
  Sum(std::int64_t last, std::int64_t fails_at) : last_(last), fails_at_(fails_at) {}
  bool finished() const override { return state_.done == last_; }
  void step() override {
    if (state_.done == fails_at_) throw std::runtime_error("killed");
    state_.sum += ++state_.done;
  }
  std::int64_t steps_done() const override { return state_.done; }
  std::string save() const override { return to_bytes(state_); }
  void load(std::string_view bytes) override { state_ = from_bytes<State>(bytes); }
  std::string result() const override { return std::to_string(state_.sum); }

 private:
  struct State {
    std::int64_t done = 0, sum = 0;
    template <class A>
    void archive(A& a) {
      a(done, sum);
    }
  };
  State state_;
  std::int64_t last_, fails_at_;
};

class Sums : public Job {
 public:
  Sums(std::string key, std::int64_t fails_at) : key_(std::move(key)), fails_at_(fails_at) {}
  std::string name() const override { return "sums"; }
  std::string key() const override { return key_; }
  std::vector<std::int64_t> plan() const override { return {4, 10, 100, 0}; }
  std::unique_ptr<Task> start(std::size_t task) const override {
    return std::make_unique<Sum>(plan()[task], task == 2 ? fails_at_ : -1);
  }

 private:
  std::string key_;
  std::int64_t fails_at_;
};

class JobTest : public testing::Test {
 protected:
  JobTest() : folder_(fs::temp_directory_path() / ("assay-job-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
  }
  ~JobTest() override { fs::remove_all(folder_); }
  Spent run_sums(const Sums& job, int threads = 1, double seconds = 0) {
    RunOptions options;
    options.directory = folder_.string();
    options.threads = threads;
    options.checkpoint_seconds = seconds;
    options.progress = [this](const Progress& p) { last_ = p; };
    return run(job, options, [this](const std::vector<std::string>& all) { results_ = all; });
  }

  fs::path folder_;
  std::vector<std::string> results_;
  Progress last_;
};

const std::vector<std::string> kSums = {"10", "55", "5050", "0"};

TEST_F(JobTest, HandsTheResultsOverInThePlansOrderOnAnyNumberOfThreads) {
  for (const int threads : {1, 2, 7}) {
    const Spent ran = run_sums({"a", -1}, threads);
    EXPECT_EQ(results_, kSums);
    EXPECT_EQ(ran.steps, 114);
    EXPECT_EQ(ran.steps_resumed, 0);
    EXPECT_EQ(last_.done, 114);
    EXPECT_EQ(last_.total, 114);
    EXPECT_FALSE(fs::exists(folder_ / "sums.checkpoint"));
  }
}

TEST_F(JobTest, GoesOnWhereItWasKilled) {
  EXPECT_THROW(run_sums({"a", 60}), std::runtime_error);
  EXPECT_TRUE(results_.empty());
  const Spent ran = run_sums({"a", -1});
  EXPECT_EQ(results_, kSums);
  EXPECT_EQ(ran.steps, 40);
  EXPECT_EQ(ran.steps_resumed, 4 + 10 + 60);
  EXPECT_EQ(last_.done, 114);
  EXPECT_THAT(read_file((folder_ / "sums.log").string()),
              testing::HasSubstr("task 2: goes on after 60 steps"));
}

TEST_F(JobTest, DoesNotGoOnFromAnotherJobOrFromDamage) {
  EXPECT_THROW(run_sums({"a", 60}), std::runtime_error);
  EXPECT_EQ(run_sums({"b", -1}).steps_resumed, 0);
  EXPECT_THROW(run_sums({"a", 60}), std::runtime_error);
  const std::string file = (folder_ / "sums.checkpoint" / "task-2").string();
  std::string bytes = read_file(file);
  bytes[bytes.size() - 12] ^= 1;
  write_file(file, bytes);
  const Spent ran = run_sums({"a", -1});
  EXPECT_EQ(ran.steps_resumed, 4 + 10);
  EXPECT_EQ(results_, kSums);
}

TEST_F(JobTest, WritesNoStateBeforeItsTime) {
  EXPECT_THROW(run_sums({"a", 60}, 1, 1e9), std::runtime_error);
  EXPECT_FALSE(fs::exists(folder_ / "sums.checkpoint" / "task-2"));
  EXPECT_TRUE(fs::exists(folder_ / "sums.checkpoint" / "task-1"));  // finished
}

TEST_F(JobTest, KeepsTheCheckpointWhereConcludingFails) {
  RunOptions options;
  options.directory = folder_.string();
  EXPECT_THROW(
      run(Sums("a", -1), options, [](const auto&) { throw std::runtime_error("disk full"); }),
      std::runtime_error);
  EXPECT_EQ(run_sums({"a", -1}).steps, 0);
  EXPECT_EQ(results_, kSums);
}

}  // namespace
}  // namespace assay::jobs
