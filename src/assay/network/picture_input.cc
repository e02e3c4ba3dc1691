#include "assay/network/picture_input.h"

#include "assay/base/error.h"
#include "assay/base/seed.h"

namespace assay::network {

namespace {

constexpr int kUsualSize = 224;                 // px; what is tried where nothing says a size
constexpr std::int64_t kLargestSize = 1 << 16;  // px

int channels_of(const InputDescription& description) {
  return description.channels == Channels::kGray ? 1 : 3;
}

const char* channels_name(const InputDescription& description) {
  switch (description.channels) {
    case Channels::kRgb:
      return "rgb";
    case Channels::kBgr:
      return "bgr";
    case Channels::kGray:
      return "gray";
  }
  return "";
}

int size_of(std::int64_t dim) { return dim == kFree ? 0 : static_cast<int>(dim); }

// The size that every picture has after the description's steps; 0 where it follows the picture.
std::pair<int, int> promised_size(const InputDescription& d) {
  if (d.crop > 0) return {d.crop, d.crop};
  switch (d.resize) {
    case ResizeRule::kNone:
    case ResizeRule::kShorter:
      return {0, 0};
    case ResizeRule::kSquash:
    case ResizeRule::kPad:
    case ResizeRule::kLine:
      return {d.resize_height, d.resize_width};
  }
  return {0, 0};
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t d : shape)
    text += (text.empty() ? "" : ",") + (d == kFree ? std::string("?") : std::to_string(d));
  return "[" + text + "]";
}

Shape PictureInput::shape(const InputSize& of, std::int64_t rows) const {
  if (layout == Layout::kNhwc) return {rows, of.height, of.width, of.channels};
  return {rows, of.channels, of.height, of.width};
}

PictureInput picture_input(const Graph& graph, Layout layout) {
  if (graph.inputs().empty()) throw InputError(graph.file(), "the model has no input");
  if (graph.inputs().size() > 1) {
    std::string names;
    for (const GraphInput& input : graph.inputs())
      names += (names.empty() ? "" : ", ") + ("\"" + graph.name(input.value) + "\"");
    throw InputError(graph.file(), "the model has " + std::to_string(graph.inputs().size()) +
                                       " inputs (" + names + "), wanted one that takes pictures");
  }
  const GraphInput& from = graph.inputs().front();
  PictureInput input;
  input.value = from.value;
  input.name = graph.name(from.value);
  input.layout = layout;
  input.size.uint8 = from.type == "uint8";
  if (from.type == "float16") input.precision = at::kHalf;
  if (from.type == "bfloat16") input.precision = at::kBFloat16;
  if (!input.size.uint8 && from.type != "float32" && from.type != "float16" &&
      from.type != "bfloat16" && from.type != "float64")
    throw InputError(graph.file(), "the input \"" + input.name + "\" takes items of type " +
                                       from.type + ", wanted float or uint8 pixels");
  if (!from.has_shape) return input;
  if (from.shape.size() != 4)
    throw InputError(graph.file(), "the input \"" + input.name + "\" has shape " +
                                       shape_text(from.shape) + ", wanted [N,C,H,W] or [N,H,W,C]");
  for (std::size_t d = 1; d < 4; ++d)
    if (from.shape[d] > kLargestSize)
      throw InputError(graph.file(), "the input \"" + input.name + "\" has shape " +
                                         shape_text(from.shape) + ", which is no picture's");
  const bool last = layout == Layout::kNhwc;
  input.batch = from.shape[0];
  input.size.channels = size_of(from.shape[last ? 3 : 1]);
  input.size.height = size_of(from.shape[last ? 1 : 2]);
  input.size.width = size_of(from.shape[last ? 2 : 3]);
  return input;
}

InputSize described_size(const Graph& graph, const PictureInput& input,
                         const InputDescription& description) {
  InputSize size = input.size;
  const int channels = channels_of(description);
  if (size.channels != 0 && size.channels != channels) {
    const bool other_layout =
        input.layout == Layout::kNchw ? size.width == channels : size.height == channels;
    throw InputError(
        graph.file(),
        "the input description gives " + std::to_string(channels) + " channel" +
            (channels == 1 ? "" : "s") + " (" + channels_name(description) +
            "), but the model's input " + shape_text(graph.inputs().front().shape) + " wants " +
            std::to_string(size.channels) +
            (other_layout ? "; is its layout the other one (layout: nchw or nhwc)?" : ""));
  }
  size.channels = channels;
  const auto [height, width] = promised_size(description);
  const auto settle = [&](int& of_file, int of_description, const char* side) {
    if (of_description > 0 && of_file > 0 && of_file != of_description)
      throw InputError(graph.file(), std::string("the input description gives a ") + side + " of " +
                                         std::to_string(of_description) +
                                         " px, but the model's input " +
                                         shape_text(graph.inputs().front().shape) + " wants " +
                                         std::to_string(of_file));
    if (of_file == 0) of_file = of_description;
  };
  settle(size.height, height, "height");
  settle(size.width, width, "width");
  return size;
}

InputSize trial_size(InputSize size) {
  if (size.channels == 0) size.channels = 3;
  if (size.height == 0) size.height = size.width ? size.width : kUsualSize;
  if (size.width == 0) size.width = size.height;
  return size;
}

at::Tensor trial_pictures(const PictureInput& input, const InputSize& size, std::int64_t rows,
                          const InputDescription& description) {
  at::Tensor pixels = at::empty({rows, size.channels, size.height, size.width}, at::kFloat);
  Stream stream(1, "network/trial");
  auto* const first = pixels.data_ptr<float>();
  for (std::int64_t i = 0; i < pixels.numel(); ++i) first[i] = static_cast<float>(stream.uniform());
  if (size.uint8) {
    pixels = at::mul(pixels, 256).to(at::kByte);
  } else {
    pixels = at::mul(pixels, description.range);
    const auto channel = [&](const std::vector<double>& values) {
      return at::tensor(values, at::kFloat).reshape({1, size.channels, 1, 1});
    };
    const auto count = static_cast<std::size_t>(size.channels);
    if (description.mean.size() == count) pixels = at::sub(pixels, channel(description.mean));
    if (description.std.size() == count) pixels = at::div(pixels, channel(description.std));
  }
  return input.layout == Layout::kNhwc ? pixels.permute({0, 2, 3, 1}).contiguous() : pixels;
}

at::Tensor as_taken(const PictureInput& input, const at::Tensor& pictures) {
  if (input.precision == at::kFloat || pictures.scalar_type() != at::kFloat) return pictures;
  const at::Tensor exact = pictures.detach();
  const at::Tensor rounded = exact.to(input.precision).to(at::kFloat);
  if (!pictures.requires_grad()) return rounded;
  return at::add(pictures,
                 at::sub(rounded, exact));  // the difference is exact, so the sum is `rounded`
}

}  // namespace assay::network
