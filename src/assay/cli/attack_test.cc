#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "assay/base/npy.h"
#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;

class AttackTest : public ProgramTest {
 protected:
  Ran attack(std::vector<std::string> more) const {
    std::vector<std::string> all = {"attack", fashion_model(), "--input",
                                    write("input.yaml", "channels: gray\n")};
    all.insert(all.end(), more.begin(), more.end());
    return assay(all);
  }
};

TEST_F(AttackTest, WritesWhatFoolsAndSaysHowFarItIs) {
  std::filesystem::create_directories(folder_ / "other");
  const std::string a = write("a.bmp", bmp(3)), b = write("other/a.bmp", bmp(4));
  const Ran ran = attack(
      {a, b, "--method", "pgd(steps=10, restarts=1)", "--eps", "0.2", "--json", "-o", path("out")});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::istringstream lines(ran.out);
  int fooled = 0;
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    if (!line["fooled"].get<bool>()) continue;
    ++fooled;
    EXPECT_LE(line["distance"].get<double>(), 0.2);
    EXPECT_NE(line["before"], line["after"]);
  }
  ASSERT_EQ(fooled, 2);
  for (const char* name : {"out/a", "out/a-2"}) {
    EXPECT_TRUE(std::filesystem::exists(path(std::string(name) + ".png"))) << name;
    const NpyArray found = read_npy(path(std::string(name) + ".npy"));
    EXPECT_THAT(found.shape, testing::ElementsAre(1, 28, 28));
    for (const float v : found.values<float>()) {
      EXPECT_GE(v, 0);
      EXPECT_LE(v, 1);
    }
  }
  // The same seed, the same pictures.
  const auto first = read_npy(path("out/a.npy")).values<float>();
  attack({a, "--method", "pgd(steps=10, restarts=1)", "--eps", "0.2", "-o", path("again")});
  EXPECT_EQ(read_npy(path("again/a.npy")).values<float>(), first);
}

TEST_F(AttackTest, GoesToAClassThatIsNamed) {
  const std::string a = write("a.bmp", bmp(3));
  const Ran ran = attack({a, "--method", "bim", "--eps", "0.5", "--goal", "7", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto line = nlohmann::json::parse(ran.out);
  if (line["fooled"].get<bool>()) {
    EXPECT_EQ(line["after"], "7");
  } else {
    EXPECT_EQ(line["before"], "7");
  }
}

TEST_F(AttackTest, SaysWhatIsWrong) {
  const std::string a = write("a.bmp", bmp(3));
  const auto error = [&](std::vector<std::string> more) {
    more.insert(more.begin(), a);
    const Ran ran = attack(more);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(error({"--method", "pdg"}), HasSubstr("did you mean \"pgd\"?"));
  EXPECT_THAT(error({"--eps", "0"}), HasSubstr("--eps"));
  EXPECT_THAT(error({"--method", "carlini_wagner"}), HasSubstr("in l2 alone"));
  EXPECT_THAT(error({"--goal", "hat"}), HasSubstr("--goal"));
  write("file", "");
  EXPECT_THAT(error({"--method", "fgsm", "-o", path("file/in")}), HasSubstr("cannot be made"));
}

}  // namespace
}  // namespace assay::cli
