// The example's network, written once and read three ways: what parameters it has, how it runs and
// what goes into the ONNX file. A small residual network (He et al. 2016) for 28×28 grey pictures
// in 10 classes.
//
//   picture [N,1,28,28] → stem [N,32,14,14] → 2 blocks → [N,32,14,14] → 2 blocks → [N,64,7,7]
//                       → global average pooling → linear → logits [N,10]
//
// 169,834 learned parameters, 13.7 million multiply-adds a picture.
//
// A Visitor supplies Value and
//   conv(x, name, Convolution)   no bias: a batch norm follows
//   batch_norm(x, name, channels)
//   relu(x)   add(a, b)   pool(x)
//   linear(x, name, in, out)
#pragma once

#include <string>

#include "../training/layers.h"

namespace fashion {

inline constexpr int kSide = 28;  // px
inline constexpr int kClasses = 10;
// Of the training pictures' pixels in 0–1.
inline constexpr float kMean = 0.2860f;
inline constexpr float kStd = 0.3530f;

using training::Convolution;

template <class Visitor, class Value = typename Visitor::Value>
Value residual_block(Visitor& v, const Value& x, const std::string& name, int in, int out) {
  const int stride = in == out ? 1 : 2;
  Value y = v.conv(x, name + ".conv1", {in, out, 3, stride});
  y = v.relu(v.batch_norm(y, name + ".bn1", out));
  y = v.conv(y, name + ".conv2", {out, out});
  y = v.batch_norm(y, name + ".bn2", out);
  if (in == out) return v.relu(v.add(y, x));
  Value shortcut = v.conv(x, name + ".shortcut", {in, out, 1, stride});
  return v.relu(v.add(y, v.batch_norm(shortcut, name + ".shortcut_bn", out)));
}

template <class Visitor, class Value = typename Visitor::Value>
Value residual_network(Visitor& v, const Value& picture) {
  Value x = v.conv(picture, "stem.conv", {1, 32, 3, 2});
  x = v.relu(v.batch_norm(x, "stem.bn", 32));
  x = residual_block(v, x, "block1", 32, 32);
  x = residual_block(v, x, "block2", 32, 32);
  x = residual_block(v, x, "block3", 32, 64);
  x = residual_block(v, x, "block4", 64, 64);
  return v.linear(v.pool(x), "head", 64, kClasses);
}

}  // namespace fashion
