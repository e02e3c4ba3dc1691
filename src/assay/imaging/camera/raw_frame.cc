#include "assay/imaging/camera/raw_frame.h"

#include <libraw/libraw.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>

#include "assay/base/error.h"
#include "assay/base/memory_budget.h"

namespace assay::imaging {

namespace {

// LibRaw keeps the mosaic and some tables beside it.
constexpr std::uint64_t kBytesAPixel = 4;
constexpr std::int64_t kMostRawPixels = std::int64_t{1} << 28;

void must(int status, const std::string& name, const char* what) {
  if (status == LIBRAW_SUCCESS) return;
  if (status == LIBRAW_FILE_UNSUPPORTED) throw InputError(name, "is no RAW file of a known camera");
  throw InputError(name, std::string(what) + ": " + libraw_strerror(status));
}

std::array<double, 3> gains(const float* multipliers) {
  double least = 0;
  for (int c = 0; c < 3; ++c)
    if (const auto v = static_cast<double>(multipliers[c]); v > 0 && (least == 0 || v < least))
      least = v;
  std::array<double, 3> all{1, 1, 1};
  for (std::size_t c = 0; c < 3; ++c)
    if (const auto v = static_cast<double>(multipliers[c]); least > 0 && v > 0) all[c] = v / least;
  return all;
}

Cfa cfa_of(LibRaw& raw, const std::string& name) {
  std::string word;
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 2; ++x) {
      const int c = raw.COLOR(y, x);
      word += c == 0 ? 'R' : c == 2 ? 'B' : 'G';
    }
  return cfa_named(word, name);
}

// Common, by colour, and by place: they add up.
std::array<double, 4> black_levels(LibRaw& raw) {
  const auto& c = raw.imgdata.color;
  const unsigned rows = c.cblack[4], cols = c.cblack[5];
  std::array<double, 4> levels{};
  for (unsigned y = 0; y < 2; ++y)
    for (unsigned x = 0; x < 2; ++x) {
      double level = c.black;
      level += c.cblack[std::min(3, raw.COLOR(static_cast<int>(y), static_cast<int>(x)))];
      if (rows > 0 && cols > 0 && rows <= 64 && cols <= 64)
        level += c.cblack[6 + (y % rows) * cols + x % cols];
      levels[2 * y + x] = level;
    }
  return levels;
}

void refuse_levels(const Sensor& sensor, const std::string& name) {
  for (const double black : sensor.black)
    if (!(std::isfinite(black) && sensor.white > black))
      throw InputError(name, "the white level, " + std::to_string(sensor.white) +
                                 ", must lie above the black level, " + std::to_string(black));
}

}  // namespace

at::Tensor RawFrame::visible() const {
  at::Tensor out = at::empty({1, 1, visible_height, visible_width}, at::kFloat);
  auto* to = out.data_ptr<float>();
  for (int y = 0; y < visible_height; ++y) {
    const auto* from = counts.data() + static_cast<std::ptrdiff_t>(top + y) * width + left;
    to = std::transform(from, from + visible_width, to,
                        [](std::uint16_t v) { return static_cast<float>(v); });
  }
  return out;
}

RawFrame read_raw(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) throw InputError(name, "is empty");
  // Too large for most stacks.
  const auto raw = std::make_unique<LibRaw>(LIBRAW_OPIONS_NO_DATAERR_CALLBACK);
  const auto most_mb =
      static_cast<unsigned>(std::clamp<std::uint64_t>(memory_budget() >> 20, 1, 1 << 14));
#if LIBRAW_COMPILE_CHECK_VERSION_NOTLESS(0, 21)
  raw->imgdata.rawparams.max_raw_memory_mb = most_mb;
#else
  raw->imgdata.params.max_raw_memory_mb = most_mb;
#endif
  must(raw->open_buffer(const_cast<char*>(bytes.data()), bytes.size()), name, "cannot be read");
  const auto& sizes = raw->imgdata.sizes;
  const std::int64_t pixels = std::int64_t{sizes.raw_width} * sizes.raw_height;
  if (pixels > kMostRawPixels ||
      static_cast<std::uint64_t>(pixels) * kBytesAPixel > memory_budget())
    throw InputError(name, "has " + std::to_string(pixels) +
                               " pixels, more than the memory budget allows (--max-memory)");
  must(raw->unpack(), name, "cannot be unpacked");
  const auto* mosaic = raw->imgdata.rawdata.raw_image;
  if (!mosaic) throw InputError(name, "holds no mosaic: its data are already developed to colours");
  if (raw->imgdata.idata.filters < 1000 || raw->imgdata.idata.colors != 3)
    throw InputError(name, "has no Bayer filter; other sensors are not developed here");
  // A file may end early: LibRaw counts what it missed and fills with what was there.
  if (raw->error_count() > 0) throw InputError(name, "is damaged or truncated");
  RawFrame frame;
  frame.height = sizes.raw_height;
  frame.width = sizes.raw_width;
  frame.top = sizes.top_margin;
  frame.left = sizes.left_margin;
  frame.visible_height = std::min<int>(sizes.height, frame.height - frame.top);
  frame.visible_width = std::min<int>(sizes.width, frame.width - frame.left);
  if (frame.visible_height < 4 || frame.visible_width < 4)
    throw InputError(name, "has no visible area of 4 × 4 px");
  frame.counts.reserve(static_cast<std::size_t>(pixels));
  const std::size_t pitch = sizes.raw_pitch > 0 ? sizes.raw_pitch / sizeof(std::uint16_t)
                                                : static_cast<std::size_t>(frame.width);
  for (int y = 0; y < frame.height; ++y)
    frame.counts.insert(frame.counts.end(), mosaic + static_cast<std::size_t>(y) * pitch,
                        mosaic + static_cast<std::size_t>(y) * pitch + frame.width);
  const auto& color = raw->imgdata.color;
  Sensor& s = frame.sensor;
  s.cfa = cfa_of(*raw, name);
  s.black = black_levels(*raw);
  s.white = color.maximum;
  refuse_levels(s, name);
  s.as_shot = gains(color.cam_mul);
  s.daylight = gains(color.pre_mul);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      s.to_srgb[3 * i + k] = static_cast<double>(color.rgb_cam[i][k]);
  frame.maker = raw->imgdata.idata.make;
  frame.model = raw->imgdata.idata.model;
  frame.flip = sizes.flip;
  frame.iso = static_cast<double>(raw->imgdata.other.iso_speed);
  frame.seconds = static_cast<double>(raw->imgdata.other.shutter);
  return frame;
}

RawFrame raw_of_mosaic(const Picture& picture, const Sensor& sensor, const std::string& name) {
  if (picture.channels != 1)
    throw InputError(name,
                     "has " + std::to_string(picture.channels) + " channels; a mosaic has one");
  if (picture.height < 4 || picture.width < 4)
    throw InputError(name, "is too small for a mosaic; wanted at least 4 × 4 px");
  refuse_levels(sensor, name);
  RawFrame frame;
  frame.height = frame.visible_height = picture.height;
  frame.width = frame.visible_width = picture.width;
  frame.sensor = sensor;
  const std::size_t n =
      static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width);
  frame.counts.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    frame.counts[i] =
        picture.bits == 16
            ? static_cast<std::uint16_t>(picture.bytes[2 * i] | picture.bytes[2 * i + 1] << 8)
            : picture.bytes[i];
  return frame;
}

bool has_raw_extension(std::string_view path) {
  static constexpr std::string_view kExtensions[] = {
      ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".raf", ".orf",
      ".rw2", ".pef", ".kdc", ".dcr", ".srw", ".3fr", ".iiq", ".mrw", ".erf", ".x3f"};
  std::string end(path.substr(path.size() < 4 ? 0 : path.size() - 4));
  for (char& c : end) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(std::begin(kExtensions), std::end(kExtensions), end) != std::end(kExtensions);
}

}  // namespace assay::imaging
