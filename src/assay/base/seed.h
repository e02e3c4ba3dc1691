// Counter-based randomness: a draw depends on (seed, purpose, item, index) and on nothing else, so
// results are the same for any batch size, thread count, order or number of machines.
//
// Source: Philox4x32-10, Salmon et al. 2011 (salmon2011parallel).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace assay {

// Philox4x32-10: 128-bit counter and 64-bit key to 128 random bits.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// FNV-1a of a name, the way by which texts enter a key.
constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

// A stream of draws for one purpose. Copying it copies its position.
class Stream {
 public:
  // `seed` is the run's; `purpose` names the check or factor; `item` the image id, replicate or
  // unit.
  Stream(std::uint64_t seed, std::string_view purpose, std::uint64_t item = 0);

  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~std::uint64_t{0}; }
  std::uint64_t operator()();  // 64 random bits; usable with <random> distributions
  double uniform();            // [0, 1), 53 bits
  double normal();             // mean 0, standard deviation 1 (inverse-free Box–Muller)
  // Single precision, both values of each Box–Muller pair: a tenth of normal()'s time, for pictures of noise.
  void fill_normal(std::span<float> values);
  std::uint64_t below(std::uint64_t bound);  // unbiased integer in [0, bound), bound ≥ 1

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint64_t item_;
  std::uint64_t block_ = 0;
  std::array<std::uint32_t, 4> buffer_{};
  int used_ = 4;
};

}  // namespace assay
