// Square attack on scores (andriushchenko2020), linf: stripes, then squares of one colour that shrink with the queries.
#include <algorithm>
#include <cmath>

#include "assay/base/seed.h"
#include "assay/methods/attack/attack.h"

namespace assay::methods {

namespace {

constexpr double kFirstShare = 0.8;  // of the picture

// The share of the picture that is changed after this much of 10,000 queries.
double share_after(double queries) {
  double share = kFirstShare;
  for (const double at : {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000})
    if (queries > at) share /= 2;
  return share;
}

float sign_from(Stream& stream) { return stream.below(2) == 0 ? 1.0F : -1.0F; }

}  // namespace

Walk square_search(const Attack& attack, const Target& target, std::uint64_t seed) {
  const std::int64_t h = target.height, w = target.width;
  const auto eps = static_cast<float>(target.ball.eps());
  for (int start = 0; start < attack.restarts; ++start) {
    Stream stream(seed, "attack/square/" + std::to_string(start), target.item);
    Pixels best = target.ball.centre();
    for (std::int64_t c = 0; c < target.channels; ++c)
      for (std::int64_t x = 0; x < w; ++x) {
        const float change = eps * sign_from(stream);
        for (std::int64_t y = 0; y < h; ++y)
          best[static_cast<std::size_t>((c * h + y) * w + x)] += change;
      }
    best = target.ball.projected(std::move(best));
    Answer answer = co_await ask(best);
    double most = excess(answer.logits, target.label);
    for (int k = 1; k < attack.steps; ++k) {
      const double share = share_after(10000.0 * k / attack.steps);
      const auto side = std::clamp<std::int64_t>(
          std::lround(std::sqrt(share * static_cast<double>(h * w))), 1, std::min(h, w));
      const auto top = static_cast<std::int64_t>(
                     stream.below(static_cast<std::uint64_t>(h - side + 1))),
                 left = static_cast<std::int64_t>(
                     stream.below(static_cast<std::uint64_t>(w - side + 1)));
      Pixels tried = best;
      for (std::int64_t c = 0; c < target.channels; ++c) {
        const float change = 2 * eps * sign_from(stream);
        for (std::int64_t y = top; y < top + side; ++y)
          for (std::int64_t x = left; x < left + side; ++x)
            tried[static_cast<std::size_t>((c * h + y) * w + x)] += change;
      }
      tried = target.ball.projected(std::move(tried));
      answer = co_await ask(tried);
      const double now = excess(answer.logits, target.label);
      if (now <= most) continue;
      most = now;
      best = std::move(tried);
    }
  }
}

}  // namespace assay::methods
