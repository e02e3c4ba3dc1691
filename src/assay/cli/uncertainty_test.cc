#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;

class UncertaintyTest : public ProgramTest {
 protected:
  Ran ask(std::vector<std::string> more) const {
    std::vector<std::string> all = {"uncertainty", fashion_model(), "--input",
                                    write("input.yaml", "channels: gray\n")};
    all.insert(all.end(), more.begin(), more.end());
    return assay(all);
  }
};

TEST_F(UncertaintyTest, SaysOfSinglePicturesWhatSamplesDisagreeAbout) {
  const std::string a = write("a.bmp", bmp(3)), b = write("b.bmp", bmp(4));
  const Ran ran = ask({a, b, "--samples", "factors=16", "--factor", "brightness=uniform(0.5, 1.5)",
                       "--error", "0", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::istringstream lines(ran.out);
  int count = 0;
  for (std::string text; std::getline(lines, text); ++count) {
    const auto line = nlohmann::json::parse(text);
    EXPECT_EQ(line["samples"], 16);
    EXPECT_NEAR(line["predictive_entropy"].get<double>(),
                line["expected_entropy"].get<double>() + line["mutual_information"].get<double>(),
                1e-12);
    EXPECT_EQ(line["mean"].size(), 10U);
    EXPECT_EQ(line["epistemic_covariance"].size(), 10U);
    EXPECT_EQ(line["epistemic_covariance"][0].size(), 10U);
  }
  EXPECT_EQ(count, 2);
  EXPECT_THAT(ask({a}).out, HasSubstr("1 sample"));
}

TEST_F(UncertaintyTest, AuditsADataSetWhereAFolderForResultsIsNamed) {
  write_folders(2);
  const Ran ran = ask({path("val"), "-o", path("out")});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(std::filesystem::exists(path("out/report.html")));
  EXPECT_EQ(ask({path("val"), path("val"), "-o", path("out")}).code, 2);
}

TEST_F(UncertaintyTest, SaysWhatIsWrong) {
  const std::string a = write("a.bmp", bmp(3));
  const Ran ran = ask({a, "--samples", "dropout=10"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("has no dropout"));
  EXPECT_THAT(ask({a, "--samples", "luck=10"}).err, HasSubstr("dropout or factors"));
}

}  // namespace
}  // namespace assay::cli
