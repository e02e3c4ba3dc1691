// What the examples' networks are made of, for the visitors that walk a network written once: the
// parameters that it has, and how it runs. A network's own visitors add what only it needs.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "assay/base/seed.h"
#include "assay/network/torch.h"

namespace training {

// By ONNX name: NAME.weight, NAME.bias and, for batch norms, NAME.running_mean and
// NAME.running_var.
using Parameters = std::map<std::string, at::Tensor>;

// Those that training moves: all but the running statistics.
inline bool is_learned(const std::string& name) {
  return name.find(".running_") == std::string::npos;
}

struct Convolution {
  int in, out;
  int size = 3;  // px; padding is size / 2
  int stride = 1;
};

// He-normal convolutions, batch norms at the identity.
struct MakingLayers {
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
};

enum class Mode {
  kTraining,  // batch statistics; updates the running ones in the parameters
  kInference  // running statistics
};

struct RunningLayers {
  using Value = at::Tensor;
  const Parameters& p;
  Mode mode;

  Value conv(const Value& x, const std::string& name, Convolution c) const {
    return at::conv2d(x, p.at(name + ".weight"), {}, c.stride, c.size / 2);
  }
  Value batch_norm(const Value& x, const std::string& name, int) const {
    constexpr double kEpsilon = 1e-5;        // in the square root
    constexpr double kStatisticsRate = 0.1;  // share of a new batch in the running statistics
    return at::batch_norm(x, p.at(name + ".weight"), p.at(name + ".bias"),
                          p.at(name + ".running_mean"), p.at(name + ".running_var"),
                          mode == Mode::kTraining, kStatisticsRate, kEpsilon,
                          /*cudnn_enabled=*/false);
  }
  Value relu(const Value& x) const { return at::relu(x); }
  Value add(const Value& a, const Value& b) const { return a + b; }
  Value pool(const Value& x) const { return x.mean({2, 3}); }
  Value linear(const Value& x, const std::string& name, int, int) const {
    return at::linear(x, p.at(name + ".weight"), p.at(name + ".bias"));
  }
};

}  // namespace training
