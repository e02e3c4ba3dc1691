// The example's two networks, each written once and read three ways: which parameters it has, how
// it runs, and what goes into the ONNX file. Pictures are 128 × 128 RGB.
//
// Classifier, a small residual network (He et al. 2016, he2016deep):
//   [N,3,128,128] → stem [N,16,64,64] → blocks [N,32,32,32], [N,64,16,16], [N,96,8,8]
//                 → mean over places → dropout → linear → logits [N,6]
//   310,806 learned parameters, 78 million multiply-adds a picture.
// Segmenter, the same encoder without its last block and a decoder that adds the encoder's maps back
// (Ronneberger et al. 2015, ronneberger2015unet, with sums for its concatenations):
//   → [N,64,16,16] → [N,32,32,32] → [N,16,64,64] → logits [N,2,128,128], background and defect
//
// A Visitor supplies Value and
//   conv(x, name, Convolution)   no bias: a batch norm follows
//   batch_norm(x, name, channels)   relu(x)   add(a, b)   pool(x)   dropout(x)
//   linear(x, name, in, out)   nearest_twice(x)   linear_twice(x)   biased_conv(x, name, Convolution)
#pragma once

#include <string>

#include "../training/layers.h"

namespace weld {

inline constexpr int kNetworkSide = 128;  // px
inline constexpr int kStemChannels = 16;
inline constexpr float kMean = 0.5f, kStd = 0.25f;  // of every channel, pixels in 0–1
inline constexpr double kDropout = 0.2;             // share of the pooled values

using training::Convolution;

template <class V, class Value = typename V::Value>
Value conv_norm(V& v, const Value& x, const std::string& name, Convolution c) {
  return v.batch_norm(v.conv(x, name + ".conv", c), name + ".bn", c.out);
}

template <class V, class Value = typename V::Value>
Value residual_block(V& v, const Value& x, const std::string& name, int in, int out) {
  const int stride = in == out ? 1 : 2;
  Value y = v.relu(conv_norm(v, x, name + ".1", {in, out, 3, stride}));
  y = conv_norm(v, y, name + ".2", {out, out});
  if (in == out) return v.relu(v.add(y, x));
  return v.relu(v.add(y, conv_norm(v, x, name + ".shortcut", {in, out, 1, stride})));
}

template <class V, class Value = typename V::Value>
Value classifier_network(V& v, const Value& picture) {
  Value x = v.relu(conv_norm(v, picture, "stem", {3, kStemChannels, 3, 2}));
  x = residual_block(v, x, "block1", kStemChannels, 32);
  x = residual_block(v, x, "block2", 32, 32);
  x = residual_block(v, x, "block3", 32, 64);
  x = residual_block(v, x, "block4", 64, 64);
  x = residual_block(v, x, "block5", 64, 96);
  return v.linear(v.dropout(v.pool(x)), "head", 96, 6);
}

template <class V, class Value = typename V::Value>
Value segmentation_network(V& v, const Value& picture) {
  const Value fine = v.relu(conv_norm(v, picture, "stem", {3, kStemChannels, 3, 2}));
  Value middle = residual_block(v, fine, "block1", kStemChannels, 32);
  middle = residual_block(v, middle, "block2", 32, 32);
  Value x = residual_block(v, middle, "block3", 32, 64);
  x = residual_block(v, x, "block4", 64, 64);
  x = conv_norm(v, v.nearest_twice(x), "up1", {64, 32});
  x = v.relu(v.add(x, middle));
  x = conv_norm(v, v.nearest_twice(x), "up2", {32, kStemChannels});
  x = v.relu(v.add(x, fine));
  x = v.relu(conv_norm(v, x, "last", {kStemChannels, kStemChannels}));
  return v.linear_twice(v.biased_conv(x, "head", {kStemChannels, 2, 1}));
}

}  // namespace weld
