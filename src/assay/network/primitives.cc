#include "assay/network/primitives.h"

namespace assay::network {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::primitive_attr;
using dnnl::prop_kind;
using Kind = Activation::Kind;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;

void append_eltwise(dnnl::post_ops& after, algorithm kind, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
  after.append_eltwise(kind, alpha, beta);
#else
  after.append_eltwise(1.f, kind, alpha, beta);
#endif
}

void append(dnnl::post_ops& after, const Activation& a) {
  switch (a.kind) {
    case Kind::kNone:
      return;
    case Kind::kRelu:
      return append_eltwise(after, algorithm::eltwise_relu, 0, 0);
    case Kind::kLeakyRelu:
      return append_eltwise(after, algorithm::eltwise_relu, a.alpha, 0);
    case Kind::kClip:
      return append_eltwise(after, algorithm::eltwise_clip, a.alpha, a.beta);
    case Kind::kSigmoid:
      return append_eltwise(after, algorithm::eltwise_logistic, 0, 0);
    case Kind::kTanh:
      return append_eltwise(after, algorithm::eltwise_tanh, 0, 0);
    case Kind::kElu:
      return append_eltwise(after, algorithm::eltwise_elu, a.alpha, 0);
    case Kind::kHardSwish:
      return append_eltwise(after, algorithm::eltwise_hardswish, 1.f / 6, 0.5f);
    case Kind::kSwish:
      return append_eltwise(after, algorithm::eltwise_swish, 1, 0);
  }
}

primitive_attr attributes(const Activation& activation, bool adds_to_destination) {
  dnnl::post_ops after;
  if (adds_to_destination) after.append_sum(1.f);
  append(after, activation);
  primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_post_ops(after);
  return attr;
}

Dims dense_from_zero(const Dims& dilations) {
  Dims d = dilations;
  for (auto& v : d) v -= 1;
  return d;
}

// Nothing for the reference form: slower than what ATen does.
template <class Description, class Run>
std::optional<Primitive> made(const Description& d, Run run, std::size_t sources) {
  if (std::string(d.impl_info_str()).find("ref") != std::string::npos) return std::nullopt;
  Primitive p;
  p.run = run(d);
  for (std::size_t i = 0; i < sources; ++i)
    p.sources.push_back(d.query_md(dnnl::query::src_md, static_cast<int>(i)));
  p.destination = d.dst_desc();
  p.scratch = d.scratchpad_desc();
  return p;
}

template <class F>
std::optional<Primitive> attempt(F f) {
  try {
    return f();
  } catch (const dnnl::error&) {  // no such form here
    return std::nullopt;
  }
}

}  // namespace

const dnnl::engine& cpu() {
  static const dnnl::engine kEngine(dnnl::engine::kind::cpu, 0);
  return kEngine;
}

memory::desc contiguous(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t d = dims.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * dims[d + 1];
  return {dims, kFloat, strides};
}

memory::desc channels_last(const Dims& dims) { return {dims, kFloat, Tag::nhwc}; }

memory::desc any_layout(const Dims& dims) { return {dims, kFloat, Tag::any}; }

std::optional<Primitive> convolution(const ConvolutionShape& s, ConvolutionForm form) {
  const auto kind = form == ConvolutionForm::kDirect ? algorithm::convolution_direct
                                                     : algorithm::convolution_winograd;
  const bool grouped = s.weights.size() == 5;
  const memory::desc weights(s.weights, kFloat, Tag::any);
  const memory::desc bias({s.weights[0] * (grouped ? s.weights[1] : 1)}, kFloat, Tag::x);
  const primitive_attr attr = attributes(s.activation, s.adds_to_destination);
  const Dims dilations = dense_from_zero(s.window.dilations);
  using Form = dnnl::convolution_forward;
  return attempt([&]() -> std::optional<Primitive> {
#if DNNL_VERSION_MAJOR >= 3
    const Form::primitive_desc d(cpu(), prop_kind::forward_inference, kind, s.source, weights, bias,
                                 s.destination, s.window.strides, dilations, s.window.begin,
                                 s.window.end, attr);
#else
    const Form::primitive_desc d(
        {prop_kind::forward_inference, kind, s.source, weights, bias, s.destination,
         s.window.strides, dilations, s.window.begin, s.window.end},
        attr, cpu());
#endif
    auto p = made(
        d, [](const auto& of) { return Form(of); }, 1);
    if (!p) return p;
    p->weights = d.weights_desc();
    p->bias = d.bias_desc();
    return p;
  });
}

std::optional<Primitive> inner_product(const Dims& source, const Dims& weights) {
  const memory::desc from = contiguous(source), to = contiguous({source[0], weights[0]});
  const memory::desc packed(weights, kFloat, Tag::any), bias({weights[0]}, kFloat, Tag::x);
  const primitive_attr attr = attributes({}, false);
  using Form = dnnl::inner_product_forward;
  return attempt([&]() -> std::optional<Primitive> {
#if DNNL_VERSION_MAJOR >= 3
    const Form::primitive_desc d(cpu(), prop_kind::forward_inference, from, packed, bias, to, attr);
#else
    const Form::primitive_desc d({prop_kind::forward_inference, from, packed, bias, to}, attr,
                                 cpu());
#endif
    auto p = made(
        d, [](const auto& of) { return Form(of); }, 1);
    if (!p) return p;
    p->weights = d.weights_desc();
    p->bias = d.bias_desc();
    return p;
  });
}

std::optional<Primitive> pooling(Pooling kind, const memory::desc& source, const Dims& result,
                                 const Sliding& w) {
  const auto how = kind == Pooling::kMax              ? algorithm::pooling_max
                   : kind == Pooling::kAverageWithPad ? algorithm::pooling_avg_include_padding
                                                      : algorithm::pooling_avg_exclude_padding;
  const primitive_attr attr = attributes({}, false);
  const Dims dilations = dense_from_zero(w.dilations);
  return attempt([&] {
#if DNNL_VERSION_MAJOR >= 3
    using Form = dnnl::pooling_forward;
    const Form::primitive_desc d(cpu(), prop_kind::forward_inference, how, source,
                                 any_layout(result), w.strides, w.kernel, dilations, w.begin, w.end,
                                 attr);
#else
    using Form = dnnl::pooling_v2_forward;
    const Form::primitive_desc d({prop_kind::forward_inference, how, source, any_layout(result),
                                  w.strides, w.kernel, dilations, w.begin, w.end},
                                 attr, cpu());
#endif
    return made(
        d, [](const auto& of) { return Form(of); }, 1);
  });
}

std::optional<Primitive> sum(const memory::desc& a, const memory::desc& b, const Dims& dims,
                             const Activation& activation) {
  const primitive_attr attr = attributes(activation, false);
  using Form = dnnl::binary;
  return attempt([&] {
#if DNNL_VERSION_MAJOR >= 3
    const Form::primitive_desc d(cpu(), algorithm::binary_add, a, b, any_layout(dims), attr);
#else
    const Form::primitive_desc d({algorithm::binary_add, a, b, any_layout(dims)}, attr, cpu());
#endif
    return made(
        d, [](const auto& of) { return Form(of); }, 2);
  });
}

std::optional<Primitive> concatenation(const std::vector<memory::desc>& sources, int axis) {
  const primitive_attr attr = attributes({}, false);
  using Form = dnnl::concat;
  return attempt([&]() -> std::optional<Primitive> {
#if DNNL_VERSION_MAJOR >= 3
    const Form::primitive_desc d(cpu(), axis, sources, attr);
#else
    const Form::primitive_desc d(axis, sources, cpu(), attr);
#endif
    return made(
        d, [](const auto& of) { return Form(of); }, sources.size());
  });
}

std::optional<Primitive> reorder(const memory::desc& from, const memory::desc& to) {
  const primitive_attr attr = attributes({}, false);
  return attempt([&]() -> std::optional<Primitive> {
    const dnnl::reorder::primitive_desc d(cpu(), from, cpu(), to, attr);
    Primitive p;  // the reference form too: nothing else can do it
    p.run = dnnl::reorder(d);
    p.sources = {from};
    p.destination = to;
    p.scratch = d.scratchpad_desc();
    return p;
  });
}

}  // namespace assay::network
