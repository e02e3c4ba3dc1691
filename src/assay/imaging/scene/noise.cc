// What the sensor adds. A draw is a function of (seed, factor, the picture's draw), whatever the batch.
#include "assay/base/seed.h"
#include "assay/imaging/scene/stages.h"

namespace assay::imaging {

namespace {

// Like `pixels`, each row drawn by its own stream.
template <typename Draw>
at::Tensor drawn(const at::Tensor& pixels, const char* factor, std::uint64_t seed,
                 std::span<const std::uint64_t> draws, Draw draw) {
  at::Tensor noise = at::empty(pixels.sizes(), pixels.options().dtype(at::kFloat));
  const auto each = static_cast<std::size_t>(noise.numel() / noise.size(0));
  for (std::size_t i = 0; i < draws.size(); ++i) {
    Stream stream(seed, factor, draws[i]);
    float* row = noise.data_ptr<float>() + i * each;
    draw(stream, std::span(row, each));
  }
  return noise.to(pixels.scalar_type());
}

}  // namespace

at::Tensor normals(std::int64_t count, const char* factor, std::uint64_t seed,
                   std::span<const std::uint64_t> draws) {
  const at::Tensor like = at::empty({static_cast<std::int64_t>(draws.size()), count}, at::kFloat);
  return drawn(like, factor, seed, draws,
               [](Stream& s, std::span<float> row) { s.fill_normal(row); });
}

at::Tensor noisy(const at::Tensor& pixels, const Theta& theta, const SceneOptions& options,
                 std::span<const std::uint64_t> draws) {
  at::Tensor x = pixels;
  const auto normal = [&](const char* factor) {
    return drawn(x, factor, options.seed, draws,
                 [](Stream& s, std::span<float> row) { s.fill_normal(row); });
  };
  // sqrt(v) has no derivative at 0, where there is no light to be noisy.
  if (theta.has("shot_noise"))
    x = x + per_picture(theta("shot_noise")) * at::sqrt(x.clamp_min(1e-8)) * normal("shot_noise");
  if (theta.has("gaussian_noise"))
    x = x + per_picture(theta("gaussian_noise")) * normal("gaussian_noise");
  if (theta.has("speckle_noise"))
    x = x + per_picture(theta("speckle_noise")) * x * normal("speckle_noise");
  if (theta.has("impulse_noise")) {
    const at::Tensor u =
        drawn(x, "impulse_noise", options.seed, draws, [](Stream& s, std::span<float> row) {
          for (float& v : row) v = static_cast<float>(s.uniform());
        });
    const at::Tensor half = per_picture(theta("impulse_noise")) / 2;
    x = at::where(u.lt(half), at::zeros_like(x), at::where(u.ge(1 - half), at::ones_like(x), x));
  }
  return x.clamp(0, 1);
}

}  // namespace assay::imaging
