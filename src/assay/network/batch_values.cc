#include "assay/network/batch_values.h"

#include "assay/base/error.h"

namespace assay::network {

BatchValues::BatchValues(const IncrementalNetwork& network, const CoverSchedule& schedule,
                         const CoverBatch& batch, const std::vector<Place>& places,
                         CleanValues& clean, BlockMemory& memory)
    : net_(network),
      schedule_(schedule),
      batch_(batch),
      clean_(clean),
      held_(network.graph->value_count()),
      memory_(memory),
      stream_(cpu()) {
  for (std::size_t row = 0; row < schedule.batch_rows; ++row)
    places_.push_back(places[batch.places[row < batch.places.size() ? row : 0]]);
}

PlaneSize BatchValues::plane(ValueId v) const {
  const auto& s = net_.facts.shapes[v];
  return {s[s.size() - 2], s[s.size() - 1]};
}

PlaneSize BatchValues::crop(ValueId v) const {
  if (!net_.keeps[v]) return plane(v);
  return {schedule_.rows.length(batch_.rows_class, v),
          schedule_.columns.length(batch_.columns_class, v)};
}

bool BatchValues::is_whole(ValueId v) const {
  if (!net_.keeps[v]) return true;
  const PlaneSize c = crop(v), p = plane(v);
  return c.height == p.height && c.width == p.width;
}

Corner BatchValues::corner(ValueId v, std::size_t row) const {
  if (!net_.keeps[v]) return {};
  const PlaneSize p = plane(v);
  return {schedule_.rows.offset(batch_.rows_class, v, places_[row].top, p.height),
          schedule_.columns.offset(batch_.columns_class, v, places_[row].left, p.width)};
}

std::vector<Corner> BatchValues::corners(ValueId v) const {
  std::vector<Corner> all;
  for (std::size_t r = 0; r < places_.size(); ++r) all.push_back(corner(v, r));
  return all;
}

Dims BatchValues::dims(ValueId v, const PlaneSize& s) const {
  return {static_cast<std::int64_t>(rows()), net_.facts.shapes[v][1], s.height, s.width};
}

std::vector<std::int64_t> BatchValues::sizes(ValueId v, const PlaneSize& s) const {
  std::vector<std::int64_t> all = net_.facts.shapes[v];
  all[0] = static_cast<std::int64_t>(rows());
  all[all.size() - 2] = s.height;
  all[all.size() - 1] = s.width;
  return all;
}

void BatchValues::keep(ValueId v) {
  const Held& held = held_[v];
  if (held.tensor.defined()) clean_.keep(v, held.tensor);
  // A crop is no clean value.
  if (held.block && net_.keeps[v] && is_whole(v))
    clean_.keep(v, *held.block, net_.facts.shapes[v][1]);
}

const Block& BatchValues::block(ValueId v) {
  Held& held = held_[v];
  if (!held.block) {
    const bool image = held.tensor.scalar_type() == at::kFloat && held.tensor.dim() == 4;
    held.block = block_of(held.tensor, image ? Prefer::kChannelsLast : Prefer::kPlain);
  }
  return *held.block;
}

at::Tensor BatchValues::tensor(ValueId v) {
  Held& held = held_[v];
  if (!held.tensor.defined()) held.tensor = as_tensor(v, *held.block);
  return held.tensor;
}

at::Tensor BatchValues::whole(ValueId v) {
  if (is_whole(v)) return tensor(v);
  return as_tensor(v, gathered(v, std::vector<Corner>(places_.size()), plane(v), 0));
}

Block BatchValues::gathered(ValueId v, const std::vector<Corner>& from, const PlaneSize& size,
                            double fill) {
  const Block& own = block(v);
  std::vector<Region> regions;
  bool same = own.height == size.height && own.width == size.width;
  for (std::size_t r = 0; r < from.size(); ++r) {
    const Corner at = corner(v, r);
    regions.push_back({from[r], at});
    same = same && at.top == from[r].top && at.left == from[r].left;
  }
  if (same) return own;
  if (!is_whole(v))
    return laid_out(memory_, clean_.block(v, own.layout), &own, regions, size.height, size.width,
                    fill);
  // Nothing of the clean picture shows.
  const Block nothing{at::empty({0}, own.items.options()), own.layout, own.height, own.width};
  return laid_out(memory_, nothing, &own, regions, size.height, size.width, fill);
}

bool BatchValues::is_only_form(ValueId v, const Block& block) const {
  const Held& held = held_[v];
  // A kernel may have made another value a view of it.
  return held.block && block.items.is_same(held.block->items) && !held.tensor.defined() &&
         block.items.storage().use_count() == 1;
}

at::Tensor BatchValues::as_tensor(ValueId v, const Block& b) {
  const PlaneSize s{b.height, b.width};
  const PlaneLayout last{1, net_.facts.shapes[v][1]};
  if (b.layout.inner == 1 || b.layout == last) return tensor_of(b, sizes(v, s));
  return tensor_of(reordered(b, dims(v, s), last), sizes(v, s));
}

Block BatchValues::reordered(const Block& from, const Dims& dims, const PlaneLayout& layout) {
  if (from.layout == layout) return from;
  Block to = empty_block(dims, layout);
  const auto convert = reorder(described(dims, from.layout), described(dims, layout));
  if (!convert) throw BugError("a crop cannot be laid out anew");
  run(*convert, {{DNNL_ARG_FROM, memory_of(from, dims)}, {DNNL_ARG_TO, memory_of(to, dims)}});
  return to;
}

void BatchValues::run(const Primitive& p, std::unordered_map<int, dnnl::memory> arguments) {
  if (const std::size_t size = p.scratch.get_size(); size > 0)
    arguments.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(p.scratch, cpu(), memory_.scratch(size)));
  p.run.execute(stream_, arguments);
}

Block BatchValues::empty_block(const Dims& dims, const PlaneLayout& layout) {
  return {memory_.take(dims[0] * layout.outer * dims[2] * dims[3] * layout.inner, at::kFloat),
          layout, dims[2], dims[3]};
}

}  // namespace assay::network
