// What the corruptions of this folder share: a picture as floats, and one function a type.
#pragma once

#include <opencv2/core.hpp>

#include "assay/base/seed.h"
#include "assay/imaging/corruption/corruption.h"

namespace assay::imaging {

// CV_32FC3, RGB in [0,1]; changed in place or replaced. `p`: the type's parameters in the table's order.
using Kernel = cv::Mat (*)(const cv::Mat& x, std::span<const double> p, Stream& stream);

cv::Mat with_gaussian_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_shot_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_impulse_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_speckle_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);

cv::Mat with_defocus_blur(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_glass_blur(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_motion_blur(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_zoom_blur(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_gaussian_blur(const cv::Mat& x, std::span<const double> p, Stream& stream);

cv::Mat with_snow(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_frost(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_fog(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_spatter(const cv::Mat& x, std::span<const double> p, Stream& stream);

cv::Mat with_brightness(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_contrast(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_elastic_transform(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_pixelation(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_jpeg_compression(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_saturation(const cv::Mat& x, std::span<const double> p, Stream& stream);

cv::Mat with_single_frequency(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_sine_rings(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_brownish_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_blue_noise_holes(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_checkerboard_cutout(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_sparkles(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_inverse_sparkles(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_perlin_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_plasma_noise(const cv::Mat& x, std::span<const double> p, Stream& stream);
cv::Mat with_caustic_refraction(const cv::Mat& x, std::span<const double> p, Stream& stream);

// Gaussian of standard deviation sigma, cut at int(truncate · sigma + 0.5), its border repeated or mirrored.
enum class Beyond { kRepeated, kMirrored };
cv::Mat smoothed(const cv::Mat& x, double sigma, double truncate, Beyond beyond);
// The same picture drawn along a line, one-sided, as ImageMagick does; any number of channels.
cv::Mat drawn_along(const cv::Mat& x, double radius, double sigma, double degrees);
// The centre enlarged by `factor` ≥ 1, same size; any number of channels.
cv::Mat centre_enlarged(const cv::Mat& x, double factor);
// Values to 8 bits by truncation, and back to [0,1].
cv::Mat to_levels(const cv::Mat& x);  // CV_8UC(n)
// [rows][cols] of normal draws.
cv::Mat normal_field(int rows, int cols, double mean, double deviation, Stream& stream);
// Diamond-square height map of side 2^k, in [0,1]; the wobble is divided by `decay` at each halving.
cv::Mat plasma(int side, double decay, Stream& stream);

}  // namespace assay::imaging
