#include "networks.h"

#include <cmath>
#include <map>

#include "assay/network/torch.h"

namespace assay::benchmarks {

namespace {

using network::Graph;
using network::kFree;
using network::Node;
using Value = std::string;
using Ints = std::vector<std::int64_t>;

class Maker {
 public:
  explicit Maker(const std::string& name)
      : graph_(name), random_(at::detail::createCPUGenerator(7)) {
    graph_.add_input("x", "float32", true, {kFree, 3, 224, 224});
  }

  Value node(const std::string& op, const std::vector<Value>& inputs,
             std::map<std::string, network::Attribute> attributes = {}) {
    Node n;
    n.op = op;
    n.opset = 17;
    n.attributes = std::move(attributes);
    const Value out = op + std::to_string(count_++);
    graph_.add_node(std::move(n), inputs, {out});
    return out;
  }
  // Of a spread that keeps the values' size from layer to layer.
  Value random(const Ints& shape, double spread) {
    return constant(at::randn(shape, random_, at::kFloat).mul_(spread));
  }
  Value constant(at::Tensor t) {
    const Value name = "w" + std::to_string(count_++);
    graph_.add_constant(name, std::move(t));
    return name;
  }

  struct Form {
    std::int64_t kernel = 1, stride = 1, pad = 0, group = 1;
  };
  Value conv(const Value& x, std::int64_t in, std::int64_t out, Form f, bool bias = false) {
    const std::int64_t fan_in = in / f.group * f.kernel * f.kernel;
    std::vector<Value> inputs{x, random({out, in / f.group, f.kernel, f.kernel},
                                        std::sqrt(2.0 / static_cast<double>(fan_in)))};
    if (bias) inputs.push_back(random({out}, 0.1));
    return node("Conv", inputs,
                {{"kernel_shape", Ints{f.kernel, f.kernel}},
                 {"strides", Ints{f.stride, f.stride}},
                 {"pads", Ints{f.pad, f.pad, f.pad, f.pad}},
                 {"group", f.group}});
  }
  Value norm(const Value& x, std::int64_t channels) {
    return node("BatchNormalization",
                {x, constant(at::rand({channels}, random_, at::kFloat).mul_(0.4).add_(0.8)),
                 random({channels}, 0.1), random({channels}, 0.1),
                 constant(at::rand({channels}, random_, at::kFloat).add_(0.5))});
  }
  Value relu(const Value& x) { return node("Relu", {x}); }
  Value relu6(const Value& x) {
    return node("Clip", {x, constant(at::scalar_tensor(0.f)), constant(at::scalar_tensor(6.f))});
  }
  Value max_pool(const Value& x, std::int64_t pad, std::int64_t ceil) {
    return node("MaxPool", {x},
                {{"kernel_shape", Ints{3, 3}},
                 {"strides", Ints{2, 2}},
                 {"pads", Ints{pad, pad, pad, pad}},
                 {"ceil_mode", ceil}});
  }
  Value head(const Value& x, std::int64_t channels) {
    const Value flat = node("Flatten", {node("GlobalAveragePool", {x})});
    return node("Gemm", {flat, random({1000, channels}, 0.05), random({1000}, 0.1)},
                {{"transB", std::int64_t{1}}});
  }
  // Linear, of `in` numbers.
  Value linear(const Value& x, std::int64_t in, std::int64_t out) {
    return node(
        "Gemm",
        {x, random({out, in}, std::sqrt(2.0 / static_cast<double>(in))), random({out}, 0.1)},
        {{"transB", std::int64_t{1}}});
  }
  // Squeeze-and-excitation: a factor for each channel from the mean over the places.
  Value excite(const Value& x, std::int64_t channels, std::int64_t squeezed) {
    const Value mean = node("GlobalAveragePool", {x});
    const Value s = relu(conv(mean, channels, squeezed, {}, true));
    return node("Mul", {x, node("Sigmoid", {conv(s, squeezed, channels, {}, true)})});
  }
  Value ints(const Ints& values) { return constant(at::tensor(values, at::kLong)); }
  // Of tokens [N,T,in].
  Value project(const Value& x, std::int64_t in, std::int64_t out) {
    const Value w = random({in, out}, std::sqrt(1.0 / static_cast<double>(in)));
    return node("Add", {node("MatMul", {x, w}), random({out}, 0.1)});
  }
  Value layer_norm(const Value& x, std::int64_t width) {
    Node n;
    n.op = "LayerNormalization";
    n.opset = 17;
    const Value out = n.op + std::to_string(count_++);
    graph_.add_node(std::move(n), {x, constant(at::ones({width})), random({width}, 0.1)}, {out});
    return out;
  }
  Value attention(const Value& x, std::int64_t tokens, std::int64_t width, std::int64_t heads) {
    const Value split = ints({-1, tokens, heads, width / heads});
    const auto part = [&](const Ints& order) {
      return node("Transpose", {node("Reshape", {project(x, width, width), split})},
                  {{"perm", order}});
    };
    const Value products = node("MatMul", {part({0, 2, 1, 3}), part({0, 2, 3, 1})});
    const double scale = std::sqrt(static_cast<double>(heads) / static_cast<double>(width));
    const Value shares = node("Softmax", {node("Mul", {products, constant(at::full({}, scale))})},
                              {{"axis", std::int64_t{-1}}});
    const Value mixed = node("Transpose", {node("MatMul", {shares, part({0, 2, 1, 3})})},
                             {{"perm", Ints{0, 2, 1, 3}}});
    return project(node("Reshape", {mixed, ints({-1, tokens, width})}), width, width);
  }
  std::shared_ptr<const Graph> finish(const Value& output) {
    graph_.add_output(output);
    graph_.finish();
    return std::make_shared<const Graph>(std::move(graph_));
  }

 private:
  Graph graph_;
  at::Generator random_;
  int count_ = 0;
};

}  // namespace

std::shared_ptr<const Graph> resnet18() {
  Maker m("resnet18");
  Value x = m.max_pool(m.relu(m.norm(m.conv("x", 3, 64, {7, 2, 3}), 64)), 1, 0);
  std::int64_t in = 64;
  for (const std::int64_t out : {64, 128, 256, 512})
    for (int block = 0; block < 2; ++block) {
      const std::int64_t stride = out != in ? 2 : 1;
      const Value first = m.relu(m.norm(m.conv(x, in, out, {3, stride, 1}), out));
      const Value second = m.norm(m.conv(first, out, out, {3, 1, 1}), out);
      const Value shortcut = out == in ? x : m.norm(m.conv(x, in, out, {1, stride, 0}), out);
      x = m.relu(m.node("Add", {second, shortcut}));
      in = out;
    }
  return m.finish(m.head(x, 512));
}

std::shared_ptr<const Graph> se_resnet18() {
  Maker m("se_resnet18");
  Value x = m.max_pool(m.relu(m.norm(m.conv("x", 3, 64, {7, 2, 3}), 64)), 1, 0);
  std::int64_t in = 64;
  for (const std::int64_t out : {64, 128, 256, 512})
    for (int block = 0; block < 2; ++block) {
      const std::int64_t stride = out != in ? 2 : 1;
      const Value first = m.relu(m.norm(m.conv(x, in, out, {3, stride, 1}), out));
      const Value second = m.excite(m.norm(m.conv(first, out, out, {3, 1, 1}), out), out, out / 16);
      const Value shortcut = out == in ? x : m.norm(m.conv(x, in, out, {1, stride, 0}), out);
      x = m.relu(m.node("Add", {second, shortcut}));
      in = out;
    }
  return m.finish(m.head(x, 512));
}

std::shared_ptr<const Graph> vgg16() {
  Maker m("vgg16");
  Value x = "x";
  std::int64_t in = 3;
  const std::pair<int, std::int64_t> stages[] = {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}};
  for (const auto& [convolutions, out] : stages) {
    for (int i = 0; i < convolutions; ++i) {
      x = m.relu(m.conv(x, in, out, {3, 1, 1}, true));
      in = out;
    }
    x = m.node("MaxPool", {x}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  }
  x = m.node("Flatten", {x});
  x = m.relu(m.linear(x, 512 * 7 * 7, 4096));
  x = m.relu(m.linear(x, 4096, 4096));
  return m.finish(m.linear(x, 4096, 1000));
}

std::shared_ptr<const Graph> mobilenet_v2() {
  Maker m("mobilenet_v2");
  Value x = m.relu6(m.norm(m.conv("x", 3, 32, {3, 2, 1}), 32));
  std::int64_t in = 32;
  const std::int64_t stages[][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  for (const auto& [expand, out, blocks, first_stride] : stages)
    for (int block = 0; block < blocks; ++block) {
      const std::int64_t stride = block == 0 ? first_stride : 1, wide = in * expand;
      Value y = x;
      if (expand > 1) y = m.relu6(m.norm(m.conv(y, in, wide, {}), wide));
      y = m.relu6(m.norm(m.conv(y, wide, wide, {3, stride, 1, wide}), wide));
      y = m.norm(m.conv(y, wide, out, {}), out);
      x = stride == 1 && in == out ? m.node("Add", {x, y}) : y;
      in = out;
    }
  return m.finish(m.head(m.relu6(m.norm(m.conv(x, 320, 1280, {}), 1280)), 1280));
}

std::shared_ptr<const Graph> squeezenet1_1() {
  Maker m("squeezenet1_1");
  Value x = m.max_pool(m.relu(m.conv("x", 3, 64, {3, 2, 0}, true)), 0, 1);
  std::int64_t in = 64;
  int fire = 0;
  for (const std::int64_t squeeze : {16, 16, 32, 32, 48, 48, 64, 64}) {
    const std::int64_t wide = 4 * squeeze;
    const Value s = m.relu(m.conv(x, in, squeeze, {}, true));
    const Value e1 = m.relu(m.conv(s, squeeze, wide, {}, true));
    const Value e3 = m.relu(m.conv(s, squeeze, wide, {3, 1, 1}, true));
    x = m.node("Concat", {e1, e3}, {{"axis", std::int64_t{1}}});
    in = 2 * wide;
    if (++fire == 2 || fire == 4) x = m.max_pool(x, 0, 1);
  }
  x = m.relu(m.conv(x, 512, 1000, {}, true));
  return m.finish(m.node("Flatten", {m.node("GlobalAveragePool", {x})}));
}

std::shared_ptr<const Graph> vit_tiny() {
  constexpr std::int64_t kWidth = 192, kPatch = 16, kTokens = 14 * 14, kHeads = 3;
  Maker m("vit_tiny");
  Value x = m.conv("x", 3, kWidth, {kPatch, kPatch, 0}, true);
  x = m.node("Reshape", {x, m.ints({-1, kWidth, kTokens})});
  x = m.node("Transpose", {x}, {{"perm", Ints{0, 2, 1}}});
  x = m.node("Add", {x, m.random({1, kTokens, kWidth}, 0.1)});
  for (int block = 0; block < 12; ++block) {
    const Value mixed = m.attention(m.layer_norm(x, kWidth), kTokens, kWidth, kHeads);
    x = m.node("Add", {x, mixed});
    const Value wide = m.project(m.layer_norm(x, kWidth), kWidth, 4 * kWidth);
    x = m.node("Add", {x, m.project(m.relu(wide), 4 * kWidth, kWidth)});
  }
  x = m.node("ReduceMean", {m.layer_norm(x, kWidth)},
             {{"axes", Ints{1}}, {"keepdims", std::int64_t{0}}});
  return m.finish(m.linear(x, kWidth, 1000));
}

}  // namespace assay::benchmarks
