#include "assay/network/clean_values.h"

namespace assay::network {

void CleanValues::keep(ValueId id, Block block, std::int64_t channels) {
  kept_[id] = {std::move(block), channels};
}

const at::Tensor& CleanValues::tensor(ValueId id) {
  at::Tensor& t = tensors_[id];
  if (!t.defined()) t = otherwise_(id);
  return t;
}

const Block& CleanValues::block(ValueId id, const PlaneLayout& layout) {
  if (const auto it = kept_.find(id); it != kept_.end() && it->second.block.layout == layout)
    return it->second.block;
  const auto [it, is_new] = converted_.try_emplace({id, layout.inner});
  Block& made = it->second;
  if (!is_new) return made;
  Kept from;
  if (const auto kept = kept_.find(id); kept != kept_.end()) {
    from = kept->second;
  } else {
    const at::Tensor& t = tensor(id);
    from = {block_of(t, layout.inner == 1 ? Prefer::kPlain : Prefer::kChannelsLast), t.size(1)};
  }
  made = from.block;
  if (made.layout == layout) return made;
  const Dims dims{1, from.channels, made.height, made.width};
  made.layout = layout;
  made.items = at::empty({layout.outer * layout.inner * made.height * made.width});
  dnnl::memory source(described(dims, from.block.layout), cpu(), from.block.items.data_ptr());
  dnnl::memory target(described(dims, layout), cpu(), made.items.data_ptr());
  dnnl::stream stream(cpu());
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
  return made;
}

}  // namespace assay::network
