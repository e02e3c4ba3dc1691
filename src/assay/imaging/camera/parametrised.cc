#include "assay/imaging/camera/parametrised.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/imaging/camera/padded_plane.h"
#include "assay/imaging/camera/row_loops.h"

namespace assay::imaging {

namespace {

constexpr double kYuv[3][3] = {{0.299, 0.587, 0.114},
                               {-0.14714119, -0.28886916, 0.43601035},
                               {0.61497538, -0.51496512, -0.10001026}};
constexpr double kNormEpsilon = 1e-5;

template <class T>
void fill_zeros(Plane<T>& plane, const T* from, std::int64_t h, std::int64_t w) {
  for (std::int64_t y = 0; y < h; ++y) std::copy(from + y * w, from + (y + 1) * w, plane.row(y));
}

// A mirrored border's slopes belong to what it mirrors.
template <class T>
void fold_mirrored(Plane<T>& plane, T* to, std::int64_t h, std::int64_t w) {
  const std::int64_t m = plane.margin;
  std::fill(to, to + h * w, T(0));
  for (std::int64_t y = -m; y < h + m; ++y) {
    T* row = plane.row(y);
    for (std::int64_t k = 1; k <= m; ++k) {
      row[k] += row[-k];
      row[w - 1 - k] += row[w - 1 + k];
    }
    T* out = to + mirrored(y, h) * w;
    for (std::int64_t x = 0; x < w; ++x) out[x] += row[x];
  }
}

// Neighbours of a row's even and odd columns: three rows, each split.
template <class T>
struct Split {
  std::vector<T> even, odd;  // [3][w/2 + 2], one before and one after
  std::int64_t half, stride;

  explicit Split(std::int64_t w) : half(w / 2), stride(w / 2 + 2) {
    even.resize(static_cast<std::size_t>(3 * stride));
    odd.resize(even.size());
  }
  void take(Plane<T>& v, std::int64_t y) {
    for (std::int64_t d = -1; d <= 1; ++d) {
      const T* in = v.row(y + d);
      T *e = even.data() + (d + 1) * stride + 1, *o = odd.data() + (d + 1) * stride + 1;
      for (std::int64_t j = 0; j < half; ++j) {
        e[j] = in[2 * j];
        o[j] = in[2 * j + 1];
      }
      o[-1] = in[-1];
      e[half] = in[2 * half];
    }
  }
  // The nine neighbours of column 2j + parity, row by row: arrays over j.
  std::array<const T*, 9> neighbours(int parity) const {
    std::array<const T*, 9> all{};
    for (int d = 0; d < 3; ++d) {
      const T *e = even.data() + d * stride + 1, *o = odd.data() + d * stride + 1;
      const auto k = static_cast<std::size_t>(3 * d);
      all[k] = parity == 0 ? o - 1 : e;
      all[k + 1] = parity == 0 ? e : o;
      all[k + 2] = parity == 0 ? o : e + 1;
    }
    return all;
  }
};

// Debayering, gains, matrix and YUV as one 3 × 3 filter a place: [4][3][9].
using Together = std::array<double, 108>;

// Row 3 of out from rgb: kYuv · matrix · gain, [out yuv][channel].
std::array<double, 9> colour_map(const CameraParameters& p) {
  std::array<double, 9> map{};
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t k = 0; k < 3; ++k)
        map[3 * o + c] += kYuv[o][k] * p.matrix[3 * k + c] * p.gains[c];
  return map;
}

// The colour of the neighbour k of a pixel at `place`.
std::size_t neighbour_colour(Cfa cfa, std::size_t place, std::size_t k) {
  const auto y = static_cast<std::int64_t>(place / 2 + k / 3) + 1,
             x = static_cast<std::int64_t>(place % 2 + k % 3) + 1;
  return static_cast<std::size_t>(colour_at(cfa, y, x));
}

Together together(const CameraParameters& p, Cfa cfa) {
  const auto map = colour_map(p);
  Together all{};
  for (std::size_t place = 0; place < 4; ++place)
    for (std::size_t k = 0; k < 9; ++k) {
      const std::size_t in = neighbour_colour(cfa, place, k);
      for (std::size_t o = 0; o < 3; ++o)
        for (std::size_t c = 0; c < 3; ++c)
          all[27 * place + 9 * o + k] += map[3 * o + c] * p.debayer[27 * c + 9 * in + k];
    }
  return all;
}

// From the slopes of the joint filter to those of what it was joined of.
void split_slopes(const Together& slopes, const CameraParameters& p, Cfa cfa,
                  CameraParameters& to) {
  const auto map = colour_map(p);
  std::array<double, 9> map_slopes{};
  for (std::size_t place = 0; place < 4; ++place)
    for (std::size_t k = 0; k < 9; ++k) {
      const std::size_t in = neighbour_colour(cfa, place, k);
      for (std::size_t o = 0; o < 3; ++o)
        for (std::size_t c = 0; c < 3; ++c) {
          const double s = slopes[27 * place + 9 * o + k];
          to.debayer[27 * c + 9 * in + k] += s * map[3 * o + c];
          map_slopes[3 * o + c] += s * p.debayer[27 * c + 9 * in + k];
        }
    }
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t k = 0; k < 3; ++k) {
        to.matrix[3 * k + c] += map_slopes[3 * o + c] * kYuv[o][k] * p.gains[c];
        to.gains[c] += map_slopes[3 * o + c] * kYuv[o][k] * p.matrix[3 * k + c];
      }
}

template <class T, std::size_t N>
std::array<T, N> as(const std::array<double, N>& values) {
  std::array<T, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<T>(values[i]);
  return out;
}

// The mosaic less its black levels, mirrored by one.
template <class T>
void fill_light(Plane<T>& plane, const T* mosaic, const std::array<T, 4>& black,
                std::vector<T>& scratch, std::int64_t h, std::int64_t w) {
  for (std::int64_t y = 0; y < h; ++y) {
    const T even = black[static_cast<std::size_t>(2 * (y % 2))],
            odd = black[static_cast<std::size_t>(2 * (y % 2) + 1)];
    const T* in = mosaic + y * w;
    T* to = scratch.data() + y * w;
    for (std::int64_t x = 0; x < w; x += 2) {
      to[x] = in[x] - even;
      to[x + 1] = in[x + 1] - odd;
    }
  }
  fill_mirrored(plane, scratch.data(), h, w);
}

// To the slopes of the light, mirrored border and all, from those of Y, U and V of row `y`.
template <class T>
void add_light_slopes(Plane<T>& light, std::int64_t y, const std::array<const T*, 3>& slopes,
                      const std::array<T, 108>& kernel, std::int64_t w) {
  for (std::int64_t x = 0; x < w; ++x) {
    const T* taps = kernel.data() + 27 * (2 * (y % 2) + x % 2);
    for (std::int64_t k = 0; k < 9; ++k)
      light.row(y + k / 3 - 1)[x + k % 3 - 1] +=
          taps[k] * slopes[0][x] + taps[9 + k] * slopes[1][x] + taps[18 + k] * slopes[2][x];
  }
}

constexpr ParameterGroup kGroups[] = {{"black_level", 0, 4},       {"white_balance", 4, 3},
                                      {"colour_correction", 7, 9}, {"gamma_correct", 16, 1},
                                      {"debayer", 17, 81},         {"sharpening_filter", 98, 9},
                                      {"gaussian_blur", 107, 25}};

}  // namespace

std::span<const ParameterGroup> camera_parameter_groups() { return kGroups; }

std::vector<double> CameraParameters::flat() const {
  std::vector<double> all;
  all.insert(all.end(), black.begin(), black.end());
  all.insert(all.end(), gains.begin(), gains.end());
  all.insert(all.end(), matrix.begin(), matrix.end());
  all.push_back(gamma);
  all.insert(all.end(), debayer.begin(), debayer.end());
  all.insert(all.end(), sharpen.begin(), sharpen.end());
  all.insert(all.end(), blur.begin(), blur.end());
  return all;
}

CameraParameters CameraParameters::of(std::span<const double> flat) {
  if (flat.size() != kCount) throw BugError("a parametrised camera has 132 numbers");
  CameraParameters p;
  const auto take = [&](auto& to) {
    std::copy(flat.begin(), flat.begin() + static_cast<std::ptrdiff_t>(to.size()), to.begin());
    flat = flat.subspan(to.size());
  };
  take(p.black);
  take(p.gains);
  take(p.matrix);
  p.gamma = flat.front();
  flat = flat.subspan(1);
  take(p.debayer);
  take(p.sharpen);
  take(p.blur);
  return p;
}

CameraParameters neutral_camera() {
  CameraParameters p;
  const double corners[] = {0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25},
               cross[] = {0, 0.25, 0, 0.25, 1, 0.25, 0, 0.25, 0};
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t k = 0; k < 9; ++k)
      p.debayer[27 * c + 9 * c + k] = c == 1 ? cross[k] : corners[k];
  p.sharpen = {0, -1, 0, -1, 5, -1, 0, -1, 0};
  p.blur[12] = 1;
  return p;
}

ParametrisedCamera::ParametrisedCamera(const CameraParameters& parameters, Cfa cfa,
                                       MosaicSlope mosaic_slope)
    : parameters_(parameters), cfa_(cfa), wanted_(mosaic_slope) {
  for (const double v : parameters.flat())
    if (!std::isfinite(v)) throw InputError("", "a camera parameter is not a finite number");
  if (!(parameters.gamma > 0)) throw InputError("", "gamma must lie above 0");
}

template <class T>
at::Tensor ParametrisedCamera::forward_as(const at::Tensor& mosaic) {
  const std::int64_t n = mosaic.size(0), h = mosaic.size(2), w = mosaic.size(3), plane = h * w;
  mosaic_ = mosaic;
  for (at::Tensor* t : {&y_, &sharp_, &blurred_, &u_, &v_})
    if (!t->defined() || t->sizes() != mosaic.sizes() || t->scalar_type() != mosaic.scalar_type())
      *t = at::empty({n, 1, h, w}, mosaic.scalar_type());
  out_ = at::empty({n, 3, h, w}, mosaic.scalar_type());
  const auto kernel = as<T>(together(parameters_, cfa_));
  const auto sharpen = as<T>(parameters_.sharpen);
  const auto blur = as<T>(parameters_.blur);
  const auto black = as<T>(parameters_.black);
  const auto inverse_gamma = static_cast<T>(1 / parameters_.gamma);
  Plane<T> light(h, w, 1), bare(h, w, 1), mirror(h, w, 2);
  std::vector<T> scratch(static_cast<std::size_t>(plane)),
      apart(static_cast<std::size_t>(3 * w));  // Y, U, V of a row: even columns, then odd ones
  Split<T> split(w);
  for (std::int64_t i = 0; i < n; ++i) {
    fill_light(light, mosaic.data_ptr<T>() + i * plane, black, scratch, h, w);
    T *y = y_.data_ptr<T>() + i * plane, *u = u_.data_ptr<T>() + i * plane,
      *v = v_.data_ptr<T>() + i * plane, *sharp = sharp_.data_ptr<T>() + i * plane,
      *soft = blurred_.data_ptr<T>() + i * plane;
    for (std::int64_t r = 0; r < h; ++r) {
      split.take(light, r);
      for (int parity = 0; parity < 2; ++parity) {
        T* to = apart.data() + parity * w / 2;
        row_loops<T>().yuv(split.neighbours(parity), kernel.data() + 27 * (2 * (r % 2) + parity),
                           to, to + w, to + 2 * w, w / 2);
      }
      T* whole[3] = {y + r * w, u + r * w, v + r * w};
      for (int o = 0; o < 3; ++o) {
        const T *even = apart.data() + o * w, *odd = even + w / 2;
        T* to = whole[o];
        for (std::int64_t j = 0; j < w / 2; ++j) {
          to[2 * j] = even[j];
          to[2 * j + 1] = odd[j];
        }
      }
    }
    fill_zeros(bare, y, h, w);
    std::fill(sharp, sharp + plane, T(0));
    for (std::int64_t r = 0; r < h; ++r)
      row_loops<T>().filter(sharp + r * w, bare.row(r), bare.stride, sharpen.data(), 3, w);
    fill_mirrored(mirror, sharp, h, w);
    std::fill(soft, soft + plane, T(0));
    for (std::int64_t r = 0; r < h; ++r) {
      row_loops<T>().filter(soft + r * w, mirror.row(r), mirror.stride, blur.data(), 5, w);
      row_loops<T>().tone(soft + r * w, u + r * w, v + r * w,
                          out_.data_ptr<T>() + 3 * i * plane + r * w, plane, inverse_gamma, w);
    }
  }
  return out_;
}

template <class T>
CameraParameters ParametrisedCamera::backward_as(const at::Tensor& slope) {
  const std::int64_t n = mosaic_.size(0), h = mosaic_.size(2), w = mosaic_.size(3), plane = h * w;
  const auto kernel = together(parameters_, cfa_);
  const auto sharpen = as<T>(parameters_.sharpen);
  const auto blur = as<T>(parameters_.blur);
  const auto black = as<T>(parameters_.black);
  const auto inverse_gamma = static_cast<T>(1 / parameters_.gamma);
  Plane<T> light(h, w, 1), bare(h, w, 1), mirror(h, w, 2), bare_slope(h, w, 1),
      mirror_slope(h, w, 2);
  std::vector<T> scratch(static_cast<std::size_t>(plane)), dy(scratch), du(scratch), dv(scratch),
      dsharp(scratch), even(static_cast<std::size_t>(3 * w));
  Split<T> split(w);
  CameraParameters gradient{};
  gradient.gains = {};
  gradient.matrix = {};
  gradient.gamma = 0;
  Together joint{};
  double of_gamma = 0;
  const auto own_kernel = as<T>(kernel);
  Plane<T> light_slope(h, w, 1);
  if (wanted_ == MosaicSlope::kKept) mosaic_slope_ = at::empty_like(mosaic_);
  std::array<double, 12> sums{};  // of the slopes of Y, U and V at the four places
  for (std::int64_t i = 0; i < n; ++i) {
    const T *y = y_.data_ptr<T>() + i * plane, *u = u_.data_ptr<T>() + i * plane,
            *v = v_.data_ptr<T>() + i * plane, *sharp = sharp_.data_ptr<T>() + i * plane,
            *soft = blurred_.data_ptr<T>() + i * plane, *out = out_.data_ptr<T>() + 3 * i * plane,
            *s = slope.data_ptr<T>() + 3 * i * plane;
    fill_mirrored(mirror, sharp, h, w);
    std::fill(mirror_slope.values.begin(), mirror_slope.values.end(), T(0));
    std::array<T, 25> blur_slopes{};
    for (std::int64_t r = 0; r < h; ++r) {
      const std::int64_t at = r * w;
      of_gamma += static_cast<double>(row_loops<T>().tone_back(
          soft + at, u + at, v + at, out + at, s + at, plane, inverse_gamma, dy.data() + at,
          du.data() + at, dv.data() + at, w));
      row_loops<T>().filter_back(dy.data() + at, mirror.row(r), mirror_slope.row(r), mirror.stride,
                                 blur.data(), blur_slopes.data(), 5, w);
    }
    fold_mirrored(mirror_slope, dsharp.data(), h, w);
    fill_zeros(bare, y, h, w);
    std::fill(bare_slope.values.begin(), bare_slope.values.end(), T(0));
    std::array<T, 9> sharpen_slopes{};
    for (std::int64_t r = 0; r < h; ++r)
      row_loops<T>().filter_back(dsharp.data() + r * w, bare.row(r), bare_slope.row(r), bare.stride,
                                 sharpen.data(), sharpen_slopes.data(), 3, w);
    for (std::size_t k = 0; k < 25; ++k) gradient.blur[k] += static_cast<double>(blur_slopes[k]);
    for (std::size_t k = 0; k < 9; ++k)
      gradient.sharpen[k] += static_cast<double>(sharpen_slopes[k]);
    fill_light(light, mosaic_.data_ptr<T>() + i * plane, black, scratch, h, w);
    std::array<T, 108> joint_slopes{};
    for (std::int64_t r = 0; r < h; ++r) {
      split.take(light, r);
      const T* line[3] = {bare_slope.row(r), du.data() + r * w, dv.data() + r * w};
      for (int parity = 0; parity < 2; ++parity) {
        const auto place = static_cast<std::size_t>(2 * (r % 2) + parity);
        for (int o = 0; o < 3; ++o) {
          T* to = even.data() + o * w;
          double sum = 0;
          for (std::int64_t j = 0; j < w / 2; ++j) {
            to[j] = line[o][2 * j + parity];
            sum += static_cast<double>(to[j]);
          }
          sums[3 * place + static_cast<std::size_t>(o)] += sum;
        }
        row_loops<T>().yuv_back(split.neighbours(parity), even.data(), even.data() + w,
                                even.data() + 2 * w, joint_slopes.data() + 27 * place, w / 2);
      }
    }
    if (wanted_ == MosaicSlope::kKept) {
      std::fill(light_slope.values.begin(), light_slope.values.end(), T(0));
      for (std::int64_t r = 0; r < h; ++r)
        add_light_slopes<T>(light_slope, r,
                            {bare_slope.row(r), du.data() + r * w, dv.data() + r * w}, own_kernel,
                            w);
      fold_mirrored(light_slope, mosaic_slope_.data_ptr<T>() + i * plane, h, w);
    }
    for (std::size_t k = 0; k < joint.size(); ++k) joint[k] += static_cast<double>(joint_slopes[k]);
  }
  split_slopes(joint, parameters_, cfa_, gradient);
  // A black level goes where its values go: mirroring keeps the place, so the sums suffice.
  for (std::size_t place = 0; place < 4; ++place)
    for (std::size_t k = 0; k < 9; ++k) {
      const std::size_t from = 2 * ((place / 2 + k / 3 + 1) % 2) + (place % 2 + k % 3 + 1) % 2;
      for (std::size_t o = 0; o < 3; ++o)
        gradient.black[from] -= kernel[27 * place + 9 * o + k] * sums[3 * place + o];
    }
  gradient.gamma = -of_gamma * std::log(2.0) / (parameters_.gamma * parameters_.gamma);
  return gradient;
}

at::Tensor ParametrisedCamera::forward(const at::Tensor& mosaic) {
  if (mosaic.dim() != 4 || mosaic.size(1) != 1) throw BugError("a mosaic is [N,1,H,W]");
  if (mosaic.size(2) % 2 || mosaic.size(3) % 2 || mosaic.size(2) < 4 || mosaic.size(3) < 4)
    throw InputError("", "the parametrised camera takes even sides of at least 4 px");
  const at::Tensor whole = mosaic.contiguous();
  return whole.scalar_type() == at::kDouble ? forward_as<double>(whole)
                                            : forward_as<float>(whole.to(at::kFloat));
}

CameraParameters ParametrisedCamera::backward(const at::Tensor& slope) {
  if (!out_.defined() || slope.sizes() != out_.sizes())
    throw BugError("backward follows forward, with its output's shape");
  const at::Tensor whole = slope.to(out_.scalar_type()).contiguous();
  return whole.scalar_type() == at::kDouble ? backward_as<double>(whole)
                                            : backward_as<float>(whole);
}

at::Tensor batch_normalised(const at::Tensor& output) {
  const at::Tensor centred = output - output.mean({0, 2, 3}, true);
  return centred / at::sqrt(centred.square().mean({0, 2, 3}, true) + kNormEpsilon);
}

at::Tensor slope_before_batch_norm(const at::Tensor& output, const at::Tensor& slope) {
  const at::Tensor centred = output - output.mean({0, 2, 3}, true);
  const at::Tensor deviation = at::sqrt(centred.square().mean({0, 2, 3}, true) + kNormEpsilon);
  const at::Tensor normal = centred / deviation;
  return (slope - slope.mean({0, 2, 3}, true) - normal * (slope * normal).mean({0, 2, 3}, true)) /
         deviation;
}

}  // namespace assay::imaging
