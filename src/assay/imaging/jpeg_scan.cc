#include "assay/imaging/jpeg_scan.h"

#include <algorithm>
#include <cstring>

namespace assay::imaging {
namespace {

// Bits of an entropy-coded segment: FF00 stands for FF; the first marker ends it.
class BitReader {
 public:
  BitReader(std::string_view bytes, std::uint64_t at)
      : p_(reinterpret_cast<const unsigned char*>(bytes.data()) + at),
        begin_(reinterpret_cast<const unsigned char*>(bytes.data())),
        end_(begin_ + bytes.size()) {}

  // Makes at least 32 bits available, zeros beyond the end.
  void fill() {
    if (count_ >= 32) return;
    if (end_ - p_ >= 8) {
      std::uint64_t next;
      std::memcpy(&next, p_, 8);
      // A byte FF is a zero byte of the complement.
      if (((~next - 0x0101010101010101u) & next & 0x8080808080808080u) == 0) {
        const int bytes = (64 - count_) / 8;
        // What is shifted in beyond these bytes is shifted in again next time, at the same place.
        bits_ |= __builtin_bswap64(next) >> count_;
        p_ += bytes;
        count_ += 8 * bytes;
        return;
      }
    }
    while (count_ <= 56) {
      if (end_ - p_ > 0 && *p_ != 0xFF) {
        bits_ |= static_cast<std::uint64_t>(*p_++) << (56 - count_);
      } else if (end_ - p_ > 1 && p_[1] == 0) {
        bits_ |= std::uint64_t{0xFF} << (56 - count_);
        p_ += 2;
      } else {
        padding_ += 8;
      }
      count_ += 8;
    }
  }
  std::uint32_t peek(int n) const { return static_cast<std::uint32_t>(bits_ >> (64 - n)); }
  void skip(int n) {
    bits_ <<= n;
    count_ -= n;
  }
  std::uint32_t take(int n) {  // 1 to 16; after fill()
    const std::uint32_t v = peek(n);
    skip(n);
    return v;
  }
  // More bits were taken than there were.
  bool overrun() const { return padding_ > count_; }
  // Forgets the unused bits of the last byte and whole bytes read ahead, so that position() is the
  // next unread byte.
  void align() {
    const int unread = std::max(0, count_ - padding_) / 8;
    for (int i = 0; i < unread; ++i) p_ -= p_[-1] == 0 && p_[-2] == 0xFF ? 2 : 1;
    bits_ = 0;
    count_ = padding_ = 0;
  }
  bool skip_restart(int expected) {
    while (end_ - p_ > 1 && p_[0] == 0xFF && p_[1] == 0xFF) ++p_;
    if (end_ - p_ < 2 || p_[0] != 0xFF || p_[1] != 0xD0 + expected) return false;
    p_ += 2;
    return true;
  }
  std::uint64_t position() const { return static_cast<std::uint64_t>(p_ - begin_); }

 private:
  const unsigned char* p_;
  const unsigned char* begin_;
  const unsigned char* end_;
  std::uint64_t bits_ = 0;
  int count_ = 0;    // bits in bits_
  int padding_ = 0;  // of them, zeros that are not in the file
};

// The next code's symbol, and the value's bits that follow it are skipped; after fill(). Negative:
// no such code.
int symbol_and_value(BitReader& in, const HuffmanTable& table) {
  HuffmanTable::Code code = table.fast(in.peek(HuffmanTable::kFastBits));
  if (code.length == 0) code = table.slow(in.peek(16));
  if (code.length == 0) return -1;
  in.skip(code.length + (code.symbol & 15));
  return code.symbol;
}

class ScanWalk {
 public:
  ScanWalk(BitReader& in, const JpegScan& scan, bool progressive)
      : in_(in), scan_(scan), progressive_(progressive) {}

  void restart() { bands_ended_ = 0; }

  // False: a code that no table has, or coefficients beyond the last.
  bool block(const JpegScan::Part& part, std::int64_t x, std::int64_t y) {
    if (!progressive_) return dc(*part.dc) && ac(*part.ac, 1, 63, nullptr);
    if (scan_.first == 0) {
      if (scan_.high == 0) return dc(*part.dc);
      in_.fill();
      in_.skip(1);
      return true;
    }
    std::uint64_t& mask =
        part.component->nonzero[static_cast<std::size_t>(y * part.component->stride + x)];
    return scan_.high == 0 ? ac(*part.ac, scan_.first, scan_.last, &mask) : refine(*part.ac, mask);
  }

 private:
  bool dc(const HuffmanTable& table) {
    in_.fill();
    const int bits = symbol_and_value(in_, table);
    return bits >= 0 && bits <= 15;
  }

  bool ac(const HuffmanTable& table, int from, int to, std::uint64_t* mask) {
    if (bands_ended_ > 0) {
      --bands_ended_;
      return true;
    }
    for (int k = from; k <= to; ++k) {
      in_.fill();
      const int code = symbol_and_value(in_, table);
      if (code < 0) return false;
      const int run = code >> 4, bits = code & 15;
      if (bits == 0 && run < 15) {
        if (run > 0 && mask == nullptr)
          return false;  // runs of ended bands exist in progressive scans only
        bands_ended_ = (1 << run) - 1 + (run > 0 ? static_cast<int>(in_.take(run)) : 0);
        return true;
      }
      k += run;
      if (k > to) return false;
      if (bits > 0 && mask != nullptr) *mask |= std::uint64_t{1} << k;
    }
    return true;
  }

  // A later bit of the coefficients: known ones take one bit each, new ones come with the zeros
  // before them counted.
  bool refine(const HuffmanTable& table, std::uint64_t& mask) {
    int k = scan_.first;
    if (bands_ended_ == 0) {
      for (; k <= scan_.last; ++k) {
        in_.fill();
        const int code = symbol_and_value(in_, table);
        if (code < 0) return false;
        int run = code >> 4;
        const int bits = code & 15;
        if (bits > 1) return false;
        if (bits == 0 && run < 15) {
          bands_ended_ = (1 << run) + (run > 0 ? static_cast<int>(in_.take(run)) : 0);
          break;
        }
        for (; k <= scan_.last; ++k) {
          if (mask >> k & 1) {
            in_.fill();
            in_.skip(1);
          } else if (--run < 0) {
            break;
          }
        }
        if (bits > 0) {
          if (k > scan_.last) return false;
          mask |= std::uint64_t{1} << k;
        }
      }
    }
    if (bands_ended_ > 0) {
      for (; k <= scan_.last; ++k) {
        if (mask >> k & 1) {
          in_.fill();
          in_.skip(1);
        }
      }
      --bands_ended_;
    }
    return true;
  }

  BitReader& in_;
  const JpegScan& scan_;
  bool progressive_;
  int bands_ended_ = 0;  // blocks that still have no further coefficient
};

}  // namespace

bool HuffmanTable::fits(std::string_view counts) {
  std::int32_t code = 0;
  for (int length = 1; length <= 16; ++length) {
    code = code * 2 + static_cast<unsigned char>(counts[static_cast<std::size_t>(length - 1)]);
    if (code > 1 << length) return false;
  }
  return true;
}

HuffmanTable::HuffmanTable(std::string_view counts, std::string_view symbols)
    : symbols_(symbols.begin(), symbols.end()) {
  std::int32_t code = 0, index = 0;
  for (int length = 1; length <= 16; ++length) {
    code *= 2;
    const int n = static_cast<unsigned char>(counts[static_cast<std::size_t>(length - 1)]);
    index_[static_cast<std::size_t>(length)] = index - code;
    for (int i = 0; i < n && length <= kFastBits; ++i) {
      const int spare = kFastBits - length;
      const auto first = static_cast<std::size_t>(code + i) << spare;
      for (std::size_t j = 0; j < std::size_t{1} << spare; ++j)
        fast_[first + j] = {static_cast<std::uint8_t>(length),
                            symbols_[static_cast<std::size_t>(index + i)]};
    }
    code += n;
    index += n;
    end_[static_cast<std::size_t>(length)] = code;
  }
}

HuffmanTable::Code HuffmanTable::slow(std::uint32_t next_16_bits) const {
  for (std::size_t length = 1; length <= 16; ++length) {
    const auto code = static_cast<std::int32_t>(next_16_bits >> (16 - length));
    if (code < end_[length])
      return {static_cast<std::uint8_t>(length),
              symbols_[static_cast<std::size_t>(code + index_[length])]};
  }
  return {};
}

std::optional<std::uint64_t> walk_scan(std::string_view bytes, std::uint64_t at, JpegFrame& frame,
                                       const JpegScan& scan) {
  BitReader in(bytes, at);
  ScanWalk walk(in, scan, frame.progressive);
  const bool alone = scan.parts.size() == 1;
  const std::int64_t mcus_x = alone ? scan.parts[0].component->blocks_x : frame.mcus_x;
  const std::int64_t mcus_y = alone ? scan.parts[0].component->blocks_y : frame.mcus_y;
  int until_restart = frame.restart_interval, next_restart = 0;
  for (std::int64_t my = 0; my < mcus_y; ++my) {
    for (std::int64_t mx = 0; mx < mcus_x; ++mx) {
      if (frame.restart_interval > 0 && until_restart-- == 0) {
        in.align();
        if (!in.skip_restart(next_restart)) return std::nullopt;
        next_restart = (next_restart + 1) % 8;
        until_restart = frame.restart_interval - 1;
        walk.restart();
      }
      for (const JpegScan::Part& part : scan.parts) {
        const int across = alone ? 1 : part.component->across;
        const int down = alone ? 1 : part.component->down;
        for (int v = 0; v < down; ++v)
          for (int h = 0; h < across; ++h)
            if (!walk.block(part, mx * across + h, my * down + v)) return std::nullopt;
      }
      if (in.overrun()) return std::nullopt;
    }
  }
  in.align();
  return in.position();
}

}  // namespace assay::imaging
