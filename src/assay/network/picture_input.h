// What the model's picture input demands, and made-up pictures to try the model with.
#pragma once

#include "assay/base/input_description.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/graph.h"
#include "assay/network/torch.h"

namespace assay::network {

struct PictureInput {
  ValueId value = kNoValue;
  std::string name;
  Layout layout = Layout::kNchw;
  InputSize size;                         // 0 where the file leaves it open
  std::int64_t batch = kFree;             // rows baked into the file
  at::ScalarType precision = at::kFloat;  // what the file takes floats in
  Shape shape(const InputSize& of, std::int64_t rows) const;
};

// The model's only input, or InputError: no input, several, not four dimensions, not pixels.
PictureInput picture_input(const Graph& graph, Layout layout);
// `input` with what the description says where the file leaves the size open; still 0 where
// pictures may differ. InputError where the two contradict each other.
InputSize described_size(const Graph& graph, const PictureInput& input,
                         const InputDescription& description);
// `size` with something to try where it is open.
InputSize trial_size(InputSize size);
// Random pixels, the same each time, as the description would prepare them. [rows,C,H,W] or
// [rows,H,W,C].
at::Tensor trial_pictures(const PictureInput& input, const InputSize& size, std::int64_t rows,
                          const InputDescription& description);

// The pixels as the file takes them: rounded to its precision, computed on as float32. A file of
// half precision that takes 0 to 255 reads 123.68 as 123.6875, and its answers differ in the third
// digit. Gradients pass as if nothing was rounded.
at::Tensor as_taken(const PictureInput& input, const at::Tensor& pictures);

std::string shape_text(
    const std::vector<std::int64_t>& shape);  // "[N,3,224,224]", free sizes as "?"

}  // namespace assay::network
