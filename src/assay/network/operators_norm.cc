// Normalisations, as at inference.
#include <algorithm>

#include "assay/network/operators.h"

namespace assay::network {

namespace {

Kernel batch_normalization(const Node& node) {
  const float epsilon = node.number("epsilon", 1e-5f);
  if (node.integer("training_mode", 0) != 0) refuse("training_mode is set; wanted a trained model");
  if (node.opset < 9 && node.integer("spatial", 1) == 0) refuse("spatial = 0 is not supported");
  // Outputs beyond the first were training's; up to opset 13 exporters still named them.
  return single([=](const Inputs& in) {
    // libtorch's own takes no gradient of the statistics, which are parameters as others here.
    if (follows(in[3]) || follows(in[4])) {
      std::vector<std::int64_t> channel(static_cast<std::size_t>(in[0].dim()), 1);
      if (channel.size() < 2) refuse("wanted an input of at least 2 dimensions [N,C,…]");
      channel[1] = -1;
      const at::Tensor scale = at::mul(in[1], at::rsqrt(at::add(in[4], epsilon)));
      const at::Tensor shift = at::sub(in[2], at::mul(in[3], scale));
      return at::add(at::mul(in[0], scale.reshape(channel)), shift.reshape(channel));
    }
    return at::batch_norm(in[0], in[1], in[2], in[3], in[4], /*training=*/false, 0, epsilon,
                          /*cudnn_enabled=*/false);
  });
}

Kernel instance_normalization(const Node& node) {
  const float epsilon = node.number("epsilon", 1e-5f);
  return single([=](const Inputs& in) {
    return at::instance_norm(in[0], in[1], in[2], {}, {}, /*use_input_stats=*/true, 0, epsilon,
                             /*cudnn_enabled=*/false);
  });
}

Kernel layer_normalization(const Node& node) {
  const float epsilon = node.number("epsilon", 1e-5f);
  const std::int64_t axis = node.integer("axis", -1);
  const bool statistics = std::any_of(node.outputs.begin() + 1, node.outputs.end(),
                                      [](ValueId id) { return id != kNoValue; });
  return [=](const Inputs& in) -> Outputs {
    const at::Tensor& x = in[0];
    const std::int64_t from = axis_of(axis, x.dim());
    const std::vector<std::int64_t> normalised(x.sizes().begin() + from, x.sizes().end());
    const auto is_full = [&](std::size_t i) {
      return in[i].sizes() == at::IntArrayRef(normalised);
    };
    if (!statistics && is_full(1) && (!in.has(2) || is_full(2)))
      return {at::layer_norm(x, normalised, in[1], in.has(2) ? in[2] : at::Tensor(), epsilon)};
    std::vector<std::int64_t> axes;
    for (std::int64_t d = from; d < x.dim(); ++d) axes.push_back(d);
    const at::Tensor mean = at::mean(x, axes, true);
    const at::Tensor centred = at::sub(x, mean);
    const at::Tensor scale =
        at::rsqrt(at::add(at::mean(at::mul(centred, centred), axes, true), epsilon));
    at::Tensor y = at::mul(at::mul(centred, scale), in[1]);
    if (in.has(2)) y = at::add(y, in[2]);
    return {y, mean, scale};
  };
}

Kernel group_normalization(const Node& node) {
  const float epsilon = node.number("epsilon", 1e-5f);
  const std::int64_t groups = node.integer("num_groups", 0);
  if (groups < 1) refuse("num_groups is missing");
  const bool one_scale_a_group = node.opset < 21;
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    if (x.dim() < 2 || x.size(1) % groups != 0) refuse("num_groups does not divide the channels");
    const auto each = [&](const at::Tensor& t) {
      return one_scale_a_group && t.size(0) == groups ? t.repeat_interleave(x.size(1) / groups) : t;
    };
    return at::group_norm(x, groups, each(in[1]), each(in[2]), epsilon, /*cudnn_enabled=*/false);
  });
}

// y = x / (bias + alpha / size * sum of squares over `size` neighbouring channels)^beta
Kernel lrn(const Node& node) {
  const float alpha = node.number("alpha", 1e-4f), beta = node.number("beta", 0.75f);
  const float bias = node.number("bias", 1);
  const std::int64_t size = node.integer("size", 0);
  if (size < 1 || size > (1 << 16)) refuse("size is out of range");
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    if (x.dim() < 3) refuse("wanted an input of at least 3 dimensions [N,C,…]");
    const at::Tensor squares = at::mul(x, x).flatten(2).unsqueeze(1);  // [N,1,C,P]
    const at::Tensor padded =
        at::constant_pad_nd(squares, {0, 0, (size - 1) / 2, size - 1 - (size - 1) / 2});
    const at::Tensor means = at::avg_pool2d(padded, {size, 1}, {1, 1}).reshape(x.sizes());
    return at::div(x, at::pow(at::add(at::mul(means, alpha), bias), beta));
  });
}

Kernel mean_variance_normalization(const Node& node) {
  const auto axes = node.integers("axes", {0, 2, 3});
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    const at::Tensor mean = at::mean(x, axes, true);
    const at::Tensor variance = at::sub(at::mean(at::mul(x, x), axes, true), at::mul(mean, mean));
    return at::div(at::sub(x, mean), at::add(at::sqrt(variance), 1e-9));
  });
}

Kernel lp_normalization(const Node& node) {
  const std::int64_t axis = node.integer("axis", -1), p = node.integer("p", 2);
  return single([=](const Inputs& in) {
    return at::div(in[0], at::norm(in[0], p, {axis_of(axis, in[0].dim())}, true));
  });
}

// x / √(mean of squares + epsilon), from `axis` on.
Kernel rms_normalization(const Node& node) {
  const float epsilon = node.number("epsilon", 1e-5f);
  const std::int64_t axis = node.integer("axis", -1);
  return single([=](const Inputs& in) {
    const at::Tensor& x = in[0];
    std::vector<std::int64_t> axes;
    for (std::int64_t d = axis_of(axis, x.dim()); d < x.dim(); ++d) axes.push_back(d);
    const at::Tensor squares = at::mean(at::mul(x, x), axes, true);
    return at::mul(at::mul(x, at::rsqrt(at::add(squares, epsilon))), in[1]);
  });
}

constexpr Operator kNormOperators[] = {
    {"BatchNormalization", batch_normalization},
    {"GroupNormalization", group_normalization},
    {"InstanceNormalization", instance_normalization, Reads::kData, Gradient::kExact, {.first = 6}},
    {"LRN", lrn},
    {"LayerNormalization", layer_normalization},
    {"LpNormalization", lp_normalization},
    {"MeanVarianceNormalization", mean_variance_normalization},
    {"RMSNormalization", rms_normalization},
};

}  // namespace

std::span<const Operator> norm_operators() { return kNormOperators; }

}  // namespace assay::network
