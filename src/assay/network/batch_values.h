// The values of one batch of changed copies, each as the crop that the batch's class has of it.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "assay/network/incremental_pass.h"

namespace assay::network {

struct PlaneSize {
  std::int64_t height = 0, width = 0;
};

class BatchValues {
 public:
  BatchValues(const IncrementalNetwork& network, const CoverSchedule& schedule,
              const CoverBatch& batch, const std::vector<Place>& places, CleanValues& clean,
              BlockMemory& memory);

  CleanValues& clean() { return clean_; }
  BlockMemory& memory() { return memory_; }
  // -- where crops lie
  std::size_t rows() const { return places_.size(); }
  PlaneSize plane(ValueId v) const;
  PlaneSize crop(ValueId v) const;  // the plane of values that do not keep the place
  bool is_whole(ValueId v) const;
  Corner corner(ValueId v, std::size_t row) const;
  std::vector<Corner> corners(ValueId v) const;
  Dims dims(ValueId v, const PlaneSize& size) const;                        // of a 4-D value
  std::vector<std::int64_t> sizes(ValueId v, const PlaneSize& size) const;  // of any

  // -- values in the form that is asked for
  void put(ValueId v, at::Tensor tensor) { held_[v].tensor = std::move(tensor); }
  void put(ValueId v, Block block) { held_[v].block = std::move(block); }
  void drop(ValueId v) { held_[v] = {}; }
  void keep(ValueId v);  // among the clean values
  const Block& block(ValueId v);
  at::Tensor tensor(ValueId v);
  // The whole plane, where the value has one.
  at::Tensor whole(ValueId v);
  // Crops from the given corners, in whatever layout the value has; its own memory where these are
  // what it holds.
  Block gathered(ValueId v, const std::vector<Corner>& from, const PlaneSize& size, double fill);
  // Whether the value's memory is this block's and nothing else's.
  bool is_only_form(ValueId v, const Block& block) const;
  at::Tensor as_tensor(ValueId v, const Block& block);
  Block reordered(const Block& from, const Dims& dims, const PlaneLayout& layout);

  void run(const Primitive& primitive, std::unordered_map<int, dnnl::memory> arguments);
  static dnnl::memory memory_of(const Block& block, const Dims& dims) {
    return {described(dims, block.layout), cpu(), block.items.data_ptr()};
  }
  Block empty_block(const Dims& dims, const PlaneLayout& layout);

 private:
  // As a tensor, a block, or both on one memory.
  struct Held {
    at::Tensor tensor;
    std::optional<Block> block;
  };

  const IncrementalNetwork& net_;
  const CoverSchedule& schedule_;
  const CoverBatch& batch_;
  CleanValues& clean_;
  std::vector<Place> places_;  // by row
  std::vector<Held> held_;     // by value
  BlockMemory& memory_;
  dnnl::stream stream_;
};

}  // namespace assay::network
