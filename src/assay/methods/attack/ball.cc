#include "assay/methods/attack/ball.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "assay/base/error.h"

namespace assay::methods {

namespace {

constexpr double kSparse = 0.01;  // of the values, that an l1 step moves

// The last float up to v, and the first from v.
float up_to(double v) {
  const auto f = static_cast<float>(v);
  return static_cast<double>(f) > v ? std::nextafter(f, -std::numeric_limits<float>::infinity())
                                    : f;
}
float from(double v) {
  const auto f = static_cast<float>(v);
  return static_cast<double>(f) < v ? std::nextafter(f, std::numeric_limits<float>::infinity()) : f;
}

// Magnitudes of `delta` less what makes their sum `total` (duchi2008).
double soft_threshold(const std::vector<double>& delta, double total) {
  std::vector<double> sizes;
  sizes.reserve(delta.size());
  for (const double d : delta) sizes.push_back(std::abs(d));
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  double sum = 0, cut = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    sum += sizes[k];
    const double candidate = (sum - total) / static_cast<double>(k + 1);
    if (candidate >= sizes[k]) break;
    cut = candidate;
  }
  return std::max(0.0, cut);
}

}  // namespace

Norm norm_named(const std::string& word) {
  if (word == "linf") return Norm::kLinf;
  if (word == "l2") return Norm::kL2;
  if (word == "l1") return Norm::kL1;
  throw InputError("norm", "got \"" + word + "\", wanted linf, l2 or l1");
}

double size_of(Norm norm, const std::vector<double>& change) {
  double size = 0;
  for (const double d : change)
    size = norm == Norm::kLinf ? std::max(size, std::abs(d))
                               : size + (norm == Norm::kL2 ? d * d : std::abs(d));
  return norm == Norm::kL2 ? std::sqrt(size) : size;
}

double distance(Norm norm, const Pixels& a, const Pixels& b) {
  std::vector<double> delta(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    delta[i] = static_cast<double>(a[i]) - static_cast<double>(b[i]);
  return size_of(norm, delta);
}

Ball::Ball(Pixels centre, Norm norm, double eps)
    : centre_(std::move(centre)), norm_(norm), eps_(eps) {
  low_.reserve(centre_.size());
  high_.reserve(centre_.size());
  for (const float c : centre_) {
    low_.push_back(norm == Norm::kLinf ? std::max(0.0F, from(static_cast<double>(c) - eps)) : 0.0F);
    high_.push_back(norm == Norm::kLinf ? std::min(1.0F, up_to(static_cast<double>(c) + eps))
                                        : 1.0F);
  }
}

bool Ball::holds(const Pixels& x) const {
  return distance(norm_, x, centre_) <= eps_ &&
         std::all_of(x.begin(), x.end(), [](float v) { return v >= 0 && v <= 1; });
}

Pixels Ball::projected(Pixels x) const {
  if (norm_ == Norm::kLinf) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x[i], low_[i], high_[i]);
    return x;
  }
  std::vector<double> delta(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    delta[i] = static_cast<double>(x[i]) - static_cast<double>(centre_[i]);
  double wanted = eps_;
  for (;;) {
    const double size = size_of(norm_, delta);
    if (size > wanted) {
      const double cut = norm_ == Norm::kL1 ? soft_threshold(delta, wanted) : 0,
                   scale = norm_ == Norm::kL2 ? wanted / size : 1;
      for (double& d : delta)
        d = norm_ == Norm::kL2 ? d * scale : std::copysign(std::max(0.0, std::abs(d) - cut), d);
    }
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = std::clamp(static_cast<float>(static_cast<double>(centre_[i]) + delta[i]), 0.0F, 1.0F);
    if (distance(norm_, x, centre_) <= eps_) return x;
    wanted *= 1 - 1e-6;  // what single precision rounded outward
  }
}

Pixels Ball::stepped(const Pixels& x, const std::vector<float>& slope, double length) const {
  Pixels to = x;
  if (norm_ == Norm::kLinf) {
    const auto step = static_cast<float>(length);
    for (std::size_t i = 0; i < x.size(); ++i)
      to[i] += slope[i] > 0 ? step : slope[i] < 0 ? -step : 0.0F;
  } else if (norm_ == Norm::kL2) {
    double size = 0;
    for (const float g : slope) size += static_cast<double>(g) * static_cast<double>(g);
    if (size > 0) {
      const double scale = length / std::sqrt(size);
      for (std::size_t i = 0; i < x.size(); ++i)
        to[i] =
            static_cast<float>(static_cast<double>(x[i]) + scale * static_cast<double>(slope[i]));
    }
  } else {
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < x.size(); ++i)
      if ((slope[i] > 0 && x[i] < 1) || (slope[i] < 0 && x[i] > 0)) free.push_back(i);
    const auto most = std::min(
        free.size(), static_cast<std::size_t>(std::ceil(kSparse * static_cast<double>(x.size()))));
    std::partial_sort(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(most), free.end(),
                      [&](std::size_t a, std::size_t b) {
                        const float u = std::abs(slope[a]), v = std::abs(slope[b]);
                        return u != v ? u > v : a < b;
                      });
    for (std::size_t k = 0; k < most; ++k)
      to[free[k]] +=
          std::copysign(static_cast<float>(length / static_cast<double>(most)), slope[free[k]]);
  }
  return projected(std::move(to));
}

Pixels Ball::drawn_at(Stream& stream, double share) const {
  Pixels x(centre_.size());
  if (norm_ == Norm::kLinf) {
    double most = 0;
    std::vector<double> u(x.size());
    for (double& v : u) {
      v = 2 * stream.uniform() - 1;
      most = std::max(most, std::abs(v));
    }
    const double scale = share >= 1 && most > 0 ? eps_ / most : eps_;
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(static_cast<double>(centre_[i]) + scale * u[i]);
  } else {
    stream.fill_normal(x);
    std::vector<double> direction(x.begin(), x.end());
    const double size = size_of(norm_, direction);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] =
          static_cast<float>(static_cast<double>(centre_[i]) + share * eps_ / size * direction[i]);
  }
  return projected(std::move(x));
}

Pixels Ball::drawn(Stream& stream) const {
  const double share = norm_ == Norm::kLinf ? 0 : stream.uniform();
  return drawn_at(stream, share);
}
Pixels Ball::drawn_far(Stream& stream) const { return drawn_at(stream, 1); }

}  // namespace assay::methods
