#include "assay/audit/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "assay/base/error.h"

namespace assay::audit {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class StoreTest : public testing::Test {
 protected:
  StoreTest() : folder_(fs::temp_directory_path() / ("assay-store-" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~StoreTest() override { fs::remove_all(folder_); }
  std::string file() const { return (folder_ / "records.sqlite").string(); }
  std::string refusal() const {
    try {
      Store store(file(), Store::Mode::kCreate);
    } catch (const InputError& e) {
      return e.what();
    }
    return "opened";
  }
  fs::path folder_;
};

const std::string kBytes("a\0b", 3);

TEST_F(StoreTest, KeepsRecordsAndTheOutlineAcrossReopening) {
  {
    Store store(file(), Store::Mode::kCreate);
    EXPECT_FALSE(store.contains("k1"));
    EXPECT_FALSE(store.outline());
    store.put(std::vector<KeyedRecord>{{"k1", "clean", "a.png", kBytes}, {"k2", "focus", "b", ""}});
    store.set_outline("outline");
  }
  const Store store(file(), Store::Mode::kExisting);
  EXPECT_EQ(store.find("k1"), kBytes);
  EXPECT_EQ(store.find("k2"), "");
  EXPECT_FALSE(store.find("k3"));
  EXPECT_EQ(store.outline(), "outline");
}

TEST_F(StoreTest, ReplacesARecordOfTheSameKey) {
  Store store(file(), Store::Mode::kCreate);
  store.put(std::vector<KeyedRecord>{{"k", "c", "u", "old"}});
  store.put(std::vector<KeyedRecord>{{"k", "c", "u", "new"}});
  EXPECT_EQ(store.find("k"), "new");
}

TEST_F(StoreTest, IsRefusedToASecondRun) {
  const Store first(file(), Store::Mode::kCreate);
  EXPECT_THAT(refusal(), HasSubstr("in use by another run"));
}

TEST_F(StoreTest, SaysThatAFileIsDamaged) {
  std::ofstream(file()) << std::string(4096, 'x');
  EXPECT_THAT(refusal(), HasSubstr("records.sqlite: damaged"));
}

TEST_F(StoreTest, SaysThatAFolderCannotBeWritten) {
  fs::create_directories(file());  // a folder where the file should be
  EXPECT_THAT(refusal(), HasSubstr("cannot be written"));
}

TEST_F(StoreTest, DoesNotMakeAFileThatShouldExist) {
  EXPECT_THROW(Store(file(), Store::Mode::kExisting), InputError);
  EXPECT_FALSE(fs::exists(file()));
}

}  // namespace
}  // namespace assay::audit
