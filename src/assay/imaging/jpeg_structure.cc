#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/imaging/byte_reader.h"
#include "assay/imaging/file_structure.h"
#include "assay/imaging/jpeg_scan.h"

namespace assay::imaging {
namespace {

using std::string_view_literals::operator""sv;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

enum Marker : int {
  kStartOfFrame0 = 0xC0,
  kProgressive = 0xC2,
  kHuffmanTables = 0xC4,
  kStartOfFrame15 = 0xCF,
  kArithmetic = 0xC9,
  kArithmeticProgressive = 0xCA,
  kArithmeticTables = 0xCC,
  kRestart0 = 0xD0,
  kRestart7 = 0xD7,
  kStartOfImage = 0xD8,
  kEndOfImage = 0xD9,
  kStartOfScan = 0xDA,
  kRestartInterval = 0xDD,
  kApplication1 = 0xE1,
};

class JpegWalk {
 public:
  JpegWalk(std::string_view bytes, const std::string& name)
      : bytes_(bytes), in_(bytes, ByteOrder::kBig, "JPEG", name), name_(name) {}

  FileStructure run() {
    std::uint64_t at = 2;
    while (true) {
      const int marker = next_marker(at);
      if (marker == kEndOfImage) break;
      if (marker == kStartOfImage) in_.damaged("a second picture begins inside the first");
      if (marker >= kRestart0 && marker <= kRestart7) continue;
      const std::uint64_t length = in_.u16(at);
      if (length < 2) in_.damaged("a segment of " + std::to_string(length) + " bytes");
      const std::string_view segment = in_.bytes(at + 2, length - 2);
      at += length;
      if (marker == kHuffmanTables) {
        read_tables(segment);
      } else if (marker == kRestartInterval) {
        if (segment.size() < 2) in_.damaged("its restart interval");
        frame_.restart_interval = u8(segment, 0) << 8 | u8(segment, 1);
      } else if (marker >= kStartOfFrame0 && marker <= kStartOfFrame15 &&
                 marker != kArithmeticTables) {
        read_frame(marker, segment);
      } else if (marker == kStartOfScan) {
        at = read_scan(segment, at);
      } else if (marker == kApplication1 && segment.starts_with("Exif\0\0"sv)) {
        structure_.orientation = exif_orientation(segment);
      }
    }
    if (frame_.components.empty()) in_.damaged("no picture in it");
    for (const JpegComponent& c : frame_.components)
      if (!c.scanned) in_.damaged("a colour is missing");
    if (!structure_.substitute.empty()) structure_.substitute += bytes_.substr(copied_to_);
    return std::move(structure_);
  }

 private:
  static int u8(std::string_view s, std::size_t at) { return static_cast<unsigned char>(s[at]); }

  // The marker at `at`, which moves behind it; FF may repeat before it.
  int next_marker(std::uint64_t& at) {
    if (in_.u8(at) != 0xFF) in_.damaged("no marker at byte " + std::to_string(at));
    while (in_.u8(at) == 0xFF) ++at;
    return in_.u8(at++);
  }

  void read_tables(std::string_view s) {
    while (!s.empty()) {
      if (s.size() < 17) in_.damaged("its Huffman tables");
      const int where = u8(s, 0);
      const std::string_view counts = s.substr(1, 16);
      std::size_t n = 0;
      for (std::size_t i = 0; i < 16; ++i) n += static_cast<std::size_t>(u8(counts, i));
      if (n > 256 || s.size() < 17 + n || (where & 0xF) > 3 || where >> 4 > 1 ||
          !HuffmanTable::fits(counts))
        in_.damaged("its Huffman tables");
      tables_[static_cast<std::size_t>(where >> 4)][static_cast<std::size_t>(where & 3)].emplace(
          counts, s.substr(17, n));
      s.remove_prefix(17 + n);
    }
  }

  void read_frame(int marker, std::string_view s) {
    const bool huffman = marker <= kProgressive;
    arithmetic_ = marker == kArithmetic || marker == kArithmeticProgressive;
    if (!huffman && !arithmetic_) in_.unsupported("a lossless or hierarchical JPEG");
    if (!frame_.components.empty()) in_.damaged("two frames");
    if (s.size() < 6) in_.damaged("its frame header");
    if (u8(s, 0) != 8) in_.unsupported("a JPEG of " + std::to_string(u8(s, 0)) + " bits");
    frame_.height = u8(s, 1) << 8 | u8(s, 2);
    frame_.width = u8(s, 3) << 8 | u8(s, 4);
    const auto n = static_cast<std::size_t>(u8(s, 5));
    check_extent(static_cast<std::uint64_t>(frame_.height),
                 static_cast<std::uint64_t>(frame_.width), name_);
    if (n != 1 && n != 3 && n != 4)
      in_.unsupported("a JPEG of " + std::to_string(n) + " colour components");
    if (s.size() < 6 + 3 * n) in_.damaged("its frame header");
    frame_.progressive = marker == kProgressive;
    int across = 1, down = 1;
    for (std::size_t i = 0; i < n; ++i) {
      JpegComponent c;
      c.id = u8(s, 6 + 3 * i);
      c.across = u8(s, 7 + 3 * i) >> 4;
      c.down = u8(s, 7 + 3 * i) & 0xF;
      if (c.across < 1 || c.across > 4 || c.down < 1 || c.down > 4) in_.damaged("its frame header");
      across = std::max(across, c.across);
      down = std::max(down, c.down);
      frame_.components.push_back(c);
    }
    frame_.mcus_x = divide_up(frame_.width, 8 * across);
    frame_.mcus_y = divide_up(frame_.height, 8 * down);
    for (JpegComponent& c : frame_.components) {
      c.blocks_x = divide_up(divide_up(std::int64_t{frame_.width} * c.across, across), 8);
      c.blocks_y = divide_up(divide_up(std::int64_t{frame_.height} * c.down, down), 8);
      c.stride = frame_.mcus_x * c.across;
      if (frame_.progressive)
        c.nonzero.assign(static_cast<std::size_t>(c.stride * frame_.mcus_y * c.down), 0);
    }
    structure_.height = frame_.height;
    structure_.width = frame_.width;
  }

  const HuffmanTable* table(int kind, int index) {
    const auto& t = tables_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(index & 3)];
    if (!t) in_.damaged("a Huffman table is missing");
    return &*t;
  }

  // Walks the scan whose header is `s`; returns the place of the marker after it.
  std::uint64_t read_scan(std::string_view s, std::uint64_t at) {
    constexpr int kMostScans =
        1000;  // each costs a pass of the decoder: a few bytes could keep it busy for hours
    if (++scans_ > kMostScans) in_.unsupported("a JPEG of more than 1000 scans");
    if (frame_.components.empty()) in_.damaged("a scan before the frame header");
    const auto n = static_cast<std::size_t>(s.empty() ? 0 : u8(s, 0));
    if (n < 1 || n > 4 || s.size() < 4 + 2 * n) in_.damaged("a scan header");
    JpegScan scan;
    if (frame_.progressive) {
      scan.first = u8(s, 1 + 2 * n);
      scan.last = u8(s, 2 + 2 * n);
      scan.high = u8(s, 3 + 2 * n) >> 4;
      scan.low = u8(s, 3 + 2 * n) & 0xF;
      if (scan.first > scan.last || scan.last > 63 || (scan.first == 0 && scan.last != 0) ||
          (scan.first > 0 && n > 1))
        in_.damaged("a scan header");
    }
    const bool wants_dc = scan.first == 0 && scan.high == 0;
    const bool wants_ac = scan.last > 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto c = std::find_if(frame_.components.begin(), frame_.components.end(),
                                  [&](const JpegComponent& x) { return x.id == u8(s, 1 + 2 * i); });
      if (c == frame_.components.end()) in_.damaged("a scan header");
      if (wants_dc) c->scanned = true;
      const int selectors = u8(s, 2 + 2 * i);
      scan.parts.push_back({&*c, wants_dc && !arithmetic_ ? table(0, selectors >> 4) : nullptr,
                            wants_ac && !arithmetic_ ? table(1, selectors & 0xF) : nullptr});
    }
    std::uint64_t end = at;
    if (!arithmetic_) {
      const auto walked = walk_scan(bytes_, at, frame_, scan);
      if (!walked) {
        if (marker_after(at) == bytes_.size()) in_.truncated();
        in_.damaged("its picture data end early");
      }
      end = *walked;
    }
    const std::uint64_t marker = marker_after(end);
    if (marker == bytes_.size()) in_.truncated();
    if (marker > end && !arithmetic_) {
      // The picture is complete. The decoder would say on stderr that something follows it.
      structure_.substitute += bytes_.substr(copied_to_, end - copied_to_);
      copied_to_ = marker;
    }
    return marker;
  }

  // The first marker from `at` on that is no restart; the file's end if there is none.
  std::uint64_t marker_after(std::uint64_t at) const {
    while (true) {
      at = bytes_.find('\xFF', at);
      if (at == std::string_view::npos || at + 1 >= bytes_.size()) return bytes_.size();
      const int next = u8(bytes_, at + 1);
      if (next != 0 && next != 0xFF && (next < kRestart0 || next > kRestart7)) return at;
      ++at;
    }
  }

  std::string_view bytes_;
  ByteReader in_;
  const std::string& name_;
  FileStructure structure_;
  JpegFrame frame_;
  std::array<std::array<std::optional<HuffmanTable>, 4>, 2> tables_;  // DC, AC
  bool arithmetic_ = false;
  int scans_ = 0;
  std::uint64_t copied_to_ = 0;  // of bytes_, into the substitute
};

}  // namespace

FileStructure inspect_jpeg(std::string_view bytes, const std::string& name) {
  return JpegWalk(bytes, name).run();
}

}  // namespace assay::imaging
