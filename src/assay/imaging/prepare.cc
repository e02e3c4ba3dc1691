#include "assay/imaging/prepare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "assay/base/error.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/resize.h"

namespace assay::imaging {
namespace {

std::string text_of(std::int64_t height, std::int64_t width) {
  return std::to_string(width) + "x" + std::to_string(height);
}

Size demanded_or_own(const InputDescription& d, const ModelDemand& demand) {
  return {d.resize_height > 0 ? d.resize_height : demand.height,
          d.resize_width > 0 ? d.resize_width : demand.width};
}

void check_normalisation(const InputDescription& d, const ModelDemand& demand, int channels) {
  if (demand.uint8 && (!d.mean.empty() || !d.std.empty()))
    throw InputError(d.mean.empty() ? "input.std" : "input.mean",
                     "the model takes 8-bit pixels and normalises them itself");
  if (!(std::isfinite(d.range) && d.range > 0)) throw InputError("input.range", "must be above 0");
  const auto check_values = [channels](const std::vector<double>& values, const std::string& key) {
    if (!values.empty() && values.size() != static_cast<std::size_t>(channels))
      throw InputError(key, "has " + std::to_string(values.size()) + " values; the model takes " +
                                std::to_string(channels) + " channel" + (channels > 1 ? "s" : ""));
    for (const double v : values)
      if (!std::isfinite(v)) throw InputError(key, "has a value that is no finite number");
  };
  check_values(d.mean, "input.mean");
  check_values(d.std, "input.std");
  for (const double v : d.std)
    if (!(v > 0)) throw InputError("input.std", "must be above 0");
}

// The crop's place in a side, as torchvision: round half to even.
int crop_begin(int side, int crop) { return static_cast<int>(std::nearbyint((side - crop) / 2.0)); }

Placement cropped(Size resized, int crop) {
  Placement g;
  g.resized = resized;
  g.tensor = crop > 0 ? Size{crop, crop} : resized;
  g.window = {crop_begin(resized.height, g.tensor.height),
              crop_begin(resized.width, g.tensor.width), g.tensor.height, g.tensor.width};
  return g;
}

// A side scaled by an aspect, kept within what can be held.
int scaled_side(double side, const std::string& name) {
  if (side > (1 << 24)) throw InputError(name, "is too long and narrow to be resized");
  return std::max(1, static_cast<int>(side));
}

// A sample to the model's value, in single precision and torchvision's order of operations.
class Normalisation {
 public:
  Normalisation(const InputDescription& d, std::size_t channel, int bits)
      : full_(bits == 8 ? 255.0f : 65535.0f),
        unit_range_(d.range == 1),
        step_(static_cast<float>(d.range / full_)),
        mean_(d.mean.empty() ? 0.0f : static_cast<float>(d.mean[channel])),
        std_(d.std.empty() ? 1.0f : static_cast<float>(d.std[channel])) {}
  float operator()(float v) const { return ((unit_range_ ? v / full_ : v * step_) - mean_) / std_; }

 private:
  float full_;  // the largest sample
  bool unit_range_;
  float step_, mean_, std_;
};

// All values of a channel: by table for 8 bit, computed for 16.
template <class Out>
class Values;
template <>
class Values<float> {
 public:
  Values(const InputDescription& d, std::size_t channel, int bits) : normalise_(d, channel, bits) {
    for (std::size_t v = 0; bits == 8 && v < 256; ++v)
      table_[v] = normalise_(static_cast<float>(v));
  }
  float operator()(std::uint8_t v) const { return table_[v]; }
  float operator()(std::uint16_t v) const { return normalise_(v); }

 private:
  Normalisation normalise_;
  std::array<float, 256> table_{};
};
template <>
class Values<std::uint8_t> {
 public:
  Values(const InputDescription&, std::size_t, int) {}
  std::uint8_t operator()(std::uint8_t v) const { return v; }
  std::uint8_t operator()(std::uint16_t v) const {
    return static_cast<std::uint8_t>((v * 255u + 32767u) / 65535u);
  }
};

template <class Sample, class Out>
void write_values(const Picture& from, const Window& window, const Placement& g, int channels,
                  const InputDescription& d, std::span<Out> into) {
  const auto* source = reinterpret_cast<const Sample*>(from.bytes.data());
  const std::int64_t plane = std::int64_t{g.tensor.height} * g.tensor.width;
  const bool nchw = d.layout == Layout::kNchw;
  for (int c = 0; c < channels; ++c) {
    const Values<Out> value(d, static_cast<std::size_t>(c), from.bits);
    const int taken = from.channels == 1 ? 0 : d.channels == Channels::kBgr ? 2 - c : c;
    const std::int64_t step = nchw ? 1 : channels;
    for (int y = 0; y < window.height; ++y) {
      const std::int64_t pixel = std::int64_t{g.top + y} * g.tensor.width + g.left;
      Out* to = into.data() + (nchw ? c * plane + pixel : pixel * channels + c);
      const Sample* p = source +
                        (std::int64_t{window.top + y} * from.width + window.left) * from.channels +
                        taken;
      for (int x = 0; x < window.width; ++x, p += from.channels, to += step) *to = value(*p);
    }
  }
}

template <class Out>
void prepare_into(const Picture& picture, const std::string& name, const InputDescription& d,
                  const ModelDemand& demand, std::span<Out> into) {
  const Placement g = placement_of(picture.height, picture.width, name, d, demand);
  const int channels = prepared_size(d, demand).channels;
  const std::int64_t values = std::int64_t{channels} * g.tensor.height * g.tensor.width;
  if (static_cast<std::int64_t>(into.size()) != values)
    throw BugError("prepare: " + std::to_string(into.size()) + " values for " +
                   std::to_string(values));
  const Picture* source = &picture;
  std::optional<Picture> gray, resized;
  if (picture.channels == 3 && (channels == 1 || d.channels == Channels::kGray))
    source = &gray.emplace(to_gray(picture));
  Window window = g.window;
  if (g.resized.height != picture.height || g.resized.width != picture.width) {
    source = &resized.emplace(resize(*source, g.resized, window));
    window.left = window.top = 0;
  }
  if (window.height < g.tensor.height || window.width < g.tensor.width)
    std::fill(into.begin(), into.end(), Out{0});
  if (source->bits == 8)
    write_values<std::uint8_t>(*source, window, g, channels, d, into);
  else
    write_values<std::uint16_t>(*source, window, g, channels, d, into);
}

}  // namespace

Placement placement_of(int height, int width, const std::string& name, const InputDescription& d,
                       const ModelDemand& demand) {
  const PreparedSize wanted = prepared_size(d, demand);
  const double h = height, w = width;
  const Size size = demanded_or_own(d, demand);
  Placement g;
  switch (d.resize) {
    case ResizeRule::kNone:
      if (d.crop > std::min(height, width))
        throw InputError(name, "is " + text_of(height, width) + " pixels, less than input.crop " +
                                   std::to_string(d.crop) + "; give input.resize");
      g = cropped({height, width}, d.crop);
      break;
    case ResizeRule::kShorter:
      g = cropped(width <= height
                      ? Size{scaled_side(d.resize_height * h / w, name), d.resize_height}
                      : Size{d.resize_height, scaled_side(d.resize_height * w / h, name)},
                  d.crop);
      break;
    case ResizeRule::kSquash:
      g = cropped(size, d.crop);
      break;
    case ResizeRule::kPad: {
      const bool wide = w * size.height >= h * size.width;
      g.resized =
          wide ? Size{std::clamp(static_cast<int>(std::lround(h * size.width / w)), 1, size.height),
                      size.width}
               : Size{size.height, std::clamp(static_cast<int>(std::lround(w * size.height / h)), 1,
                                              size.width)};
      g.tensor = size;
      g.left = (size.width - g.resized.width) / 2;
      g.top = (size.height - g.resized.height) / 2;
      g.window = {0, 0, g.resized.height, g.resized.width};
      break;
    }
    case ResizeRule::kLine: {
      const int own = scaled_side(std::ceil(size.height * w / h), name);
      g.resized = {size.height, size.width > 0 ? std::min(own, size.width) : own};
      g.tensor = {size.height, size.width > 0 ? size.width : own};
      g.window = {0, 0, g.resized.height, g.resized.width};
      break;
    }
  }
  if ((wanted.height > 0 && g.tensor.height != wanted.height) ||
      (wanted.width > 0 && g.tensor.width != wanted.width)) {
    const bool resized = d.resize != ResizeRule::kNone;
    throw InputError(
        name,
        std::string(resized ? "becomes " : "is ") + text_of(g.tensor.height, g.tensor.width) +
            " pixels" + (resized ? " by input.resize" : "") + ", the model takes " +
            text_of(wanted.height, wanted.width) + "; give " +
            (resized ? "input.crop, or input.resize the rule squash or pad" : "input.resize"));
  }
  if (std::int64_t{g.tensor.height} * g.tensor.width > kMostPixels)
    throw InputError(name, "becomes " + text_of(g.tensor.height, g.tensor.width) +
                               " pixels by input.resize; at most 2^28 are handled");
  return g;
}

PreparedSize prepared_size(const InputDescription& d, const ModelDemand& demand) {
  PreparedSize size;
  size.channels = demand.channels > 0 ? demand.channels : d.channels == Channels::kGray ? 1 : 3;
  if (size.channels != 1 && size.channels != 3)
    throw InputError("model",
                     "takes " + std::to_string(size.channels) + " channels; pictures have 1 or 3");
  check_normalisation(d, demand, size.channels);
  if (d.resize_height < 0 || d.resize_width < 0 || d.crop < 0)
    throw InputError(d.crop < 0 ? "input.crop" : "input.resize", "must not be negative");

  const Size resized = demanded_or_own(d, demand);
  const bool free_width = d.resize == ResizeRule::kLine;
  if (d.resize == ResizeRule::kShorter && d.resize_height < 1)
    throw InputError("input.resize", "the rule shorter needs a size");
  if (d.resize != ResizeRule::kNone && d.resize != ResizeRule::kShorter &&
      (resized.height < 1 || (resized.width < 1 && !free_width)))
    throw InputError("input.resize", "needs a size: the model takes pictures of any");
  if (d.crop > 0 && (d.resize == ResizeRule::kPad || d.resize == ResizeRule::kLine))
    throw InputError("input.crop", "cannot go with the resize rules pad and line");
  const int leaves =
      d.resize == ResizeRule::kShorter ? d.resize_height : std::min(resized.height, resized.width);
  if (d.resize != ResizeRule::kNone && d.crop > leaves)
    throw InputError("input.crop", std::to_string(d.crop) + " is more than input.resize leaves, " +
                                       std::to_string(leaves));

  if (d.crop > 0) {
    size.height = size.width = d.crop;
  } else if (d.resize == ResizeRule::kNone || d.resize == ResizeRule::kShorter) {
    size.height = demand.height;
    size.width = demand.width;
  } else {
    size.height = resized.height;
    size.width = resized.width;
  }
  if ((demand.height > 0 && size.height != demand.height) ||
      (demand.width > 0 && size.width > 0 && size.width != demand.width))
    throw InputError(d.crop > 0 ? "input.crop" : "input.resize",
                     "gives " + text_of(size.height, size.width) + " pixels, the model takes " +
                         text_of(demand.height, demand.width));
  return size;
}

PreparedSize prepared_size(const Picture& picture, const std::string& name,
                           const InputDescription& description, const ModelDemand& demand) {
  const Placement g = placement_of(picture.height, picture.width, name, description, demand);
  return {prepared_size(description, demand).channels, g.tensor.height, g.tensor.width};
}

void prepare(const Picture& picture, const std::string& name, const InputDescription& description,
             const ModelDemand& demand, std::span<float> into) {
  prepare_into(picture, name, description, demand, into);
}

void prepare(const Picture& picture, const std::string& name, const InputDescription& description,
             const ModelDemand& demand, std::span<std::uint8_t> into) {
  prepare_into(picture, name, description, demand, into);
}

Box covered_box(const Picture& picture, const InputDescription& description,
                const ModelDemand& demand) {
  const Placement g = placement_of(picture.height, picture.width, "picture", description, demand);
  const double left = g.window.left - g.left, top = g.window.top - g.top;
  return {left / g.resized.width, top / g.resized.height, (left + g.tensor.width) / g.resized.width,
          (top + g.tensor.height) / g.resized.height};
}

}  // namespace assay::imaging
