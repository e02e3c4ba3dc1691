// The focus check on real pictures, as a person runs it: steel defects with their boxes as COCO
// annotations.
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "assay/base/file.h"
#include "assay/cli/program_test.h"

namespace assay::cli {
namespace {

using nlohmann::json;
using FocusTest = ProgramTest;

std::string shared() {
  const char* set = std::getenv("ASSAY_SHARED");
  return set != nullptr ? set : ASSAY_SOURCE_DIR "/../shared";
}

// boxes.csv (file,label,class,xmin,ymin,xmax,ymax) as COCO.
json coco_of(const std::string& csv) {
  json coco = {{"images", json::array()}, {"annotations", json::array()}};
  std::map<std::string, int> ids;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == ',')
        fields.emplace_back();
      else if (c != '\r')
        fields.back() += c;
    }
    if (fields.size() != 7) continue;
    const auto [at, fresh] = ids.emplace(fields[0], static_cast<int>(ids.size()));
    if (fresh) coco["images"].push_back({{"id", at->second}, {"file_name", fields[0]}});
    const int left = std::stoi(fields[3]), top = std::stoi(fields[4]);
    coco["annotations"].push_back(
        {{"image_id", at->second},
         {"bbox", {left, top, std::stoi(fields[5]) - left, std::stoi(fields[6]) - top}}});
  }
  return coco;
}

TEST_F(FocusTest, JudgesTheSteelNetworkByItsBoxes) {
  const std::string pictures = shared() + "/data/images/neu_steel";
  if (!std::filesystem::exists(pictures))
    GTEST_SKIP() << "no reference data under " << shared() << ": NOT tried on real pictures";
  write("coco.json", coco_of(read_file(pictures + "/boxes.csv")).dump());
  write("audit.yaml", "assay: 1\nmodel:\n  file: " + shared() +
                          "/data/models/neu_smallcnn_op13.onnx\n"
                          "  input: {resize: {rule: squash, size: 96}, mean: [0.5, 0.5, 0.5], std: "
                          "[0.25, 0.25, 0.25]}\n"
                          "data: {images: " +
                          pictures +
                          ", annotations: coco.json}\n"
                          "checks:\n  focus:\n    occlusion_pictures: 4\n    require:\n"
                          "      invalid_reliance: \"<= 0.1\"\n"
                          "      invalid_flip_excess: \"<= 0.05\"\n");
  const Ran ran = assay({"run", path("audit.yaml"), "-o", path("out"), "--quiet"});
  EXPECT_THAT(ran.code, testing::AnyOf(0, 1, 3)) << ran.err;
  const json results = json::parse(read("out/results.json"));
  const json& check = results["checks"][0];
  std::map<std::string, json> findings;
  for (const json& f : check["findings"]) findings[f["id"]] = f;
  // Of 120 pictures all but a few find donors whose boxes leave the same places free.
  EXPECT_GE(findings.at("invalid_reliance")["n"], 100);
  EXPECT_EQ(findings.at("invalid_only_accuracy")["n"], 120);
  EXPECT_LE(findings.at("invalid_reliance")["interval"]["low"],
            findings.at("invalid_reliance")["value"]);
  EXPECT_GT(findings.at("detectable_reliance")["value"], 0);
  EXPECT_EQ(findings.at("invalid_share_occlusion")["n"], 4);
  for (const json& e : check["exhibits"])
    EXPECT_TRUE(std::filesystem::exists(path("out/" + e["file"].get<std::string>())));
}

}  // namespace
}  // namespace assay::cli
