#include "assay/methods/attribution/cover.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "assay/base/error.h"
#include "assay/imaging/inpaint.h"
#include "assay/methods/attribution/baseline.h"
#include "assay/methods/attribution/target.h"

namespace assay::methods {

namespace {

// Where covers begin along a side: at multiples of the stride, until one reaches the border.
std::vector<std::int64_t> starts(std::int64_t side, std::int64_t window, std::int64_t stride) {
  std::vector<std::int64_t> all = {0};
  while (all.back() + window < side) all.push_back(all.back() + stride);
  return all;
}

// Pixels of 8 bits are rounded, not cut.
at::Tensor as_type(const at::Tensor& pixels, at::ScalarType type) {
  return type == at::kByte ? pixels.round().clamp(0, 255).to(type) : pixels.to(type);
}

// The system of the hidden pixels reads none but the neighbours of these.
at::Tensor filled_in(const at::Tensor& picture, const Cover& c) {
  const std::int64_t height = picture.size(2), width = picture.size(3);
  if (c.height == height && c.width == width)
    throw InputError("cover", "a cover of the whole picture leaves nothing to fill it in from");
  const std::int64_t top = std::max<std::int64_t>(0, c.top - 1),
                     left = std::max<std::int64_t>(0, c.left - 1);
  const Cover around{top, left, std::min(height, c.top + c.height + 1) - top,
                     std::min(width, c.left + c.width + 1) - left};
  const Cover within{c.top - top, c.left - left, c.height, c.width};
  at::Tensor planes = hidden_by(around, picture[0]).clone(at::MemoryFormat::Contiguous);
  at::Tensor missing = at::zeros({around.height, around.width}, at::kByte);
  hidden_by(within, missing).fill_(1);
  imaging::inpaint({planes.data_ptr<float>(), static_cast<std::size_t>(planes.numel())},
                   static_cast<int>(planes.size(0)), static_cast<int>(around.height),
                   static_cast<int>(around.width),
                   {missing.data_ptr<std::uint8_t>(), static_cast<std::size_t>(missing.numel())});
  return hidden_by(within, planes).unsqueeze(0);
}

}  // namespace

std::vector<Cover> covers_of(std::int64_t height, std::int64_t width, std::int64_t window,
                             std::int64_t stride) {
  std::vector<Cover> all;
  for (const std::int64_t y : starts(height, window, stride))
    for (const std::int64_t x : starts(width, window, stride))
      all.push_back({y, x, std::min(window, height - y), std::min(window, width - x)});
  return all;
}

at::Tensor hidden_by(const Cover& c, const at::Tensor& pixels) {
  return pixels.slice(-2, c.top, c.top + c.height).slice(-1, c.left, c.left + c.width);
}

Showing showing(const Question& question, std::int64_t row, std::string_view name) {
  const auto type = question.input.scalar_type();
  const at::Tensor picture =
      channels_first(question.classifier, question.input).narrow(0, row, 1).to(at::kFloat);
  if (name == "inpaint")
    return [=](const Cover& c) { return as_type(filled_in(picture, c), type); };
  const at::Tensor whole = as_type(baseline_of(question, picture, name), type);
  return [=](const Cover& c) { return hidden_by(c, whole); };
}

}  // namespace assay::methods
