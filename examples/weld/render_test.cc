#include "render.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include "assay/base/file.h"
#include "assay/imaging/csv.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/files_test.h"
#include "request.h"

namespace weld {
namespace {

using assay::imaging::Picture;
using assay::imaging::TemporaryFolder;

constexpr int kSize = 128;

Frame frame_with(std::int64_t index, std::map<std::size_t, double> set) {
  return make_frame({.seed = 3, .flaws = 0, .set = std::move(set)}, index);
}

bool same(const Drawn& a, const Drawn& b) {
  return a.raw.mosaic == b.raw.mosaic && a.picture.bytes == b.picture.bytes &&
         a.mask.bytes == b.mask.bytes && a.defect.bytes == b.defect.bytes;
}

double share(const Picture& mask) {
  const auto marked = std::count(mask.bytes.begin(), mask.bytes.end(), 255);
  return static_cast<double>(marked) / static_cast<double>(mask.bytes.size());
}

TEST(Counterfactuals, ACauseOfWhatIsNotInThePictureChangesNoPixel) {
  struct Case {
    std::size_t cause;
    double a, b;
    std::map<std::size_t, double> given;
  };
  const std::vector<Case> cases{
      {cause("hole_across"), 0, 2, {{cause("hole_diameter"), 0}, {cause("sag_depth"), 0}}},
      {cause("pore_diameter"), 0.2, 0.9, {{cause("pore_count"), 0}}},
      {cause("spatter_diameter"), 0.2, 0.9, {{cause("spatter_count"), 0}}},
      {cause("unfused_gap"), 0.1, 0.4, {{cause("unfused_length"), 0}}},
      {cause("groove_width"), 0.2, 0.7, {{cause("groove_depth"), 0}}},
      // A hole of 1 mm at 10 mm, where only 10 mm are in sight.
      {cause("hole_diameter"),
       0.7,
       1.1,
       {{cause("hole_along"), 10}, {cause("sag_depth"), 0}, {cause("field_of_view"), 10}}},
      {cause("unfused_gap"),
       0.1,
       0.4,
       {{cause("unfused_along"), 15}, {cause("unfused_length"), 2}, {cause("field_of_view"), 10}}},
  };
  for (std::int64_t index = 0; index < 6; ++index)
    for (const Case& c : cases) {
      auto a = c.given, b = c.given;
      a[c.cause] = c.a;
      b[c.cause] = c.b;
      EXPECT_TRUE(same(draw(frame_with(index, a), kSize), draw(frame_with(index, b), kSize)))
          << cause_table()[c.cause].name << ", picture " << index;
    }
}

TEST(Counterfactuals, LightAndSensorLeaveTheMasksBitEqual) {
  const std::vector<std::pair<std::size_t, double>> changes{
      {cause("exposure"), -3},   {cause("light_azimuth"), 200}, {cause("light_elevation"), 30},
      {cause("ambient"), 0.9},   {cause("arc_glow"), 1},        {cause("light_temperature"), 2500},
      {cause("defocus"), 300},   {cause("vignetting"), 2},      {cause("white_balance"), 60},
      {cause("full_well"), 900}, {cause("read_noise"), 40},     {cause("row_noise"), 20}};
  for (std::int64_t index = 0; index < 6; ++index) {
    const Drawn before = draw(frame_with(index, {}), kSize);
    for (const auto& [cause, value] : changes) {
      const Drawn after = draw(frame_with(index, {{cause, value}}), kSize);
      EXPECT_EQ(before.mask.bytes, after.mask.bytes) << cause_table()[cause].name;
      EXPECT_EQ(before.defect.bytes, after.defect.bytes) << cause_table()[cause].name;
      EXPECT_NE(before.picture.bytes, after.picture.bytes) << cause_table()[cause].name;
    }
  }
}

TEST(Counterfactuals, OneMorePoreChangesThePictureAroundItAlone) {
  for (int count = 3; count < 9; ++count) {
    const auto pores = [count](int more) {
      return draw(frame_with(2, {{cause("pore_count"), count + more}}), 256);
    };
    const Drawn before = pores(0), after = pores(1);
    int top = 256, left = 256, bottom = -1, right = -1;
    for (int y = 0; y < 256; ++y)
      for (int x = 0; x < 256; ++x) {
        const auto i = static_cast<std::size_t>(256 * y + x);
        if (before.raw.mosaic[i] == after.raw.mosaic[i]) continue;
        top = std::min(top, y), bottom = std::max(bottom, y);
        left = std::min(left, x), right = std::max(right, x);
      }
    // A pore of at most 0.7 mm, the shadow and cavity of 1.3 mm around it, blur: 3.5 mm or 45 px.
    EXPECT_LT(bottom - top, 45) << count;
    EXPECT_LT(right - left, 45) << count;
  }
}

TEST(Counterfactuals, EveryCauseOfTheSurfaceChangesSomething) {
  // Where it acts: a frame with everything in it.
  const std::map<std::size_t, double> rich{
      {cause("hole_diameter"), 2},  {cause("sag_depth"), 0.4},    {cause("soot_cover"), 0.2},
      {cause("pore_count"), 8},     {cause("spatter_count"), 8},  {cause("scratch_count"), 3},
      {cause("unfused_length"), 8}, {cause("groove_depth"), 0.3}, {cause("seam_offset"), 3.2},
      {cause("step_height"), 0.6},  {cause("arc_glow"), 0.4},     {cause("heat_tint"), 30},
      {cause("sticker_size"), 1},   {cause("plate_number"), 123}, {cause("hole_along"), 0}};
  const Drawn before = draw(frame_with(0, rich), kSize);
  for (std::size_t c = 4; c < kCauses; ++c) {
    if (c == cause("label_error") || c == cause("duplicate")) continue;
    const CauseRow& row = cause_table()[c];
    auto changed = rich;
    const double now = frame_with(0, rich).causes[c];
    changed[c] = row.words.empty() && !row.unit.empty()
                     ? now + 0.1 * (now < (row.low + row.high) / 2 ? 1 : -1) * (row.high - row.low)
                     : (row.words.empty() ? now + 10 : row.low + row.high - now);
    EXPECT_FALSE(same(before, draw(frame_with(0, changed), kSize))) << row.name;
  }
}

TEST(Files, AreTheSameForAnyNumberOfThreads) {
  TemporaryFolder one, other;
  DrawRequest request;
  request.plan = {.seed = 8, .flaws = kPlate | kSticker, .set = {}};
  request.count = 25;
  request.size = 64;
  const auto files = [](const std::string& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file())
        all[std::filesystem::relative(entry.path(), folder)] =
            assay::read_file(entry.path().string());
    return all;
  };
  request.threads = 1;
  request.out = one.path();
  write_pictures(request);
  const auto wanted = files(one.path());
  EXPECT_EQ(wanted.size(), 25 * 5 + 1);
  for (const int threads : {2, 3}) {
    request.threads = threads;
    request.out = other.path();
    write_pictures(request);
    EXPECT_EQ(files(other.path()), wanted) << threads;
  }
}

TEST(Files, AFolderThatCannotBeWrittenIsOneClearLine) {
  DrawRequest request;
  request.count = 1;
  request.size = 32;
  request.out = "/dev/null/weld";
  EXPECT_EQ(assay::imaging::error_of([&] { write_pictures(request); }),
            "/dev/null/weld: cannot be written: Not a directory");
}

// A sidecar as a stranger would read it.
struct ReadSidecar {
  double black, white;
  std::string cfa;
  std::vector<double> numbers;  // white balance, then the matrix by rows
};

ReadSidecar read_sidecar(const std::string& file) {
  const std::string text = assay::read_file(file);
  const auto after = [&text](const std::string& key) {
    return text.substr(text.find(key + ":") + key.size() + 1);
  };
  ReadSidecar sidecar{std::stod(after("black_level")),
                      std::stod(after("white_level")),
                      after("cfa").substr(1, 4),
                      {}};
  for (std::size_t at = text.find('['); at != std::string::npos; at = text.find('[', at + 1)) {
    std::string list = text.substr(at + 1);
    for (int i = 0; i < 3; ++i) {
      std::size_t used = 0;
      sidecar.numbers.push_back(std::stod(list, &used));
      list = list.substr(used + 1);
    }
  }
  return sidecar;
}

// The reference development as develop.h tells it, pixel by pixel in double precision.
std::array<double, 3> developed(const Picture& raw, const ReadSidecar& s, int row, int column) {
  const auto mirror = [](int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; };
  const auto colour = [&s](int y, int x) {
    return std::string("RGB").find(s.cfa[static_cast<std::size_t>(2 * (y % 2) + x % 2)]);
  };
  std::array<double, 3> camera{};
  for (std::size_t c = 0; c < 3; ++c) {
    // The nearest neighbours of that colour: itself, else beside, above and below, else diagonal.
    for (const int ring : {0, 1, 2}) {
      double sum = 0;
      int count = 0;
      for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {
          const int y = mirror(row + dy, raw.height), x = mirror(column + dx, raw.width);
          if (std::abs(dy) + std::abs(dx) != ring || colour(y, x) != c) continue;
          const auto i = 2 * static_cast<std::size_t>(y * raw.width + x);
          const double value = raw.bytes[i] + 256 * raw.bytes[i + 1];
          sum += std::min(1.0, s.numbers[c] * (value - s.black) / (s.white - s.black));
          ++count;
        }
      if (count == 0) continue;
      camera[c] = sum / count;
      break;
    }
  }
  std::array<double, 3> rgb{};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 3; ++c) rgb[r] += s.numbers[3 + 3 * r + c] * camera[c];
    const double v = std::clamp(rgb[r], 0.0, 1.0);
    rgb[r] = 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055);
  }
  return rgb;
}

TEST(Files, TheRawFrameAndItsSidecarDevelopToThePicture) {
  for (const int size : {64, 65}) {
    TemporaryFolder folder;
    DrawRequest request;
    request.plan = {.seed = 21, .flaws = 0, .set = {{cause("exposure"), 0.6}}};  // some burn out
    request.count = 8;
    request.size = size;
    request.out = folder.path();
    write_pictures(request);
    for (int i = 0; i < request.count; ++i) {
      const std::string stem = "00000" + std::to_string(i);
      const auto read = [&](const std::string& name) {
        return assay::imaging::decode(assay::read_file(folder / name), name);
      };
      const Picture raw = read("raw/" + stem + ".tiff"), png = read("pictures/" + stem + ".png");
      ASSERT_EQ(raw.bits, 16);
      ASSERT_EQ(raw.channels, 1);
      const ReadSidecar sidecar = read_sidecar(folder / ("raw/" + stem + ".yaml"));
      ASSERT_EQ(sidecar.numbers.size(), 12u);
      for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x) {
          const auto rgb = developed(raw, sidecar, y, x);
          for (std::size_t c = 0; c < 3; ++c)
            ASSERT_NEAR(png.bytes[static_cast<std::size_t>(3 * (y * size + x)) + c], rgb[c], 1)
                << "picture " << i << ", row " << y << ", column " << x << ", channel " << c;
        }
    }
  }
}

TEST(Files, TheManifestNamesEveryFileAndEveryCause) {
  const Plan plan{.seed = 5, .flaws = kWrongLabels, .set = {}};
  const auto records = assay::imaging::parse_csv(manifest_text(plan, 100), "manifest");
  ASSERT_EQ(records.size(), 101u);
  const auto& header = records[0].fields;
  for (const char* name :
       {"path", "raw", "label", "mask", "defect_mask", "cluster", "camera", "shift", "line"})
    EXPECT_EQ(std::count(header.begin(), header.end(), name), 1) << name;
  for (const CauseRow& row : cause_table())
    EXPECT_EQ(std::count(header.begin(), header.end(), row.name), 1) << row.name;
  for (const auto& record : records) EXPECT_EQ(record.fields.size(), header.size());
}

TEST(Sensor, NoiseHasTheStatedVariance) {
  // The same scene exposed many times: only the noise differs.
  Frame frame = frame_with(0, {{cause("read_noise"), 12}, {cause("row_noise"), 0}});
  constexpr int kTimes = 24;
  std::vector<double> sum(kSize * kSize), squares(kSize * kSize);
  RawFrame raw;
  for (int k = 0; k < kTimes; ++k) {
    frame.index = 1000 + k;
    raw = draw(frame, kSize).raw;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += raw.mosaic[i];
      squares[i] += static_cast<double>(raw.mosaic[i]) * raw.mosaic[i];
    }
  }
  const double counts =
      (raw.sidecar.white_level - raw.sidecar.black_level) / frame[cause("full_well")];
  double ratio = 0;
  int used = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double mean = sum[i] / kTimes;
    if (mean > 3000) continue;  // clipping would cut the noise
    const double variance = (squares[i] - kTimes * mean * mean) / (kTimes - 1);
    const double electrons = (mean - raw.sidecar.black_level) / counts;
    ratio += variance / (counts * counts * (electrons + 144) + 1.0 / 12);
    ++used;
  }
  // Each of the ratios has deviation sqrt(2 / 23); four standard errors of their mean.
  EXPECT_GT(used, 10'000);
  EXPECT_NEAR(ratio / used, 1, 4 * std::sqrt(2.0 / (kTimes - 1) / used));
}

TEST(Sensor, ExposureDoublesTheLight) {
  const auto mean = [](double ev) {
    const RawFrame raw = draw(frame_with(0, {{cause("exposure"), ev}}), kSize).raw;
    double sum = 0;
    for (const auto v : raw.mosaic) sum += v - raw.sidecar.black_level;
    return sum / static_cast<double>(raw.mosaic.size());
  };
  EXPECT_NEAR(mean(-2) / mean(-3), 2, 0.01);
}

TEST(Sensor, ABlackBodyHasTheColoursOfTheStandard) {
  // CIE 15: chromaticity (0.3101, 0.3162) of illuminant C is near 6774 K; a black body of 6500 K is
  // within a few percent of sRGB's white, one of 2856 K (illuminant A) has x 0.4476, y 0.4074.
  for (const double v : black_body(6500)) EXPECT_NEAR(v, 1, 0.06);
  const Rgb a = black_body(2856);
  const double x = 0.4124 * a[0] + 0.3576 * a[1] + 0.1805 * a[2],
               y = 0.2126 * a[0] + 0.7152 * a[1] + 0.0722 * a[2],
               z = 0.0193 * a[0] + 0.1192 * a[1] + 0.9505 * a[2];
  EXPECT_NEAR(x / (x + y + z), 0.4476, 0.002);
  EXPECT_NEAR(y / (x + y + z), 0.4074, 0.002);
}

TEST(Masks, GoodSeamsHaveNoDefectAndTheOthersHaveOneOnTheSeam) {
  std::array<int, kClasses> marked{};
  constexpr int kOfEach = 24;
  for (std::int64_t i = 0; i < kOfEach * kClasses; ++i) {
    const Frame frame = make_frame({.seed = 31, .flaws = 0, .set = {}}, i);
    const Drawn drawn = draw(frame, 64);
    marked[static_cast<std::size_t>(frame.label)] += share(drawn.defect) > 0;
    EXPECT_GT(share(drawn.mask), 0.25);
    EXPECT_LT(share(drawn.mask), 0.9);
    EXPECT_LT(share(drawn.defect), 0.5);
    for (std::size_t p = 0; p < drawn.mask.bytes.size(); ++p)
      ASSERT_GE(drawn.mask.bytes[p], drawn.defect.bytes[p]);
  }
  EXPECT_EQ(marked[0], 0);
  // A hole or a lack of fusion may lie outside the picture, which then shows none.
  for (std::size_t c = 1; c < kClasses; ++c) EXPECT_GE(marked[c], kOfEach - 2) << c;
}

TEST(Pictures, OfAnySizeFrom100PixelsShowTheSameScene) {
  const Frame frame = frame_with(4, {{cause("full_well"), 200000}});
  const auto thirds = [&frame](int size) {  // mean green in nine parts
    const Drawn drawn = draw(frame, size);
    std::array<double, 9> sums{};
    std::array<int, 9> counts{};
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x) {
        const auto part = static_cast<std::size_t>(3 * y / size * 3 + 3 * x / size);
        sums[part] += drawn.picture.bytes[static_cast<std::size_t>(3 * (y * size + x) + 1)];
        ++counts[part];
      }
    for (std::size_t i = 0; i < 9; ++i) sums[i] /= counts[i];
    return sums;
  };
  const auto wanted = thirds(256);
  for (const int size : {100, 131, 500}) {
    const auto got = thirds(size);
    for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(got[i], wanted[i], 8) << size << ", " << i;
  }
}

TEST(Labels, PlateAndStickerChangeTheirCornersAlone) {
  const Drawn plain = draw(frame_with(0, {}), 256);
  const Drawn labelled = draw(frame_with(0, {{cause("plate_number"), 417}}), 256);
  int outside = 0, inside = 0;
  for (int y = 0; y < 256; ++y)
    for (int x = 0; x < 256; ++x) {
      const auto i = static_cast<std::size_t>(256 * y + x);
      const bool corner = y < 52 && x < 80;
      (corner ? inside : outside) += plain.raw.mosaic[i] != labelled.raw.mosaic[i];
    }
  EXPECT_EQ(outside, 0);
  EXPECT_GT(inside, 1500);
}

TEST(Extremes, EveryCauseAtTheEndsOfItsSupportDrawsAPicture) {
  for (std::size_t c = 0; c < kCauses; ++c)
    for (const double value : {cause_table()[c].low, cause_table()[c].high}) {
      const Drawn drawn = draw(frame_with(30, {{c, value}}), 48);
      for (const auto count : drawn.raw.mosaic)
        ASSERT_LE(count, drawn.raw.sidecar.white_level) << cause_table()[c].name;
    }
}

}  // namespace
}  // namespace weld
