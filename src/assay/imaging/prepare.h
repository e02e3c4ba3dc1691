// A picture to the model's input values, as the input description says:
//   RGB or grey → resize → crop → channel order → range → (v - mean) / std → layout.
//
// Resizing is PIL's antialiased bilinear filter (resize.h), done before the range, on 8 or 16 bit.
// Sizes and offsets as torchvision: the longer side is int(size · long / short), the crop starts at
// int(round((side - crop) / 2)), halves to even. kPad: the picture fits inside and is centred (an
// odd remainder goes right and below); kLine: the height is fixed, the width
// min(ceil(height · w / h), the model's); in both the rest is 0 after normalisation. A resize size
// of 0 is the model's own.
//
// Errors: InputError for a description that contradicts itself or the model, and for a picture that
// has not the model's size where no rule makes it so.
// Cost: the resizing, and one pass over the tensor; nothing is copied where nothing is resized.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "assay/base/input_description.h"
#include "assay/imaging/picture.h"
#include "assay/imaging/resize.h"

namespace assay::imaging {

// What the model's file demands of its input.
struct ModelDemand {
  int channels = 0, height = 0, width = 0;  // 0: free
  bool uint8 = false;  // the file takes 8-bit pixels and does its own preprocessing
};

// One picture's tensor: channels · height · width values.
struct PreparedSize {
  int channels = 0, height = 0, width = 0;  // 0: depends on the picture
  bool fixed() const { return height > 0 && width > 0; }
};

// Part of the picture, as fractions of its width and height. With kPad and kLine the tensor reaches
// beyond the picture: then left and top may be below 0, right and bottom above 1.
struct Box {
  double left = 0, top = 0, right = 1, bottom = 1;
};

// From picture to tensor: resize to `resized`, take `window` of it, put that at `left`, `top` of the tensor.
struct Placement {
  Size resized;
  Window window;
  int left = 0, top = 0;
  Size tensor;
};
// Of a picture of this size; `name` is the picture's, for messages.
Placement placement_of(int height, int width, const std::string& name,
                       const InputDescription& description, const ModelDemand& demand);

// The size that every picture gets, 0 for a side that depends on the picture. Checks the
// description; errors name its key ("input.crop").
PreparedSize prepared_size(const InputDescription& description, const ModelDemand& demand);
// The size that this picture gets. `name` is the picture's, for messages.
PreparedSize prepared_size(const Picture& picture, const std::string& name,
                           const InputDescription& description, const ModelDemand& demand);

// Writes the values of one picture in the model's layout, [C,H,W] or [H,W,C]; `into` has exactly as
// many values as prepared_size says.
void prepare(const Picture& picture, const std::string& name, const InputDescription& description,
             const ModelDemand& demand, std::span<float> into);
// For models that take 8-bit pixels; a 16-bit picture is rounded to 8.
void prepare(const Picture& picture, const std::string& name, const InputDescription& description,
             const ModelDemand& demand, std::span<std::uint8_t> into);

// Which part of a picture of this size the tensor covers: where a map over the tensor belongs.
Box covered_box(const Picture& picture, const InputDescription& description,
                const ModelDemand& demand);

}  // namespace assay::imaging
