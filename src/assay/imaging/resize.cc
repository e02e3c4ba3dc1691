#include "assay/imaging/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "assay/base/error.h"

namespace assay::imaging {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;  // Pillow's: 8 bits of sample, one of sign, one spare

// What each output position takes from the input line.
template <class Weight>
struct Taps {
  int stride = 0;                 // weights a position
  std::vector<int> first, count;  // by position within the window
  std::vector<Weight> weights;    // stride a position, `count` of them used
};

template <class Weight>
Taps<Weight> taps_for(int in, int out, int begin, int n) {
  const double scale = static_cast<double>(in) / out;
  const double widened = std::max(scale, 1.0);
  const double support = widened;  // the triangle reaches one (widened) pixel to each side
  Taps<Weight> taps;
  taps.stride = static_cast<int>(std::ceil(support)) * 2 + 1;
  const auto positions = static_cast<std::size_t>(n);
  taps.first.resize(positions);
  taps.count.resize(positions);
  taps.weights.resize(positions * static_cast<std::size_t>(taps.stride));
  std::vector<double> w(static_cast<std::size_t>(taps.stride));
  for (std::size_t i = 0; i < positions; ++i) {
    const double centre = (begin + static_cast<int>(i) + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int count = std::min(in, static_cast<int>(centre + support + 0.5)) - first;
    double sum = 0;
    for (int k = 0; k < count; ++k) {
      const double distance = std::abs((k + first - centre + 0.5) * (1.0 / widened));
      w[static_cast<std::size_t>(k)] = distance < 1.0 ? 1.0 - distance : 0.0;
      sum += w[static_cast<std::size_t>(k)];
    }
    taps.first[i] = first;
    taps.count[i] = count;
    Weight* weights = taps.weights.data() + i * static_cast<std::size_t>(taps.stride);
    for (int k = 0; k < count; ++k) {
      const double share = sum != 0 ? w[static_cast<std::size_t>(k)] / sum : 0;
      if constexpr (std::is_integral_v<Weight>)
        weights[k] = static_cast<Weight>(0.5 + share * (1 << kFractionBits));
      else
        weights[k] = static_cast<Weight>(share);
    }
  }
  return taps;
}

// 8 bit in fixed point, 16 bit in float: where a sum begins and how it becomes a sample.
template <class Sample>
struct Arithmetic;
template <>
struct Arithmetic<std::uint8_t> {
  using Weight = std::int32_t;
  static constexpr Weight kStart = 1 << (kFractionBits - 1);
  // Weights are not negative and sum to one but for rounding, so only the upper end can be passed.
  static std::uint8_t sample(Weight sum) {
    return static_cast<std::uint8_t>(std::min(sum >> kFractionBits, 255));
  }
};
template <>
struct Arithmetic<std::uint16_t> {
  using Weight = float;
  static constexpr Weight kStart = 0.5f;
  static std::uint16_t sample(Weight sum) {
    return static_cast<std::uint16_t>(std::min(sum, 65535.0f));
  }
};

template <class Sample, int kChannels>
void resize_row(const Sample* from, Sample* to,
                const Taps<typename Arithmetic<Sample>::Weight>& taps) {
  using A = Arithmetic<Sample>;
  const typename A::Weight* w = taps.weights.data();
  for (std::size_t x = 0; x < taps.first.size(); ++x, to += kChannels, w += taps.stride) {
    const Sample* p = from + taps.first[x] * kChannels;
    typename A::Weight sum[kChannels];
    for (int c = 0; c < kChannels; ++c) sum[c] = A::kStart;
    for (int k = 0; k < taps.count[x]; ++k, p += kChannels)
      for (int c = 0; c < kChannels; ++c) sum[c] += p[c] * w[k];
    for (int c = 0; c < kChannels; ++c) to[c] = A::sample(sum[c]);
  }
}

template <class Sample>
void resize_into(const Picture& from, Size to, const Window& window, Picture& out) {
  using A = Arithmetic<Sample>;
  const auto columns =
      taps_for<typename A::Weight>(from.width, to.width, window.left, window.width);
  const auto rows = taps_for<typename A::Weight>(from.height, to.height, window.top, window.height);
  const int first_row = rows.first.front();
  const int used_rows = rows.first.back() + rows.count.back() - first_row;
  const auto row_samples =
      static_cast<std::size_t>(window.width) * static_cast<std::size_t>(from.channels);
  const auto from_samples =
      static_cast<std::size_t>(from.width) * static_cast<std::size_t>(from.channels);
  const auto* source = reinterpret_cast<const Sample*>(from.bytes.data());

  std::vector<Sample> narrow(row_samples * static_cast<std::size_t>(used_rows));
  for (int y = 0; y < used_rows; ++y) {
    const Sample* row = source + static_cast<std::size_t>(first_row + y) * from_samples;
    Sample* narrow_row = narrow.data() + static_cast<std::size_t>(y) * row_samples;
    if (to.width == from.width)  // the filter would take each sample with weight one
      std::copy_n(row + window.left * from.channels, row_samples, narrow_row);
    else if (from.channels == 1)
      resize_row<Sample, 1>(row, narrow_row, columns);
    else
      resize_row<Sample, 3>(row, narrow_row, columns);
  }

  auto* target = reinterpret_cast<Sample*>(out.bytes.data());
  std::vector<typename A::Weight> sums(row_samples);
  for (std::size_t y = 0; y < rows.first.size(); ++y, target += row_samples) {
    const typename A::Weight* w = rows.weights.data() + y * static_cast<std::size_t>(rows.stride);
    std::fill(sums.begin(), sums.end(), A::kStart);
    for (int k = 0; k < rows.count[y]; ++k) {
      const Sample* row =
          narrow.data() + static_cast<std::size_t>(rows.first[y] - first_row + k) * row_samples;
      const typename A::Weight weight = w[k];
      for (std::size_t x = 0; x < row_samples; ++x) sums[x] += row[x] * weight;
    }
    for (std::size_t x = 0; x < row_samples; ++x) target[x] = A::sample(sums[x]);
  }
}

}  // namespace

Picture resize(const Picture& picture, Size to, const Window& window) {
  if (picture.height < 1 || picture.width < 1 || window.height < 1 || window.width < 1 ||
      window.top < 0 || window.left < 0 || window.height > to.height - window.top ||
      window.width > to.width - window.left)
    throw BugError("resize: the window does not lie inside the resized picture");
  Picture out;
  out.height = window.height;
  out.width = window.width;
  out.channels = picture.channels;
  out.bits = picture.bits;
  out.bytes.resize(static_cast<std::size_t>(out.height) * static_cast<std::size_t>(out.width) *
                   static_cast<std::size_t>(out.channels * out.bits / 8));
  if (picture.bits == 8)
    resize_into<std::uint8_t>(picture, to, window, out);
  else
    resize_into<std::uint16_t>(picture, to, window, out);
  return out;
}

Picture resize(const Picture& picture, Size to) {
  return resize(picture, to, {0, 0, to.height, to.width});
}

}  // namespace assay::imaging
