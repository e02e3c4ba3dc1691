// The program under test, run as a person or a pipeline runs it, and small real inputs for it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace assay::cli {

struct Ran {
  int code = -1;  // exit code; 128 + signal
  std::string out, err;
};

// Runs build/…/assay; kills it with SIGKILL after `kill_after` where that is positive.
Ran assay(const std::vector<std::string>& arguments,
          std::chrono::milliseconds kill_after = std::chrono::milliseconds(0));

// The Fashion-MNIST network that the project ships.
std::string fashion_model();

// A folder of its own for each test, removed afterwards.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest();
  ~ProgramTest() override;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const;
  std::string read(const std::string& name) const;

  // IDX files of `count` 28×28 pictures, drawn from the number's own seed, labels i mod 10.
  void write_idx(int count) const;
  // Class folders val/0 … val/9 with `each` pictures (BMP).
  void write_folders(int each) const;
  // audit.yaml over the IDX files; `checks` is the YAML below "checks:", indented by two.
  void write_plan(const std::string& checks, const std::string& data = "") const;

  std::filesystem::path folder_;
};

// A 28×28 grey picture as BMP.
std::string bmp(int seed);

}  // namespace assay::cli
