// How a picture becomes the model's input tensor. Every key is optional; the order of steps is
// fixed:
//   decode → RGB or grey → resize → crop → channel order → range → (v - mean) / std → layout.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay {

enum class Channels { kRgb, kBgr, kGray };
enum class ResizeRule {
  kNone,     // the picture must already have the model's size
  kShorter,  // the shorter side becomes `size`, the longer keeps the aspect (truncated, as
             // torchvision does)
  kSquash,   // both sides become the given size, whatever the aspect
  kPad,      // fits inside, the rest is zeros of the normalised tensor, right and below the centred
             // picture
  kLine,  // height fixed, width by aspect at most the model's, padded to the right with zeros after
          // normalisation
};
enum class Layout { kNchw, kNhwc };

struct InputDescription {
  Channels channels = Channels::kRgb;
  double range = 1;  // pixel values run from 0 to this before mean and std: 1 or 255
  std::vector<double>
      mean;  // one a channel, in the model's channel order; empty: zeros. Units of `range`
  std::vector<double> std;  // likewise; empty: ones
  ResizeRule resize = ResizeRule::kNone;
  int resize_height = 0;  // kShorter: the shorter side in both; px
  int resize_width = 0;
  int crop = 0;  // centre crop, px; 0: none
  Layout layout = Layout::kNchw;
  bool upright = false;  // obey EXIF orientation; false as torchvision's ImageFolder does
};

enum class OutputKind {
  kLogits,
  kProbabilities,
  kLogProbabilities,
  kSigmoid,
  kSegmentation,  // logits of every pixel
};

struct OutputDescription {
  std::string value;  // the graph value to read; empty: the model's only output
  OutputKind kind = OutputKind::kLogits;
};

}  // namespace assay
