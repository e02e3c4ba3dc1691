// Small networks of the topologies that ship, compiled to TorchScript here, against libtorch's own
// answers and gradients.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/gradient.h"
#include "assay/network/pass.h"
#include "assay/network/script_builder_test.h"

namespace assay::network {
namespace {

struct Topology {
  std::string name;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> weights;
  std::string code;
  int channels = 3, size = 16;
};

// Positive running variances.
Script built(const Topology& t) {
  Script script;
  for (const auto& [name, shape] : t.weights) script.weight(name, shape);
  script.attribute("training", c10::BoolType::get(), true);
  script.buffer("one", at::ones({8})).buffer("zero", at::zeros({8}));
  script.buffer("places", at::tensor({0, 1, 2, 1, 0, 1, 2, 1, 0}, at::kLong));
  script.code(t.code);
  return script;
}

std::vector<Topology> topologies() {
  return {
      {"Residual",
       {{"a", {8, 3, 3, 3}}, {"b", {8, 8, 3, 3}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.a, None, [2, 2], [1, 1], [1, 1], 1)
    x = torch.batch_norm(x, self.one, self.zero, self.zero, self.one, False, 0.1, 1e-5, True)
    x = torch.relu_(x)
    identity = x
    out = torch.conv2d(x, self.b, None, [1, 1], [1, 1], [1, 1], 1)
    out += identity
    out = torch.relu_(out)
    out = torch.adaptive_avg_pool2d(out, [1, 1])
    return torch.linear(torch.flatten(out, 1), self.w)
)"},
      {"DenseConcatenation",
       {{"a", {4, 3, 1, 1}}, {"b", {4, 7, 3, 3}}, {"c", {5, 11, 1, 1}}},
       R"(
def forward(self, x):
    features = [x]
    features.append(torch.conv2d(torch.cat(features, 1), self.a))
    features.append(torch.conv2d(torch.cat(features, 1), self.b, None, [1, 1], [1, 1]))
    x = torch.conv2d(torch.cat(features, 1), self.c)
    return torch.mean(x, [2, 3])
)"},
      {"InceptionBranches",
       {{"a", {4, 3, 1, 7}}, {"b", {4, 3, 7, 1}}, {"c", {2, 3, 1, 1}}, {"w", {5, 13}}},
       R"(
def forward(self, x):
    a = torch.conv2d(x, self.a, None, [1, 1], [0, 3])
    b = torch.conv2d(x, self.b, None, [1, 1], [3, 0])
    c = torch.conv2d(torch.avg_pool2d(x, [3, 3], [1, 1], [1, 1]), self.c)
    d = torch.max_pool2d(x, [3, 3], [1, 1], [1, 1], [1, 1], True)
    x = torch.cat([a, b, c, d], 1)
    return torch.linear(torch.amax(x, [2, 3]), self.w)
)"},
      {"DepthwiseSqueezeExcite",
       {{"d", {8, 1, 3, 3}}, {"e", {8, 3, 1, 1}}, {"s", {8, 8, 1, 1}}, {"t", {8}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.hardtanh_(torch.conv2d(x, self.e), 0., 6.)
    x = torch.hardswish_(torch.conv2d(x, self.d, None, [2, 2], [1, 1], [1, 1], 8))
    s = torch.conv2d(torch.adaptive_avg_pool2d(x, [1, 1]), self.s, self.t)
    x = x * torch.hardsigmoid(s)
    x = torch.silu_(x)
    return torch.linear(x.mean([2, 3]), self.w)
)"},
      {"ChannelShuffle",
       {{"a", {8, 3, 1, 1}}, {"b", {4, 4, 1, 1}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.a, None, [2, 2])
    first, second = x.chunk(2, dim=1)
    x = torch.cat([first, torch.relu(torch.conv2d(second, self.b))], 1)
    batch, channels, height, width = x.size()
    x = x.view(batch, 2, channels // 2, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    x = x.view(batch, -1, height, width)
    return torch.linear(x.mean([2, 3]), self.w)
)"},
      {"FlattenDense",
       {{"a", {4, 1, 5, 5}}, {"v", {20, 144}}, {"b", {20}}, {"w", {5, 20}}},
       R"(
def forward(self, x):
    x = torch.max_pool2d(torch.relu(torch.conv2d(x, self.a)), [2, 2])
    x = torch.dropout(torch.flatten(x, 1), 0.5, False)
    x = torch.relu_(torch.linear(x, self.v, self.b))
    return torch.log_softmax(torch.linear(x, self.w), 1)
)",
       1},
      {"LayerNormGelu",
       {{"a", {8, 3, 4, 4}},
        {"d", {8, 1, 7, 7}},
        {"g", {8}},
        {"h", {8}},
        {"u", {32, 8}},
        {"v", {8, 32}},
        {"s", {8, 1, 1}},
        {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.a, None, [4, 4])
    y = torch.conv2d(x, self.d, None, [1, 1], [3, 3], [1, 1], 8).permute(0, 2, 3, 1)
    y = torch.layer_norm(y, [8], self.g, self.h, 1e-6)
    y = torch.linear(torch.gelu(torch.linear(y, self.u)), self.v)
    x = x + self.s * y.permute([0, 3, 1, 2])
    return torch.linear(x.mean([-1, -2]), self.w)
)"},
      {"AttentionOverTokens",
       {{"p", {8, 3, 4, 4}}, {"c", {1, 1, 8}}, {"e", {1, 17, 8}}, {"q", {24, 8}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    n = x.shape[0]
    x = torch.conv2d(x, self.p, None, [4, 4]).flatten(2).transpose(1, 2)
    x = torch.cat([self.c.expand(n, -1, -1), x], 1) + self.e
    b, t, d = x.shape
    qkv = torch.linear(x, self.q).reshape(b, t, 3, 2, d // 2).permute(2, 0, 3, 1, 4)
    q, k, v = qkv.unbind(0)
    attention = torch.softmax((q @ k.transpose(-2, -1)) * (d // 2) ** -0.5, -1)
    x = (attention @ v).transpose(1, 2).reshape(b, t, d)
    return torch.linear(x[:, 0], self.w)
)"},
      {"NativeAttention",
       {{"p", {8, 3, 4, 4}}, {"q", {24, 8}}, {"b", {24}}, {"o", {8, 8}}, {"r", {8}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.p, None, [4, 4]).flatten(2).permute(0, 2, 1)
    y, _ = torch._native_multi_head_attention(x, x, x, 8, 2, self.q, self.b, self.o, self.r, None, False)
    return torch.linear((x + y).mean(1), self.w)
)"},
      {"ShiftedWindows",
       {{"p", {8, 3, 2, 2}}, {"q", {24, 8}}, {"w", {5, 8}}, {"r", {3, 2}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.p, None, [2, 2]).permute(0, 2, 3, 1)
    b, h, w, c = x.shape
    pad_b = (3 - h % 3) % 3
    pad_r = (3 - w % 3) % 3
    x = torch.constant_pad_nd(x, [0, 0, 0, pad_r, 0, pad_b])
    _, ph, pw, _ = x.shape
    x = torch.roll(x, [-1, -1], [1, 2])
    rows = (ph // 3) * (pw // 3)
    x = x.view(b, ph // 3, 3, pw // 3, 3, c).permute(0, 1, 3, 2, 4, 5).reshape(b * rows, 9, c)
    qkv = torch.linear(x, self.q).reshape(x.size(0), 9, 3, 2, 4).permute(2, 0, 3, 1, 4)
    q, k, v = qkv[0] * 0.5, qkv[1], qkv[2]
    bias = self.r[self.places].permute(1, 0).unsqueeze(1).unsqueeze(0)
    attention = q.matmul(k.transpose(-2, -1)) + bias
    mask = x.new_zeros([ph, pw])
    count = 0
    for hs in [[0, ph - 3], [ph - 3, ph - 1], [ph - 1, ph]]:
        for ws in [[0, pw - 3], [pw - 3, pw - 1], [pw - 1, pw]]:
            mask[hs[0]:hs[1], ws[0]:ws[1]] = count
            count += 1
    mask = mask.view(ph // 3, 3, pw // 3, 3).permute(0, 2, 1, 3).reshape(rows, 9)
    mask = mask.unsqueeze(1) - mask.unsqueeze(2)
    mask = mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)
    attention = attention.view(x.size(0) // rows, rows, 2, 9, 9)
    attention = attention + mask.unsqueeze(1).unsqueeze(0)
    attention = torch.softmax(attention.view(-1, 2, 9, 9), -1)
    x = attention.matmul(v).transpose(1, 2).reshape(x.size(0), 9, c)
    x = x.view(b, ph // 3, pw // 3, 3, 3, c).permute(0, 1, 3, 2, 4, 5).reshape(b, ph, pw, c)
    x = torch.roll(x, [1, 1], [1, 2])
    x = x[:, :h, :w, :].contiguous()
    return torch.linear(x.mean([1, 2]), self.w)
)"},
      {"InPlaceOnViews",
       {{"a", {8, 3, 3, 3}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    x[:, 0:2].mul_(2.0)
    x[:, 3] += 1.0
    y = x.transpose(1, 2)
    y.unsqueeze(0).sub_(0.25)
    first = x[:, 0]
    x.relu_()
    z = torch.zeros_like(x)
    z[:, 2:] = x[:, 2:]
    z[:, -1].fill_(0.5)
    return torch.linear(z.mean([2, 3]) + first.mean([1, 2]).unsqueeze(1), self.w)
)"},
      {"ResizedAndGrouped",
       {{"a", {8, 3, 3, 3}}, {"g", {8}}, {"h", {8}}, {"p", {8}}, {"w", {5, 72}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.a, None, [2, 2], 'valid')
    x = torch.group_norm(x, 2, self.g, self.h, 1e-5)
    x = torch.prelu(x, self.p)
    x = torch.upsample_bilinear2d(x, [x.size(2) * 2, x.size(3) * 2], False)
    x = torch.upsample_nearest2d(x, None, [2.0, 2.0])
    x = torch.adaptive_avg_pool2d(x, [3, 3])
    return torch.linear(torch.flatten(x, 1), self.w)
)"},
      {"NormalisedFeatures",
       {{"a", {8, 3, 3, 3}}, {"w", {5, 8}}},
       R"(
def forward(self, x):
    x = torch.conv2d(x, self.a)
    std, mean = torch.std(x, [2, 3], True, True), torch.mean(x, [2, 3], True)
    x = (x - mean) / (std + 1e-3)
    x = torch.amax(torch.softplus(x), [2, 3])
    x = x / torch.norm(x, 2, [1], True).clamp_min(1e-12).expand_as(x)
    w = self.w / torch.norm(self.w, 2, [1], True).clamp_min(1e-12)
    return 10.0 * torch.linear(x, w)
)"},
      {"ControlFlow",
       {{"a", {8, 3, 3, 3}}, {"w", {5, 8}}},
       R"(
def scaled(self, x, scale: Optional[float]):
    if scale is not None:
        return x * scale
    return x

def forward(self, x, deep: bool = True):
    assert x.dim() == 4, "expected a batch, got " + str(x.dim())
    if self.training:
        x = torch.dropout(x, 0.5, True)
    x = torch.conv2d(x, self.a)
    for i in range(1, 6, 2):
        if i == 3:
            continue
        x = torch.tanh(x) * float(i)
    n = 0
    while n < x.size(1):
        n += 4
    outs = {"a": x * n, "b": x}
    total = outs["b"]
    for key in outs.keys():
        total = total + outs[key]
    if not deep:
        return total.mean([2, 3])
    query, key = x, x
    if query is key and total is not query:
        total = total + query
    if query is total:
        total = total * 100.0
    three = (x, self.scaled(total, 0.5), self.scaled(x, None))
    pair = three[1:]
    return torch.linear((pair[0] + pair[-1]).mean([2, 3]), self.w)
)"},
  };
}

class TorchScriptTopology : public testing::TestWithParam<Topology> {};

TEST_P(TorchScriptTopology, GivesLibtorchsLogitsAndGradients) {
  const Topology& t = GetParam();
  Script script = built(t);
  InputDescription input;
  input.channels = t.channels == 1 ? Channels::kGray : Channels::kRgb;
  input.crop = t.size;
  const auto classifier = Classifier::open(script.save(), input, {}, {});
  EXPECT_EQ(classifier.micro_batch(), 8);
  const at::Tensor x = test_pictures({3, t.channels, t.size, t.size});
  const at::Tensor expected = script.run(x).toTensor();
  const at::Tensor actual = classifier.forward(x).logits;
  ASSERT_EQ(actual.sizes(), expected.sizes());
  const double scale = at::max(at::abs(expected)).item<double>();
  EXPECT_LT(at::max(at::abs(at::sub(actual, expected))).item<double>(), 1e-5 * scale);

  // The gradient that the graph gives is the slope of libtorch's own answers.
  const at::Tensor leaf = x.clone().requires_grad_();
  const at::Tensor slope = gradient(at::sum(classifier.logits(leaf)), leaf);
  const at::Tensor own = x.clone().requires_grad_();
  at::Tensor theirs;
  try {
    theirs = gradient(at::sum(script.run_with_gradient(own)), own);
  } catch (const std::exception& error) {
    // libtorch's fused attention has no derivative of its own.
    ASSERT_THAT(error.what(), testing::HasSubstr("is not implemented"));
    EXPECT_GT(at::max(at::abs(slope)).item<double>(), 0);
    return;
  }
  EXPECT_LT(at::max(at::abs(at::sub(slope, theirs))).item<double>(),
            1e-4 * at::max(at::abs(theirs)).item<double>());
}

INSTANTIATE_TEST_SUITE_P(Small, TorchScriptTopology, testing::ValuesIn(topologies()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace assay::network
