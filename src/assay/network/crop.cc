#include "assay/network/crop.h"

#include <algorithm>
#include <cstring>

#include "assay/base/error.h"

namespace assay::network {

namespace {

using Tag = dnnl::memory::format_tag;
constexpr auto kFloat32 = dnnl::memory::data_type::f32;

// [begin, end) on both axes, in coordinates of the plane.
struct Box {
  std::int64_t top, left, bottom, right;
  bool empty() const { return top >= bottom || left >= right; }
  bool operator==(const Box&) const = default;
};

Box common(const Box& a, const Box& b) {
  return {std::max(a.top, b.top), std::max(a.left, b.left), std::min(a.bottom, b.bottom),
          std::min(a.right, b.right)};
}

// Bytes of one row of a block, and how its lines follow one another.
struct Lines {
  char* bytes;
  std::int64_t height, width, step;  // step: bytes of a place
  Corner corner;                     // of the row in the plane

  char* at(std::int64_t outer, std::int64_t y, std::int64_t x) const {
    return bytes + ((outer * height + y - corner.top) * width + x - corner.left) * step;
  }
};

void copy(const Lines& from, const Lines& to, std::int64_t outer, const Box& box) {
  if (box.empty()) return;
  const auto size = static_cast<std::size_t>((box.right - box.left) * from.step);
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t y = box.top; y < box.bottom; ++y)
      std::memcpy(to.at(o, y, box.left), from.at(o, y, box.left), size);
}

Lines lines(const Block& block, std::int64_t row, Corner corner) {
  const std::int64_t step = block.layout.inner * block.items.element_size();
  const std::int64_t size = block.layout.outer * block.height * block.width * step;
  return {static_cast<char*>(block.items.data_ptr()) + row * size, block.height, block.width, step,
          corner};
}

}  // namespace

at::Tensor BlockMemory::take(std::int64_t items, const at::TensorOptions& options) {
  for (const at::Tensor& t : all_)
    if (t.numel() == items && t.scalar_type() == c10::typeMetaToScalarType(options.dtype()) &&
        t.use_count() == 1 && t.storage().use_count() == 1)
      return t;
  all_.push_back(at::empty({items}, options));
  return all_.back();
}

void* BlockMemory::scratch(std::size_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes);
  if (!scratch_.defined() || scratch_.numel() < size) scratch_ = at::empty({size}, at::kByte);
  return scratch_.data_ptr();
}

dnnl::memory::desc described(const Dims& dims, const PlaneLayout& layout) {
  if (layout.inner == 1) return {dims, kFloat32, Tag::nchw};
  if (layout.inner == dims[1]) return {dims, kFloat32, Tag::nhwc};
  return {dims, kFloat32, layout.inner == 8 ? Tag::nChw8c : Tag::nChw16c};
}

std::optional<PlaneLayout> plane_layout(const dnnl::memory::desc& layout, const Dims& dims) {
  const std::int64_t channels = dims[1];
  for (const std::int64_t inner : {channels, std::int64_t{16}, std::int64_t{8}, std::int64_t{1}}) {
    const PlaneLayout candidate{(channels + inner - 1) / inner, inner};
    if (described(dims, candidate) == layout) return candidate;
  }
  return std::nullopt;
}

Block block_of(const at::Tensor& tensor, Prefer prefer) {
  const std::int64_t rank = tensor.dim();
  Block block;
  block.height = tensor.size(rank - 2);
  block.width = tensor.size(rank - 1);
  const bool last = prefer == Prefer::kChannelsLast && rank == 4;
  const at::Tensor t =
      tensor.contiguous(last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  if (last) {
    block.layout = {1, tensor.size(1)};
    block.items = t.permute({0, 2, 3, 1}).reshape({-1});
  } else {
    block.layout = {1, 1};
    for (std::int64_t d = 1; d < rank - 2; ++d) block.layout.outer *= tensor.size(d);
    block.items = t.reshape({-1});
  }
  return block;
}

at::Tensor tensor_of(const Block& block, const std::vector<std::int64_t>& sizes) {
  if (block.layout.inner == 1) return block.items.view(sizes);
  if (sizes.size() != 4 || block.layout.outer != 1) throw BugError("a blocked value as a tensor");
  return block.items.view({sizes[0], sizes[2], sizes[3], sizes[1]}).permute({0, 3, 1, 2});
}

Block laid_out(BlockMemory& memory, const Block& clean, const Block* changed,
               const std::vector<Region>& regions, std::int64_t height, std::int64_t width,
               double fill) {
  Block made{{}, clean.layout, height, width};
  const auto rows = static_cast<std::int64_t>(regions.size());
  made.items = memory.take(rows * clean.layout.outer * height * width * clean.layout.inner,
                           clean.items.options());
  const Box plane{0, 0, clean.height, clean.width};
  for (std::int64_t row = 0; row < rows; ++row) {
    const Region& r = regions[static_cast<std::size_t>(row)];
    const Box wanted{r.at.top, r.at.left, r.at.top + height, r.at.left + width};
    const Box inside = common(wanted, plane);
    const Lines to = lines(made, row, r.at), from = lines(clean, 0, {});
    if (!(inside == wanted)) made.items.view({rows, -1})[row].fill_(fill);
    if (inside.empty()) continue;
    Box own{};
    if (changed)
      own = common(inside, {r.changed.top, r.changed.left, r.changed.top + changed->height,
                            r.changed.left + changed->width});
    const std::int64_t outer = clean.layout.outer;
    if (own.empty()) {
      copy(from, to, outer, inside);
      continue;
    }
    copy(lines(*changed, row, r.changed), to, outer, own);
    copy(from, to, outer, {inside.top, inside.left, own.top, inside.right});
    copy(from, to, outer, {own.top, inside.left, own.bottom, own.left});
    copy(from, to, outer, {own.top, own.right, own.bottom, inside.right});
    copy(from, to, outer, {own.bottom, inside.left, inside.bottom, inside.right});
  }
  return made;
}

}  // namespace assay::network
