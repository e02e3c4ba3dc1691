#include "assay/base/seed.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace assay {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t p1 = std::uint64_t{kMultiplier1} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

Stream::Stream(std::uint64_t seed, std::string_view purpose, std::uint64_t item) : item_(item) {
  const std::uint64_t name = hash_name(purpose);
  // One Philox call mixes seed and purpose into the key, so that neighbouring seeds share nothing.
  const auto mixed =
      philox4x32({static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(name >> 32), 0, 0},
                 {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  key_ = {mixed[0], mixed[1]};
}

std::uint64_t Stream::operator()() {
  if (used_ == 4) {
    buffer_ =
        philox4x32({static_cast<std::uint32_t>(block_), static_cast<std::uint32_t>(block_ >> 32),
                    static_cast<std::uint32_t>(item_), static_cast<std::uint32_t>(item_ >> 32)},
                   key_);
    ++block_;
    used_ = 0;
  }
  const std::uint64_t bits = buffer_[used_] | std::uint64_t{buffer_[used_ + 1]} << 32;
  used_ += 2;
  return bits;
}

double Stream::uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

double Stream::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

void Stream::fill_normal(std::span<float> values) {
  constexpr float kUnit = 0x1.0p-32f, kTurn = 2 * std::numbers::pi_v<float>;
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const std::uint64_t bits = (*this)();
    // From just above 0 to 1: the logarithm is finite.
    const float u = (static_cast<float>(static_cast<std::uint32_t>(bits)) + 0.5f) * kUnit,
                angle = kTurn * kUnit * static_cast<float>(static_cast<std::uint32_t>(bits >> 32));
    const float radius = std::sqrt(-2 * std::log(std::min(u, 1.0f)));
    values[i] = radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] = radius * std::sin(angle);
  }
}

std::uint64_t Stream::below(std::uint64_t bound) {
  const std::uint64_t reject = (~bound + 1) % bound;  // 2^64 mod bound
  std::uint64_t bits = (*this)();
  while (bits < reject) bits = (*this)();
  return bits % bound;
}

}  // namespace assay
