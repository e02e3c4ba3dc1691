#include "assay/network/opaque_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "assay/base/error.h"
#include "assay/network/child_process.h"
#include "assay/network/numerics.h"
#include "assay/network/pass.h"
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

TEST(OpaqueExecutor, PassesOverWhatIsNoTensor) {
  Script script = simple(R"(
def forward(self, x):
    assert x.size(0) < 5, "few"
    return torch.linear(torch.conv2d(x, self.a).mean([2, 3]), self.w), "text", x.size(0)
)");
  EXPECT_EQ(open_opaquely(script.save()).classes(), 5);
}

TEST(OpaqueExecutor, AnswersSeveralThreads) {
  Script script = simple(kPlain);
  const auto classifier = open_opaquely(script.save());
  const at::Tensor x = test_pictures({32, 3, 16, 16});
  const at::Tensor expected = classifier.forward(x).logits;
  std::vector<at::Tensor> logits(4);
  std::vector<std::thread> threads;
  for (at::Tensor& own : logits) threads.emplace_back([&] { own = classifier.forward(x).logits; });
  for (std::thread& thread : threads) thread.join();
  for (const at::Tensor& own : logits) EXPECT_TRUE(at::equal(own, expected));
}

std::string death_of(const ChildProcess::Answer& answer, seconds limit = seconds(20)) {
  ChildProcess child(answer);
  try {
    return "answered " + child.ask("", limit);
  } catch (const ChildProcess::Death& death) {
    EXPECT_THROW(child.ask("", limit), ChildProcess::Death);
    return death.what();
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(ChildProcess, AnswersUntilItIsNoLongerNeeded) {
  int asked = 0;
  ChildProcess child([&](const std::string& request) {
    if (request.empty()) throw InputError("file", "is no good");
    return std::to_string(++asked) + request;
  });
  EXPECT_EQ(child.ask("a", seconds(20)), "1a");
  EXPECT_THAT([&] { child.ask("", seconds(20)); },
              testing::Throws<InputError>(
                  testing::Property(&InputError::what, testing::StrEq("file: is no good"))));
  const std::string long_text(5'000'000, 'b');
  EXPECT_EQ(child.ask(long_text, seconds(20)), "2" + long_text);
  EXPECT_EQ(asked, 0);  // not in this process
}

TEST(ChildProcess, TellsHowItDied) {
  EXPECT_THAT(death_of([](const std::string&) -> std::string { _exit(3); }),
              HasSubstr("kills the process"));
  EXPECT_THAT(death_of([](const std::string&) -> std::string {
                std::raise(SIGSEGV);
                return "";
              }),
              HasSubstr("signal 11"));
  EXPECT_THAT(death_of(
                  [](const std::string&) -> std::string {
                    std::this_thread::sleep_for(seconds(60));
                    return "";
                  },
                  seconds(1)),
              HasSubstr("more than 1 s"));
}

TEST(ChildProcess, HasNoMoreMemoryThanTheBudget) {
  const std::uint64_t before = memory_budget();
  set_memory_budget(64 << 20);
  const std::string end = death_of([](const std::string&) {
    return std::to_string(std::string(std::size_t{4} << 30, 'x').size());
  });
  set_memory_budget(before);
  EXPECT_THAT(end, testing::AnyOf(HasSubstr("bad_alloc"), HasSubstr("kills the process")));
}

}  // namespace
}  // namespace assay::network
