// Gradient ascent of fixed steps, and the random control beside it.
#include "assay/base/seed.h"
#include "assay/methods/attack/attack.h"

namespace assay::methods {

namespace {

// pgd alternates; fgsm and bim are what they are elsewhere, and bim tries again without what fades.
Loss loss_of(const Attack& attack, int start) {
  if (attack.name == "pgd") return start % 2 == 0 ? Loss::kCrossEntropy : Loss::kDlr;
  return start == 0 ? Loss::kPlain : Loss::kCrossEntropy;
}

}  // namespace

Walk climb(const Attack& attack, const Target& target, std::uint64_t seed) {
  const bool random = attack.name == "pgd";
  const double length = (attack.name == "fgsm" ? 1 : attack.step) * target.ball.eps();
  const int starts = attack.name == "bim" && !attack.last ? 2 : attack.restarts;
  for (int start = 0; start < starts; ++start) {
    Stream stream(seed, "attack/" + attack.name + "/" + std::to_string(start), target.item);
    Pixels x = random ? target.ball.drawn(stream) : target.ball.centre();
    const Objective objective{loss_of(attack, start), target.goal};
    for (int k = 0; k < attack.steps; ++k) {
      const Answer here = co_await ask(x, objective);
      x = target.ball.stepped(x, here.slope, length);
    }
    co_await ask(std::move(x));
  }
}

Walk noise_search(const Attack& attack, const Target& target, std::uint64_t seed) {
  for (int k = 0; k < attack.steps; ++k) {
    Stream stream(seed, "attack/noise/" + std::to_string(k), target.item);
    Pixels x = k % 2 == 0 ? target.ball.drawn_far(stream) : target.ball.drawn(stream);
    co_await ask(std::move(x));
  }
}

}  // namespace assay::methods
