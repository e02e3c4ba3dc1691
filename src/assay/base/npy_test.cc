#include "assay/base/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace assay {
namespace {

struct Npy : testing::Test {
  Npy() { std::filesystem::create_directories(folder); }
  ~Npy() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string& bytes) const {
    std::ofstream(folder / "a.npy", std::ios::binary) << bytes;
    return folder / "a.npy";
  }
  // As NumPy writes it.
  std::string file(const std::string& dictionary, const std::string& data) const {
    std::string header = dictionary + "\n";
    return std::string("\x93NUMPY\x01\x00", 8) + char(header.size()) + '\0' + header + data;
  }
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("assay_npy_" + std::to_string(::getpid()));
};

TEST_F(Npy, WhatWasWrittenIsRead) {
  const std::string path = folder / "a.npy";
  const std::vector<float> values = {1.5f, -2, 0, 3e30f, 5, 6};
  write_npy(path, {2, 3}, values);
  const NpyArray array = read_npy(path);
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(array.dtype, "<f4");
  EXPECT_EQ(array.values<float>(), values);
  EXPECT_EQ(array.values<double>()[1], -2.0);
  EXPECT_EQ((std::filesystem::file_size(path) - values.size() * 4) % 64, 0u);
}

TEST_F(Npy, ItemsOfOtherTypesAreConverted) {
  const std::string path =
      write(file("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }",
                 std::string("\x07\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16)));
  EXPECT_EQ(read_npy(path).values<int>(), (std::vector<int>{7, -1}));
}

TEST_F(Npy, ASingleNumberHasNoShape) {
  const NpyArray array =
      read_npy(write(file("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "\x09")));
  EXPECT_TRUE(array.shape.empty());
  EXPECT_EQ(array.values<int>(), std::vector<int>{9});
}

TEST_F(Npy, EveryTruncationIsRefused) {
  write_npy(folder / "whole.npy", {4}, std::vector<float>{1, 2, 3, 4});
  std::ifstream in(folder / "whole.npy", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_THROW(read_npy(write(bytes.substr(0, n))), InputError) << n;
}

TEST_F(Npy, FilesThatClaimTooMuchAreRefusedBeforeMemoryIsTaken) {
  for (const char* header :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999, 9999999999), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'fortran_order': False, 'shape': (1,), }"})
    EXPECT_THROW(read_npy(write(file(header, "1234"))), InputError) << header;
  EXPECT_THROW(read_npy(folder), InputError);
  EXPECT_THROW(read_npy(folder / "none.npy"), InputError);
}

}  // namespace
}  // namespace assay
