// Plans made to hurt: each is refused in one line or read rightly, in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/audit/plan.h"
#include "assay/base/damage_test.h"

namespace assay::audit {
namespace {

using ::testing::HasSubstr;

const std::string kPlan =
    "assay: 1\nmodel: {file: m.onnx, labels: [cat, dog], input: imagenet}\n"
    "data: {images: val/, limit: 500, seed: 7}\nchecks:\n"
    "  accuracy: {require: {top1: \">= 0.90\"}}\n"
    "  calibration: {bins: 15, require: {ece: {at_most: 0.05, confidence: 0.9}}}\n";

std::string refusal_of(const std::string& text) {
  std::string refusal;
  try {
    parse_plan(text, "audit.yaml");
  } catch (const InputError& error) {
    refusal = error.what();
  }
  EXPECT_EQ(refusal.find('\n'), std::string::npos) << refusal.substr(0, 200);
  return refusal;
}

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

TEST(HostilePlan, DamagedOnesDoNoWorseThanARefusal) {
  ASSERT_EQ(refusal_of(kPlan), "");
  for (const std::string& part : truncations(kPlan)) refusal_of(part);
  for (int i = 0; i < flip_count(); ++i) refusal_of(flipped(kPlan, static_cast<std::uint64_t>(i)));
}

TEST(HostilePlan, AliasesThatMultiplyEnd) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1), own = "a" + std::to_string(i);
    bomb += own + ": &" + own + " [" + before + repeated(", " + before, 9) + "]\n";
  }
  EXPECT_THAT(refusal_of(kPlan + bomb), HasSubstr("unknown key"));
  EXPECT_NE(refusal_of(bomb + "assay: 1\nmodel: *a29\ndata: *a29\nchecks: *a29\n"), "");
  EXPECT_NE(refusal_of("assay: 1\nmodel: {file: m, labels: &l [*l]}\ndata: {images: v}\n"
                       "checks: {accuracy: }\n"),
            "");
  EXPECT_NE(refusal_of("&all\nassay: 1\nmodel: *all\ndata: *all\nchecks: *all\n"), "");
  EXPECT_NE(refusal_of(bomb + "assay: 1\nmodel: {file: m, labels: *a29}\ndata: {images: v}\n"
                              "checks: {accuracy: }\n"),
            "");
}

TEST(HostilePlan, NestingIsRefused) {
  for (const char* open : {"[", "{a: ", "- ", "? ", "[{", "!!map {a: "})
    EXPECT_NE(refusal_of("checks: " + repeated(open, 200'000)), "") << open;
  std::string indented;
  for (int i = 0; i < 1500; ++i) indented += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(refusal_of(indented), "");
}

TEST(HostilePlan, ManyKeysEnd) {
  std::string checks, keys, labels;
  for (int i = 0; i < 100'000; ++i) {
    checks += "  c" + std::to_string(i) + ": {check: accuracy}\n";
    keys += "k" + std::to_string(i) + ": 1\n";
    labels += "l, ";
  }
  EXPECT_NE(refusal_of(kPlan + checks), "");
  EXPECT_NE(refusal_of(kPlan + keys), "");
  EXPECT_EQ(refusal_of("assay: 1\nmodel: {file: m, labels: [" + labels +
                       "l]}\ndata: {images: v}\nchecks: {accuracy: }\n"),
            "");
}

TEST(HostilePlan, WordsOfAnyLengthEnd) {
  const std::string word(1'000'000, 'a');
  EXPECT_NE(refusal_of(kPlan + word + ": 1\n"), "");
  EXPECT_NE(refusal_of(kPlan + "  " + word + ": {}\n"), "");
  EXPECT_NE(refusal_of("assay: " + std::string(1'000'000, '9') + "\n"), "");
  EXPECT_NE(refusal_of("assay: 1\nmodel: {file: m, input: " + word +
                       "}\ndata: {images: v}\n"
                       "checks: {accuracy: }\n"),
            "");
  EXPECT_NE(refusal_of("assay: 1\nmodel: {file: m, labels: /dev/zero}\ndata: {images: v}\n"
                       "checks: {accuracy: }\n"),
            "");
  EXPECT_NE(refusal_of(std::string(1000, '\0')), "");
  EXPECT_NE(refusal_of("%YAML 9.9\n---\n\xff\xfe"), "");
}

}  // namespace
}  // namespace assay::audit
