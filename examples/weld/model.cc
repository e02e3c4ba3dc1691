#include "model.h"

#include <cmath>

#include "assay/base/seed.h"
#include "network.h"

namespace weld {

namespace {

constexpr double kEpsilon = 1e-5;        // in a batch norm's square root
constexpr double kStatisticsRate = 0.1;  // share of a new batch in the running statistics

template <class V, class Value = typename V::Value>
Value network(Task task, V& v, const Value& picture) {
  return task == Task::kClassify ? classifier_network(v, picture)
                                 : segmentation_network(v, picture);
}

struct Making {
  struct Value {};  // nothing flows: only the names and sizes matter
  Parameters& made;
  std::uint64_t seed;

  at::Tensor normal(const std::string& name, at::IntArrayRef shape, double deviation) const {
    at::Tensor t = at::empty(shape);
    assay::Stream stream(seed, name);
    float* values = t.data_ptr<float>();
    for (std::int64_t i = 0; i < t.numel(); ++i)
      values[i] = static_cast<float>(deviation * stream.normal());
    return t;
  }
  Value conv(Value, const std::string& name, Convolution c) const {
    const double fan_out = static_cast<double>(c.out) * c.size * c.size;
    made[name + ".weight"] = normal(name, {c.out, c.in, c.size, c.size}, std::sqrt(2 / fan_out))
                                 .contiguous(at::MemoryFormat::ChannelsLast);
    return {};
  }
  Value biased_conv(Value x, const std::string& name, Convolution c) const {
    made[name + ".bias"] = at::zeros({c.out});
    return conv(x, name, c);
  }
  Value batch_norm(Value, const std::string& name, int channels) const {
    made[name + ".weight"] = at::ones({channels});
    made[name + ".bias"] = at::zeros({channels});
    made[name + ".running_mean"] = at::zeros({channels});
    made[name + ".running_var"] = at::ones({channels});
    return {};
  }
  Value linear(Value, const std::string& name, int in, int out) const {
    made[name + ".weight"] = normal(name, {out, in}, 0.01);
    made[name + ".bias"] = at::zeros({out});
    return {};
  }
  Value relu(Value) const { return {}; }
  Value add(Value, Value) const { return {}; }
  Value pool(Value) const { return {}; }
  Value dropout(Value) const { return {}; }
  Value nearest_twice(Value) const { return {}; }
  Value linear_twice(Value) const { return {}; }
};

struct Running {
  using Value = at::Tensor;
  const Parameters& p;
  const DropoutDraw* draw;  // null: not training

  Value conv(const Value& x, const std::string& name, Convolution c) const {
    return at::conv2d(x, p.at(name + ".weight"), {}, c.stride, c.size / 2);
  }
  Value biased_conv(const Value& x, const std::string& name, Convolution c) const {
    return at::conv2d(x, p.at(name + ".weight"), p.at(name + ".bias"), c.stride, c.size / 2);
  }
  Value batch_norm(const Value& x, const std::string& name, int) const {
    return at::batch_norm(x, p.at(name + ".weight"), p.at(name + ".bias"),
                          p.at(name + ".running_mean"), p.at(name + ".running_var"),
                          draw != nullptr, kStatisticsRate, kEpsilon, /*cudnn_enabled=*/false);
  }
  Value relu(const Value& x) const { return at::relu(x); }
  Value add(const Value& a, const Value& b) const { return a + b; }
  Value pool(const Value& x) const { return x.mean({2, 3}); }
  // Not libtorch's: its generator is shared by the threads.
  Value dropout(const Value& x) const {
    if (draw == nullptr) return x;
    at::Tensor kept = at::empty_like(x, at::TensorOptions().requires_grad(false));
    assay::Stream stream(draw->seed, "weld dropout", draw->step);
    float* values = kept.data_ptr<float>();
    for (std::int64_t i = 0; i < kept.numel(); ++i)
      values[i] = stream.uniform() < kDropout ? 0 : static_cast<float>(1 / (1 - kDropout));
    return x * kept;
  }
  Value linear(const Value& x, const std::string& name, int, int) const {
    return at::linear(x, p.at(name + ".weight"), p.at(name + ".bias"));
  }
  Value nearest_twice(const Value& x) const {
    return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
  }
  Value linear_twice(const Value& x) const {
    return at::upsample_bilinear2d(x, {2 * x.size(2), 2 * x.size(3)}, /*align_corners=*/false);
  }
};

}  // namespace

Parameters make_parameters(Task task, std::uint64_t seed) {
  Parameters made;
  Making making{made, seed};
  network(task, making, Making::Value{});
  return made;
}

bool is_learned(const std::string& name) { return name.find(".running_") == std::string::npos; }

at::Tensor forward_training(Task task, Parameters& parameters, const at::Tensor& pictures,
                            DropoutDraw draw) {
  Running running{parameters, &draw};
  return network(task, running, pictures.contiguous(at::MemoryFormat::ChannelsLast));
}

at::Tensor forward(Task task, const Parameters& parameters, const at::Tensor& pictures) {
  Running running{parameters, nullptr};
  return network(task, running, pictures.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace weld
