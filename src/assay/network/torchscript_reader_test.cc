#include "assay/network/torchscript_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/network/executor.h"
#include "assay/network/pass.h"
#include "assay/network/script_builder_test.h"

namespace assay::network {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string shared() {
  const char* given = std::getenv("ASSAY_SHARED");
  return given ? given : ASSAY_SOURCE_DIR "/../shared";
}

InputDescription pictures_of(int size) {
  InputDescription input;
  input.crop = size;
  return input;
}

Script simple() {
  Script script;
  script.weight("a", {4, 3, 3, 3}).weight("w", {5, 4}).code(R"(
def forward(self, x):
    return torch.linear(torch.relu(torch.conv2d(x, self.a)).mean([2, 3]), self.w)
)");
  return script;
}

std::string refusal_of(const std::string& path, Reading reading = Reading::kGraph) {
  try {
    Classifier::open(path, pictures_of(16), {}, {}, reading);
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "accepted";
}

std::string refusal_of_code(const std::string& code) {
  Script script;
  script.weight("a", {4, 3, 3, 3}).weight("w", {5, 4}).code(code);
  return refusal_of(script.save());
}

TEST(TorchScriptReader, NamesValuesByModuleAndParametersAsTheFileDoes) {
  Script conv("Conv");
  conv.weight("weight", {4, 3, 3, 3}).code(R"(
def forward(self, x):
    return torch.conv2d(x, self.weight)
)");
  Script block("Block");
  block.child("conv1", conv).code(R"(
def forward(self, x):
    return torch.relu(self.conv1.forward(x))
)");
  Script net;
  net.child("layer1", block).weight("w", {5, 4}).code(R"(
def forward(self, x):
    return torch.linear(self.layer1.forward(x).mean([2, 3]), self.w)
)");
  const auto classifier = Classifier::open(net.save(), pictures_of(16), {}, {});
  EXPECT_EQ(classifier.last_spatial_value(), "layer1/Relu");
  EXPECT_EQ(classifier.value_named("layer1.conv1/Conv"), "layer1.conv1/Conv");
  const ValueId weight = classifier.graph().find("layer1.conv1.weight");
  ASSERT_NE(weight, kNoValue);
  EXPECT_NE(classifier.graph().constant(weight), nullptr);
}

TEST(TorchScriptReader, FindsTheChannelsAndLeavesSizeAndBatchFree) {
  const auto model = read_torchscript(simple().save(), {}, Layout::kNchw);
  EXPECT_THAT(model.graph->inputs()[0].shape, ElementsAre(kFree, 3, kFree, kFree));
  EXPECT_EQ(model.graph->inputs()[0].type, "float32");
  EXPECT_EQ(model.sha256.size(), 64u);
}

TEST(TorchScriptReader, FixesTheSizeThatTheNetworkNeeds) {
  Script script;
  script.weight("w", {5, 784}).code(R"(
def forward(self, x):
    return torch.linear(torch.flatten(x, 1), self.w)
)");
  const auto model = read_torchscript(script.save(), {}, Layout::kNchw);
  EXPECT_THAT(model.graph->inputs()[0].shape, ElementsAre(kFree, 1, 28, 28));
  InputDescription other;
  other.channels = Channels::kGray;
  other.crop = 32;
  EXPECT_THAT(
      [&] { Classifier::open(script.save(), other, {}, {}); },
      testing::Throws<InputError>(testing::Property(
          &InputError::what, AllOf(HasSubstr("height of 32 px"), HasSubstr("[?,1,28,28]")))));
}

TEST(TorchScriptReader, FixesTheSizeWhereABranchAsksForIt) {
  Script script;
  script.weight("a", {5, 3, 3, 3}).code(R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    if x.size(2) > 100:
        x = torch.avg_pool2d(x, [2, 2])
    return torch.amax(x, [2, 3])
)");
  const auto small = read_torchscript(script.save(), {3, 64, 64}, Layout::kNchw);
  EXPECT_THAT(small.graph->inputs()[0].shape, ElementsAre(kFree, 3, kFree, kFree));
  const auto large = read_torchscript(script.save(), {3, 90, 90}, Layout::kNchw);
  EXPECT_THAT(large.graph->inputs()[0].shape, ElementsAre(kFree, 3, 90, 90));
}

TEST(TorchScriptReader, TakesPicturesOneByOneWhereTheNetworkLoopsOverThem) {
  Script script = simple();
  Script loop;
  loop.weight("a", {4, 3, 3, 3}).weight("w", {5, 4}).code(R"(
def forward(self, x):
    rows = []
    for i in range(x.size(0)):
        rows.append(torch.conv2d(x[i:i + 1], self.a).mean([2, 3]))
    return torch.linear(torch.cat(rows), self.w)
)");
  const auto classifier = Classifier::open(loop.save(), pictures_of(16), {}, {});
  EXPECT_EQ(classifier.micro_batch(), 1);
  const at::Tensor x = test_pictures({3, 3, 16, 16});
  EXPECT_TRUE(at::allclose(classifier.forward(x).logits, loop.run(x).toTensor(), 1e-4, 1e-5));
}

TEST(TorchScriptReader, ReadsAFileThatBakedItsBatch) {
  Script script;
  script.weight("w", {5, 192}).code(R"(
def forward(self, x):
    return torch.linear(x.view([1, 192]), self.w)
)");
  const auto classifier = Classifier::open(script.save(), pictures_of(8), {}, {});
  EXPECT_EQ(classifier.micro_batch(), 8);  // the number in the view is freed, as in ONNX files
}

TEST(TorchScriptReader, NamesElementsOfTuplesAndDictionaries) {
  Script pair;
  pair.weight("a", {5, 3, 3, 3}).code(R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    return x.mean([2, 3]), torch.amax(x, [2, 3])
)");
  const std::string path = pair.save();
  EXPECT_THAT(refusal_of(path), AllOf(HasSubstr("2 outputs"), HasSubstr("\"output.1\"")));
  OutputDescription second;
  second.value = "output.1";
  const auto classifier = Classifier::open(path, pictures_of(16), second, {});
  const at::Tensor x = test_pictures({2, 3, 16, 16});
  EXPECT_TRUE(at::allclose(classifier.forward(x).logits,
                           pair.run(x).toTuple()->elements()[1].toTensor(), 1e-5, 1e-6));

  Script named;
  named.weight("a", {5, 3, 3, 3}).code(R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    return {"logits": x.mean([2, 3]), "features": x}
)");
  OutputDescription logits;
  logits.value = "logits";
  EXPECT_EQ(Classifier::open(named.save(), pictures_of(16), logits, {}).classes(), 5);
}

TEST(TorchScriptReader, ListsEveryOperatorThatItCannotRead) {
  const std::string text = refusal_of_code(R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    y = torch.kthvalue(x, 2, 3)[0]
    if y.size(1) > 2:
        y = torch.cummax(y, 1)[0]
    z = torch.renorm(x, 2., 0, 1.) + y.sum()
    return torch.linear(z.mean([2, 3]), self.w)
)");
  EXPECT_THAT(text, AllOf(HasSubstr("aten::kthvalue"), HasSubstr("aten::cummax"),
                          HasSubstr("aten::renorm"), HasSubstr("opaque"), HasSubstr(":")));
}

TEST(TorchScriptReader, RefusesBranchesOnThePicturesContent) {
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    if bool(x.sum() > 0):
        x = -x
    return torch.linear(x.mean([2, 3]), self.w)
)"),
              HasSubstr("reads the picture's content"));
}

TEST(TorchScriptReader, RefusesWhatOnlyTheLayoutDecides) {
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    y = x.reshape([x.size(0), 4, -1])
    y.mul_(2.0)
    return torch.linear(x.mean([2, 3]) + y.mean(2), self.w)
)"),
              HasSubstr("shares its memory or not"));
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    self.w.mul_(2.0)
    return torch.linear(torch.conv2d(x, self.a).mean([2, 3]), self.w)
)"),
              HasSubstr("writes to a parameter"));
}

TEST(TorchScriptReader, RefusesFilesInTrainingMode) {
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    x = torch.dropout(torch.conv2d(x, self.a), 0.5, True)
    return torch.linear(x.mean([2, 3]), self.w)
)"),
              HasSubstr("training mode"));
}

TEST(TorchScriptReader, StopsProgramsThatDoNotEnd) {
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    n = 0
    while n >= 0:
        n += 1
    return torch.linear(torch.conv2d(x, self.a).mean([2, 3]), self.w)
)"),
              HasSubstr("a million steps"));
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    items = [1]
    for i in range(100):
        items = items + items
    return torch.linear(torch.conv2d(x, self.a).mean([2, 3]), self.w) + len(items)
)"),
              HasSubstr("more than a million"));
  EXPECT_THAT(refusal_of_code(R"(
def forward(self, x):
    y = torch.zeros([1 << 40, 1 << 20])
    return torch.linear(torch.conv2d(x, self.a).mean([2, 3]), self.w) + y.sum()
)"),
              Not(HasSubstr("accepted")));
}

TEST(TorchScriptReader, ComputesFilesOfHalfPrecisionAsFloat32) {
  Script script;
  script.buffer("a", at::randn({5, 3, 3, 3}).to(at::kHalf)).code(R"(
def forward(self, x):
    return torch.conv2d(x, self.a).mean([2, 3])
)");
  EXPECT_EQ(Classifier::open(script.save(), pictures_of(16), {}, {}).classes(), 5);
}

// -- damaged and hostile files

class Damaged {
 public:
  explicit Damaged(const std::string& whole)
      : bytes(read_file(whole)), path_(whole + ".damaged"), x_(test_pictures({1, 3, 16, 16})) {
    answer_ = Classifier::open(whole, pictures_of(16), {}, {}).forward(x_).logits;
  }
  // Reads `changed`: refused in one line, or the right answer.
  void expect_refused_or_right(const std::string& changed, const std::string& what) {
    write_file(path_, changed);
    try {
      const auto classifier = Classifier::open(path_, pictures_of(16), {}, {});
      EXPECT_TRUE(at::equal(classifier.forward(x_).logits, answer_)) << what;
    } catch (const InputError& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  void expect_survived(const std::string& changed) {
    write_file(path_, changed);
    try {
      Classifier::open(path_, pictures_of(16), {}, {});
    } catch (const InputError&) {
      ++refused;
    }
  }

  std::string bytes;
  int refused = 0;

 private:
  std::string path_;
  at::Tensor x_, answer_;
};

TEST(TorchScriptReader, RefusesTruncatedFiles) {
  Damaged file(simple().save());
  for (int percent = 0; percent < 100; percent += 5)
    file.expect_refused_or_right(file.bytes.substr(0, file.bytes.size() * percent / 100),
                                 std::to_string(percent) + " %");
  EXPECT_EQ(file.refused, 20);
}

TEST(TorchScriptReader, RefusesFlippedBytesOrAnswersRight) {
  Damaged file(simple().save());
  Stream stream(7, "torchscript/flips");
  for (int i = 0; i < 100; ++i) {
    std::string changed = file.bytes;
    const auto at = static_cast<std::size_t>(stream.uniform() * double(changed.size()));
    changed[at] = static_cast<char>(changed[at] ^ (1 << static_cast<int>(stream.uniform() * 8)));
    file.expect_refused_or_right(changed, "byte " + std::to_string(at));
  }
  EXPECT_GT(file.refused, 25);
}

// `bytes` with the CRC-32 of its stored entries as they are now.
void mend_checksums(std::string& bytes) {
  const auto number = [&](std::size_t at, int width) {
    std::size_t n = 0;
    for (int i = width; i-- > 0;) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
    return n;
  };
  for (std::size_t at = bytes.find("PK\x01\x02"); at != std::string::npos;
       at = bytes.find("PK\x01\x02", at + 4)) {
    const std::size_t local = number(at + 42, 4), size = number(at + 20, 4);
    const std::size_t start = local + 30 + number(local + 26, 2) + number(local + 28, 2);
    if (number(at + 10, 2) != 0 || start + size > bytes.size()) continue;
    const auto crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data() + start), size));
    std::memcpy(bytes.data() + at + 16, &crc, 4);
    std::memcpy(bytes.data() + local + 14, &crc, 4);
  }
}

TEST(TorchScriptReader, SurvivesChangedPicklesWhoseChecksumsAreMended) {
  Damaged file(simple().save());
  const std::size_t pickle = file.bytes.find("data.pkl") + 8;
  ASSERT_NE(pickle, std::string::npos + 8);
  Stream stream(8, "torchscript/pickles");
  for (int i = 0; i < 30; ++i) {
    std::string changed = file.bytes;
    const auto at = pickle + static_cast<std::size_t>(stream.uniform() * 400);
    changed[at] = static_cast<char>(stream.uniform() * 256);
    mend_checksums(changed);
    file.expect_survived(changed);
  }
  EXPECT_GT(file.refused, 5);
}

TEST(TorchScriptReader, RefusesTheNegativeFilesInOneLine) {
  const std::string folder = shared() + "/data/models/negative/";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "SKIPPED LOUDLY: no reference data under ASSAY_SHARED (" << shared() << ")";
  configure_numerics();
  const std::string killer = folder + "mobilenet_quantized_traced_batch1_SEGV_on_batch2.pt";
  const std::string old = folder + "old_quantized_v1_unloadable.pt";
  EXPECT_THAT(refusal_of(killer), AllOf(HasSubstr("quantized::"), HasSubstr("opaque")));
  EXPECT_THAT(refusal_of(old), HasSubstr("cannot load it"));
  EXPECT_THAT(refusal_of(old, Reading::kOpaque), HasSubstr("cannot load it"));
  EXPECT_THAT(refusal_of(folder + "bare_state_dict.pt"), HasSubstr("state_dict"));
}

}  // namespace
}  // namespace assay::network
