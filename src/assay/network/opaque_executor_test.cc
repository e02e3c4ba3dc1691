#include "assay/network/opaque_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "assay/base/error.h"
#include "assay/network/pass.h"
#include "assay/network/rehearsal.h"
#include "assay/network/script_builder_test.h"

namespace assay::network {
namespace {

using testing::HasSubstr;

using std::chrono::seconds;

Script simple(const std::string& code) {
  Script script;
  script.weight("a", {4, 3, 3, 3}).weight("w", {5, 4}).code(code);
  return script;
}

constexpr const char* kPlain = R"(
def forward(self, x):
    return torch.linear(torch.relu(torch.conv2d(x, self.a)).mean([2, 3]), self.w)
)";

Classifier open_opaquely(const std::string& path) {
  InputDescription input;
  input.crop = 16;
  return Classifier::open(path, input, {}, {}, Reading::kOpaque);
}

TEST(OpaqueExecutor, GivesTheFilesOwnLogits) {
  Script script = simple(kPlain);
  const auto classifier = open_opaquely(script.save());
  EXPECT_EQ(classifier.classes(), 5);
  EXPECT_EQ(classifier.micro_batch(), 8);
  const at::Tensor x = test_pictures({11, 3, 16, 16});
  EXPECT_TRUE(at::allclose(classifier.forward(x).logits, script.run(x).toTensor(), 1e-5, 1e-6));
}

TEST(OpaqueExecutor, RefusesGradientsAndLayers) {
  const auto classifier = open_opaquely(simple(kPlain).save());
  const at::Tensor x = test_pictures({1, 3, 16, 16}).requires_grad_();
  EXPECT_THAT([&] { classifier.logits(x); },
              testing::Throws<InputError>(
                  testing::Property(&InputError::what, HasSubstr("has no gradients"))));
  EXPECT_THROW(classifier.last_spatial_value(), InputError);
}

TEST(OpaqueExecutor, TakesOnePictureAtATimeWhereMoreFail) {
  Script script = simple(R"(
def forward(self, x):
    assert x.size(0) == 1, "one"
    return torch.linear(torch.conv2d(x, self.a).mean([2, 3]), self.w)
)");
  const auto classifier = open_opaquely(script.save());
  EXPECT_EQ(classifier.micro_batch(), 1);
  EXPECT_EQ(classifier.forward(test_pictures({3, 3, 16, 16})).logits.size(0), 3);
}

TEST(OpaqueExecutor, RefusesAFileWhoseCodeFails) {
  Script script = simple(R"(
def forward(self, x):
    assert x.size(0) < 0, "never"
    return x
)");
  EXPECT_THAT([&] { open_opaquely(script.save()); }, testing::Throws<InputError>(testing::Property(
                                                         &InputError::what, HasSubstr("never"))));
}

TEST(Rehearsal, ReportsHowItEnded) {
  const auto end_of = [](const std::function<void(const Say&)>& act) {
    return rehearse(act, seconds(20));
  };
  EXPECT_EQ(end_of([](const Say&) {}).end, Rehearsal::End::kDone);
  const Rehearsal error = end_of([](const Say& say) {
    say("half way");
    throw std::runtime_error("no good\nat all");
  });
  EXPECT_EQ(error.end, Rehearsal::End::kError);
  EXPECT_EQ(error.error, "no good");
  EXPECT_EQ(error.last, "half way");
  const Rehearsal death = end_of([](const Say&) { std::raise(SIGSEGV); });
  EXPECT_EQ(death.end, Rehearsal::End::kDied);
  EXPECT_THAT(how_it_ended(death, seconds(1)), HasSubstr("signal 11"));
  EXPECT_EQ(end_of([](const Say&) { _exit(3); }).end, Rehearsal::End::kDied);
}

TEST(Rehearsal, EndsInTime) {
  const Rehearsal slow =
      rehearse([](const Say&) { std::this_thread::sleep_for(seconds(60)); }, seconds(1));
  EXPECT_EQ(slow.end, Rehearsal::End::kTimedOut);
}

}  // namespace
}  // namespace assay::network
