#include "assay/network/arena.h"

#include <algorithm>

namespace assay::network {

namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

}  // namespace

int Arena::add(std::size_t bytes, int step) {
  buffers_.push_back({(bytes + kAlignment - 1) / kAlignment * kAlignment, step, step, 0});
  return static_cast<int>(buffers_.size()) - 1;
}

void Arena::use(int buffer, int step) {
  Buffer& b = buffers_[static_cast<std::size_t>(buffer)];
  b.last = std::max(b.last, step);
}

std::size_t Arena::place_of(const Buffer& buffer, const std::vector<const Buffer*>& placed) const {
  std::vector<const Buffer*> neighbours;
  for (const Buffer* p : placed)
    if (p->first <= buffer.last && buffer.first <= p->last) neighbours.push_back(p);
  std::sort(neighbours.begin(), neighbours.end(),
            [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; });
  std::size_t at = 0;
  for (const Buffer* n : neighbours) {
    if (at + buffer.bytes <= n->offset) break;
    at = std::max(at, n->offset + n->bytes);
  }
  return at;
}

std::size_t Arena::lay_out() {
  std::vector<Buffer*> order;
  for (Buffer& b : buffers_) order.push_back(&b);
  std::stable_sort(order.begin(), order.end(),
                   [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  std::size_t total = 0;
  std::vector<const Buffer*> placed;
  for (Buffer* buffer : order) {
    buffer->offset = place_of(*buffer, placed);
    placed.push_back(buffer);
    total = std::max(total, buffer->offset + buffer->bytes);
  }
  return total;
}

std::vector<std::size_t> Arena::offsets() const {
  std::vector<std::size_t> all;
  for (const Buffer& b : buffers_) all.push_back(b.offset);
  return all;
}

}  // namespace assay::network
