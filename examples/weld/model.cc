#include "model.h"

#include "assay/base/seed.h"
#include "network.h"

namespace weld {

namespace {

template <class V, class Value = typename V::Value>
Value network(Task task, V& v, const Value& picture) {
  return task == Task::kClassify ? classifier_network(v, picture)
                                 : segmentation_network(v, picture);
}

struct Making : training::MakingLayers {
  Value biased_conv(Value x, const std::string& name, Convolution c) const {
    made[name + ".bias"] = at::zeros({c.out});
    return conv(x, name, c);
  }
  Value dropout(Value) const { return {}; }
  Value nearest_twice(Value) const { return {}; }
  Value linear_twice(Value) const { return {}; }
};

struct Running : training::RunningLayers {
  DropoutDraw draw{};  // read in training only

  Value biased_conv(const Value& x, const std::string& name, Convolution c) const {
    return at::conv2d(x, p.at(name + ".weight"), p.at(name + ".bias"), c.stride, c.size / 2);
  }
  // Not libtorch's: its generator is shared by the threads.
  Value dropout(const Value& x) const {
    if (mode == training::Mode::kInference) return x;
    at::Tensor kept = at::empty_like(x, at::TensorOptions().requires_grad(false));
    assay::Stream stream(draw.seed, "weld dropout", draw.step);
    float* values = kept.data_ptr<float>();
    for (std::int64_t i = 0; i < kept.numel(); ++i)
      values[i] = stream.uniform() < kDropout ? 0 : static_cast<float>(1 / (1 - kDropout));
    return x * kept;
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
  Making making{{made, seed}};
  network(task, making, Making::Value{});
  return made;
}

at::Tensor forward_training(Task task, Parameters& parameters, const at::Tensor& pictures,
                            DropoutDraw draw) {
  Running running{{parameters, training::Mode::kTraining}, draw};
  return network(task, running, pictures.contiguous(at::MemoryFormat::ChannelsLast));
}

at::Tensor forward(Task task, const Parameters& parameters, const at::Tensor& pictures) {
  Running running{{parameters, training::Mode::kInference}};
  return network(task, running, pictures.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace weld
