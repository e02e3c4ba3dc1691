#include "assay/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "assay/base/error.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  File() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("assay-file-") + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~File() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST_F(File, ComesBackByteForByte) {
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes.push_back(static_cast<char>(i * 7919 >> 3));
  write_file(path("a"), bytes);
  EXPECT_EQ(read_file(path("a")), bytes);
  write_file(path("a"), "");
  EXPECT_EQ(read_file(path("a")), "");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(File, ThatCannotBeReadIsOneLineWithItsName) {
  EXPECT_EQ(error_of([&] { read_file(path("none")); }), path("none") + ": no such file");
  EXPECT_EQ(error_of([&] { read_file(folder_.string()); }),
            folder_.string() + ": is a folder, wanted a file");
  EXPECT_THAT(error_of([&] { read_file("/dev/zero"); }), testing::HasSubstr("not a regular file"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { read_file(path("pipe")); }), testing::HasSubstr("not a regular file"));
  EXPECT_THAT(error_of([&] { read_file(""); }), testing::HasSubstr("empty file name"));
  EXPECT_THAT(error_of([&] { read_file(std::string("a\0b", 3)); }),
              testing::HasSubstr("zero byte"));
  EXPECT_THAT(error_of([&] { read_file(path("none") + "/below"); }), testing::HasSubstr("none"));
}

TEST_F(File, AboveTheLimitIsNotRead) {
  std::ofstream(path("sparse")) << "x";
  fs::resize_file(path("sparse"), std::uintmax_t{1} << 40);  // holes: takes no room
  EXPECT_THAT(error_of([&] { read_file(path("sparse"), 1000); }),
              testing::HasSubstr("at most 1000"));
  write_file(path("exact"), std::string(1000, 'x'));
  EXPECT_EQ(read_file(path("exact"), 1000).size(), 1000u);
}

TEST_F(File, ThatCannotBeWrittenLeavesTheOldOne) {
  write_file(path("a"), "old");
  // A size limit stands in for the full disk: write() fails half way in both.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string error = error_of([&] { write_file(path("a"), std::string(100000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(error, testing::StartsWith(path("a") + ": cannot be written: "));
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(entries(), 1u) << "the half-written temporary stayed";
}

TEST_F(File, NeedsItsFolder) {
  EXPECT_THAT(error_of([&] { write_file(path("none/a"), "x"); }),
              testing::StartsWith(path("none/a") + ": cannot be written: No such file"));
  fs::create_directories(folder_ / "sub");
  EXPECT_THAT(error_of([&] { write_file(path("sub"), "x"); }),
              testing::HasSubstr("cannot be written"));
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace assay
