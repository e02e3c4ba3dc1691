// TorchScript files made to hurt: archives, pickles and programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/network/archive_test.h"
#include "assay/network/hostile_file_test.h"
#include "assay/network/small_torchscript_models_test.h"

namespace assay::network {
namespace {

using ::testing::HasSubstr;

class HostileTorchScript : public HostileFile {
 protected:
  // A whole archive of the test's own, which may be changed and put together again.
  std::vector<ArchiveEntry> entries_ = entries_of(small_torchscript_models()[0].bytes);

  ArchiveEntry& entry(const std::string& end) {
    for (ArchiveEntry& e : entries_)
      if (e.name.size() >= end.size() &&
          e.name.compare(e.name.size() - end.size(), end.size(), end) == 0)
        return e;
    throw BugError("no entry ends in " + end);
  }
  std::string refusal_of_entries() { return refusal_of_bytes(archive_of(entries_)); }
  std::string refusal_of_program(const std::string& code) {
    return refusal_of_bytes(torchscript_bytes("Made", {{"w", {3, 4}}}, code));
  }
};

TEST_F(HostileTorchScript, WholeArchivesAreTaken) { EXPECT_EQ(refusal_of_entries(), ""); }

// -- archives

TEST_F(HostileTorchScript, EntriesThatUnpackToMoreThanTheySayAreRefused) {
  const std::string packed = [] {  // a megabyte of zeros, a thousand times smaller
    const std::string zeros(1 << 20, '\0');
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, zeros.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
    stream.avail_in = static_cast<uInt>(zeros.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }();
  entries_.push_back({"net/bomb", packed});
  std::string bytes = archive_of(entries_);
  const std::size_t central = bytes.rfind("PK\x01\x02");
  bytes.replace(central + 10, 2, little_endian(8, 2));
  for (const std::uint64_t said :
       {std::uint64_t{1}, std::uint64_t{1} << 20, std::uint64_t{1} << 31}) {
    bytes.replace(central + 24, 4, little_endian(said, 4));
    EXPECT_NE(refusal_of_bytes(bytes), "") << said;
  }
}

TEST_F(HostileTorchScript, EntriesThatShareTheirBytesAreRefused) {
  // 60,000 names for the same megabyte: its checksum would be taken 60,000 times.
  const std::string content(1 << 20, 'x'), name = "net/x";
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  const std::string fields = little_endian(0, 8) + little_endian(crc, 4) +
                             little_endian(content.size(), 4) + little_endian(content.size(), 4) +
                             little_endian(name.size(), 2) + little_endian(0, 2);
  const std::string file = "PK\x03\x04" + little_endian(20, 2) + fields + name + content;
  const std::string listed = "PK\x01\x02" + little_endian(20, 2) + little_endian(20, 2) + fields +
                             little_endian(0, 14) + name;
  std::string directory;
  for (int i = 0; i < 60'000; ++i) directory += listed;
  EXPECT_THAT(refusal_of_bytes(file + directory + "PK\x05\x06" + little_endian(0, 4) +
                               little_endian(60'000, 2) + little_endian(60'000, 2) +
                               little_endian(directory.size(), 4) + little_endian(file.size(), 4) +
                               little_endian(0, 2)),
              HasSubstr("overlap"));
}

TEST_F(HostileTorchScript, NamesThatLeadElsewhereWriteNothing) {
  const std::string outside = folder_ / "outside";
  for (const std::string name : {"../outside", "net/../../outside", outside.c_str(), "net//x", "",
                                 "net/data/../../../outside", "net/\xff\xfe"}) {
    std::vector<ArchiveEntry> entries = entries_;
    entries.push_back({name, "text"});
    entries.push_back({name, "again"});
    refusal_of_bytes(archive_of(entries));
    EXPECT_FALSE(std::filesystem::exists(outside)) << name;
  }
}

TEST_F(HostileTorchScript, MissingAndEmptyEntriesAreRefused) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    SCOPED_TRACE(entries_[i].name);
    std::vector<ArchiveEntry> missing = entries_, empty = entries_;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    empty[i].content.clear();
    refusal_of_bytes(archive_of(missing));
    refusal_of_bytes(archive_of(empty));
  }
  entry("data.pkl").content.clear();
  EXPECT_NE(refusal_of_entries(), "");
}

TEST_F(HostileTorchScript, WeightsShorterThanTheirShapeAreRefused) {
  std::string& weight = entry("data/0").content;
  weight.resize(weight.size() / 2);
  EXPECT_NE(refusal_of_entries(), "");
}

// -- pickles

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

TEST_F(HostileTorchScript, PicklesMadeToHurtAreRefused) {
  const std::string proto = "\x80\x02", stop = ".";
  const std::vector<std::pair<std::string, std::string>> pickles = {
      {"lists a million deep", repeated("]", 1'000'000) + repeated("a", 999'999)},
      {"tuples a million deep", ")" + repeated("\x85", 1'000'000)},
      {"marks without end", repeated("(", 1'000'000)},
      {"a list that holds itself", std::string("]q\0h\0a", 6)},
      {"a dictionary that holds itself", std::string("}q\0X\1\0\0\0ah\0s", 11)},
      {"a memo entry that is not there", "h\x63"},
      {"a memo entry far away", "r\xff\xff\xff\xff" + repeated("K\x01", 3)},
      {"a name without end", "c__torch__\n" + std::string(20'000, 'x')},
      {"a text longer than the file",
       "X\xff\xff\xff\x7f"
       "abc"},
      {"a class that is none", "c__torch__\nNothing\n)\x81}b"},
      {"a call of the system", "cos\nsystem\n(X\x02\0\0\0lstR"},
      {"a tensor out of nothing", "ctorch._utils\n_rebuild_tensor_v2\n)R"},
      {"nothing", ""},
      {"pops out of an empty stack", "000"},
      {"numbers", repeated("\x8a\x08"
                           "12345678",
                           100'000)},
  };
  for (const char* part : {"data.pkl", "constants.pkl"})
    for (const auto& [name, pickle] : pickles) {
      SCOPED_TRACE(name + " in " + part);
      const auto whole = entries_;
      entry(part).content = proto + pickle + stop;
      const std::string refusal = refusal_of_entries();
      if (std::string(part) == "data.pkl") {
        EXPECT_NE(refusal, "");
      }
      entries_ = whole;
    }
}

// -- programs

TEST_F(HostileTorchScript, ProgramsThatNeverEndAreRefused) {
  EXPECT_THAT(refusal_of_program("def forward(self, x):\n"
                                 "    while True:\n        x = x\n    return x\n"),
              HasSubstr("steps"));
  EXPECT_THAT(refusal_of_program("def forward(self, x):\n    n = 0\n"
                                 "    for i in range(1 << 62):\n        n = n + i\n"
                                 "    return x * n\n"),
              HasSubstr("steps"));
}

TEST_F(HostileTorchScript, ListsMadeToHurtAreRefused) {
  const auto returning = [&](const std::string& lines) {
    return refusal_of_program("def forward(self, x):\n" + lines);
  };
  EXPECT_NE(returning("    l: List[Any] = []\n    l.append(l)\n    return l\n"), "");
  EXPECT_NE(returning("    l: List[Any] = []\n    m: List[Any] = []\n    l.append(m)\n"
                      "    m.append([l])\n    return l\n"),
            "");
  EXPECT_NE(
      returning("    l: List[Any] = [x]\n    for i in range(100000):\n"
                "        m: List[Any] = []\n        m.append(l)\n        l = m\n    return l\n"),
      "");
  EXPECT_NE(
      returning(
          "    l: List[Any] = [x]\n    for i in range(60):\n"
          "        m: List[Any] = []\n        m.append(l)\n        m.append(l)\n        l = m\n"
          "    return l\n"),
      "");
  EXPECT_NE(returning("    l = [1]\n    for i in range(60):\n        l = l + l\n"
                      "    return x * len(l)\n"),
            "");
  EXPECT_NE(returning("    l = [1] * (1 << 40)\n    return x * len(l)\n"), "");
  EXPECT_NE(returning("    l = [1] * 1000000\n    n = 0\n    for i in range(1000000):\n"
                      "        n = n + l[i]\n    return x * n\n"),
            "");
  EXPECT_NE(returning("    s = 'a'\n    for i in range(60):\n        s = s + s\n"
                      "    return x * len(s)\n"),
            "");
}

TEST_F(HostileTorchScript, TensorsOfAnySizeAreRefused) {
  for (const std::string made :
       {"torch.zeros([1 << 31, 1 << 31])", "torch.ones([1 << 40])", "torch.arange(1 << 40)",
        "torch.zeros([-1])", "torch.full([1 << 20, 1 << 20], 1.0)",
        "x.repeat([1 << 20, 1 << 20, 1, 1])", "x.expand([1 << 40, 3, 8, 8]) * 2",
        "torch.eye(1 << 20)", "torch.constant_pad_nd(x, [1 << 40, 1 << 40])",
        "torch.tile(x, [1 << 30, 1 << 30])", "torch.linspace(0, 1, 1 << 40)",
        "torch.cat([x] * 1000000, 2)", "torch.as_strided(x, [1 << 30, 1 << 30], [1 << 40, 1])",
        "torch.upsample_nearest2d(x, [1 << 31, 1 << 31], None)"}) {
    SCOPED_TRACE(made);
    EXPECT_NE(refusal_of_program("def forward(self, x):\n    y = " + made +
                                 "\n    return torch.matmul(x.mean([2, 3]), self.w) + y.sum()\n"),
              "");
  }
}

}  // namespace
}  // namespace assay::network
