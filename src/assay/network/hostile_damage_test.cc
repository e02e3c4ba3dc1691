// Damaged copies of small models: cut off, with flipped bytes, and (archives) with flipped bytes
// behind right checksums.
#include <gtest/gtest.h>

#include "assay/base/damage_test.h"
#include "assay/network/archive_test.h"
#include "assay/network/hostile_file_test.h"
#include "assay/network/small_torchscript_models_test.h"

namespace assay::network {
namespace {

using HostileDamage = HostileFile;

TEST_F(HostileDamage, WholeModelsAreTaken) {
  for (const auto& [name, bytes] : small_onnx_models())
    EXPECT_EQ(refusal_of_bytes(bytes), "") << name;
  for (const auto& [name, bytes] : small_torchscript_models())
    EXPECT_EQ(refusal_of_bytes(bytes), "") << name;
}

TEST_F(HostileDamage, NoPartOfAModelDoesWorseThanARefusal) {
  for (const auto& models : {small_onnx_models(), small_torchscript_models()})
    for (const auto& [name, bytes] : models) {
      SCOPED_TRACE(name);
      for (const std::string& part : truncations(bytes)) refusal_of_bytes(part);
      EXPECT_NE(refusal_of_bytes(bytes.substr(0, bytes.size() / 2)), "");
    }
}

TEST_F(HostileDamage, FlippedBytesOfOnnxFilesDoNoWorseThanARefusal) {
  for (const auto& [name, bytes] : small_onnx_models())
    for (int i = 0; i < flip_count(); ++i) {
      SCOPED_TRACE(name + " " + std::to_string(i));
      refusal_of_bytes(flipped(bytes, static_cast<std::uint64_t>(i)));
    }
}

TEST_F(HostileDamage, FlippedBytesOfArchivesAreSeen) {
  for (const auto& [name, bytes] : small_torchscript_models())
    for (int i = 0; i < flip_count() / 2; ++i) {
      SCOPED_TRACE(name + " " + std::to_string(i));
      refusal_of_bytes(flipped(bytes, static_cast<std::uint64_t>(i)));
    }
}

TEST_F(HostileDamage, FlippedBytesBehindRightChecksumsDoNoWorseThanARefusal) {
  for (const auto& [name, bytes] : small_torchscript_models()) {
    const std::vector<ArchiveEntry> whole = entries_of(bytes);
    for (int i = 0; i < flip_count() / 2; ++i) {
      SCOPED_TRACE(name + " " + std::to_string(i));
      std::vector<ArchiveEntry> entries = whole;
      ArchiveEntry& entry = entries[static_cast<std::size_t>(i) % entries.size()];
      entry.content = flipped(entry.content, static_cast<std::uint64_t>(i));
      refusal_of_bytes(archive_of(entries));
    }
  }
}

}  // namespace
}  // namespace assay::network
