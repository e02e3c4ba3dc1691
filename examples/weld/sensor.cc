#include "sensor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "assay/base/seed.h"
#include "assay/stats/special.h"

namespace weld {

namespace {

constexpr double kWhitePart = 0.72;  // of the full well, at 0 EV
constexpr int kBits = 12;

struct Camera {
  std::string_view cfa;
  int black_level, white_level;
  Matrix colour_matrix;
  Rgb sensitivity;
};

constexpr Camera kCameras[2] = {
    {"RGGB",
     256,
     4095,
     {{{1.62, -0.46, -0.16}, {-0.22, 1.51, -0.29}, {0.03, -0.48, 1.45}}},
     {0.55, 1, 0.68}},
    {"GBRG",
     200,
     3967,
     {{{1.84, -0.71, -0.13}, {-0.31, 1.74, -0.43}, {0.02, -0.66, 1.64}}},
     {0.49, 1, 0.61}}};

Matrix inverse(const Matrix& m) {
  Matrix out;
  double determinant = 0;
  for (int c = 0; c < 3; ++c)
    determinant +=
        m[0][c] * (m[1][(c + 1) % 3] * m[2][(c + 2) % 3] - m[1][(c + 2) % 3] * m[2][(c + 1) % 3]);
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c)
      out[c][r] = (m[(r + 1) % 3][(c + 1) % 3] * m[(r + 2) % 3][(c + 2) % 3] -
                   m[(r + 1) % 3][(c + 2) % 3] * m[(r + 2) % 3][(c + 1) % 3]) /
                  determinant;
  return out;
}

// Scene colour to what the channels collect.
Matrix responses(const Camera& camera) {
  Matrix m = inverse(camera.colour_matrix);
  for (std::size_t r = 0; r < 3; ++r)
    for (double& v : m[r]) v *= camera.sensitivity[r];
  return m;
}

Rgb multiplied(const Matrix& m, const Rgb& v) {
  Rgb out{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) out[r] += m[r][c] * v[c];
  return out;
}

// Gaussian blur, edges repeated.
Plane blurred(const Plane& in, int size, const std::vector<float>& half) {
  const int radius = static_cast<int>(half.size()) - 1;
  const auto n = static_cast<std::size_t>(size);
  Plane down(in.size()), out(in.size());
  const auto row = [&](const Plane& plane, int y) {
    return &plane[static_cast<std::size_t>(std::clamp(y, 0, size - 1)) * n];
  };
  std::vector<float> padded(n + 2 * static_cast<std::size_t>(radius));
  for (int y = 0; y < size; ++y) {
    float* to = &padded[static_cast<std::size_t>(radius)];
    const float* centre = row(in, y);
    for (std::size_t x = 0; x < n; ++x) to[x] = half[0] * centre[x];
    for (int k = 1; k <= radius; ++k) {
      const float *above = row(in, y - k), *below = row(in, y + k);
      const float w = half[static_cast<std::size_t>(k)];
      for (std::size_t x = 0; x < n; ++x) to[x] += w * (above[x] + below[x]);
    }
    std::fill(padded.begin(), padded.begin() + radius, to[0]);
    std::fill(padded.end() - radius, padded.end(), to[n - 1]);
    float* done = &out[static_cast<std::size_t>(y) * n];
    for (std::size_t x = 0; x < n; ++x) done[x] = half[0] * to[x];
    for (int k = 1; k <= radius; ++k) {
      const float w = half[static_cast<std::size_t>(k)];
      const float *left = to - k, *right = to + k;
      for (std::size_t x = 0; x < n; ++x) done[x] += w * (left[x] + right[x]);
    }
  }
  return out;
}

// Half of a symmetric kernel, from its middle outwards; its sum with the mirrored half is 1.
std::vector<float> gaussian(double sigma_px) {
  const int radius = std::clamp(static_cast<int>(std::ceil(3 * sigma_px)), 1, 64);
  std::vector<double> weights(static_cast<std::size_t>(radius) + 1);
  double sum = 0;
  for (int k = 0; k <= radius; ++k) {
    weights[static_cast<std::size_t>(k)] = std::exp(-0.5 * k * k / (sigma_px * sigma_px));
    sum += (k == 0 ? 1 : 2) * weights[static_cast<std::size_t>(k)];
  }
  std::vector<float> half;
  half.reserve(weights.size());
  for (const double w : weights) half.push_back(static_cast<float>(w / sum));
  return half;
}

// Standard normal numbers by 16-bit index: the quantiles of the cells' middles.
const std::vector<float>& normal_quantiles() {
  static const std::vector<float> table = [] {
    constexpr int kCells = 1 << 16;
    std::vector<float> values(kCells);
    for (int i = 0; i < kCells; ++i)
      values[static_cast<std::size_t>(i)] =
          static_cast<float>(assay::stats::quantile(assay::stats::Normal{}, (i + 0.5) / kCells));
    return values;
  }();
  return table;
}

// One normal number a pixel, eight from a Philox block; the same for every way of drawing.
std::vector<float> pixel_noise(const Frame& frame, std::size_t count) {
  const std::uint64_t key =
      assay::Stream(frame.seed, "weld pixel noise", static_cast<std::uint64_t>(frame.index))();
  const std::array<std::uint32_t, 2> key_words{static_cast<std::uint32_t>(key),
                                               static_cast<std::uint32_t>(key >> 32)};
  const std::vector<float>& normal = normal_quantiles();
  std::vector<float> noise((count + 7) / 8 * 8);
  for (std::size_t block = 0; block * 8 < count; ++block) {
    const auto bits = assay::philox4x32({static_cast<std::uint32_t>(block), 0, 0, 0}, key_words);
    for (std::size_t k = 0; k < 4; ++k) {
      noise[block * 8 + 2 * k] = normal[bits[k] & 0xFFFF];
      noise[block * 8 + 2 * k + 1] = normal[bits[k] >> 16];
    }
  }
  return noise;
}

}  // namespace

int filter_at(std::string_view cfa, int row, int column) {
  const int place = 2 * (row & 1) + (column & 1);
  const char letter = cfa[static_cast<std::size_t>(place)];
  return letter == 'R' ? 0 : letter == 'G' ? 1 : 2;
}

RawFrame expose(const Frame& frame, Radiance radiance, const View& view) {
  const Camera& camera = kCameras[frame.whole(cause("camera"))];
  const Matrix response = responses(camera);
  const int size = radiance.size;

  // Blur of the lens and of the pixel's aperture, and what the cover glass adds: 0.45 px.
  const double lens_px = frame[cause("defocus")] / 1000 / view.mm_per_px();
  const std::vector<float> kernel = gaussian(std::sqrt(lens_px * lens_px + 0.45 * 0.45));
  for (Plane& plane : radiance.rgb) plane = blurred(plane, size, kernel);

  RawFrame raw;
  raw.size = size;
  raw.mosaic.resize(radiance.rgb[0].size());
  // The converter believes in a light that differs from the real one by the error in mired.
  const double mired = 1e6 / frame[cause("light_temperature")] + frame[cause("white_balance")];
  const Rgb seen = multiplied(response, black_body(std::clamp(1e6 / mired, 1700.0, 20000.0)));
  raw.sidecar = {camera.black_level,
                 camera.white_level,
                 camera.cfa,
                 {seen[1] / seen[0], 1, seen[1] / seen[2]},
                 camera.colour_matrix};

  const double full_well = frame[cause("full_well")], read = frame[cause("read_noise")];
  const double gain = kWhitePart * full_well * std::exp2(frame[cause("exposure")]);
  const auto counts = static_cast<float>((camera.white_level - camera.black_level) / full_well);
  const auto read2 = static_cast<float>(read * read);
  const std::vector<float> noise = pixel_noise(frame, raw.mosaic.size());
  assay::Stream rows(frame.seed, "weld row noise", static_cast<std::uint64_t>(frame.index));
  const float corner = static_cast<float>(1 - std::exp2(-frame[cause("vignetting")])) / 2;
  const float per_half = 2 / static_cast<float>(size);
  std::vector<float> electrons(static_cast<std::size_t>(size));
  for (int y = 0; y < size; ++y) {
    const std::size_t first = static_cast<std::size_t>(y) * static_cast<std::size_t>(size);
    const float fy = (static_cast<float>(y) + 0.5f) * per_half - 1;
    const float *r = &radiance.rgb[0][first], *g = &radiance.rgb[1][first],
                *b = &radiance.rgb[2][first];
    for (int phase = 0; phase < 2; ++phase) {
      const Rgb& w = response[static_cast<std::size_t>(filter_at(camera.cfa, y, phase))];
      const float wr = static_cast<float>(w[0] * gain), wg = static_cast<float>(w[1] * gain),
                  wb = static_cast<float>(w[2] * gain);
      for (int x = phase; x < size; x += 2) {
        const float fx = (static_cast<float>(x) + 0.5f) * per_half - 1;
        const float shade = 1 - corner * (fx * fx + fy * fy);
        electrons[static_cast<std::size_t>(x)] =
            std::max(0.0f, shade * (wr * r[x] + wg * g[x] + wb * b[x]));
      }
    }
    const float row = static_cast<float>(frame[cause("row_noise")] * rows.normal());
    const auto black = static_cast<float>(camera.black_level);
    const auto most = static_cast<float>(camera.white_level);
    for (int x = 0; x < size; ++x) {
      const std::size_t i = first + static_cast<std::size_t>(x);
      const float e = electrons[static_cast<std::size_t>(x)];
      const float charge = e + std::sqrt(e + read2) * noise[i] + row;
      const float rounded = std::min(most, std::max(0.0f, black + charge * counts)) + 0.5f;
      raw.mosaic[i] = static_cast<std::uint16_t>(static_cast<int>(rounded));
    }
  }
  static_assert(kCameras[0].white_level < 1 << kBits && kCameras[1].white_level < 1 << kBits);
  return raw;
}

}  // namespace weld
