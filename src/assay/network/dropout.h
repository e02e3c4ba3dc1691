// Dropout made active again: sampled passes through a network that was exported for inference.
//
// A place is where values are dropped: a Dropout node of the graph, with its own rate, or a value that is named, for files whose
// exporter left the nodes out. An element is 0 with the place's rate, else divided by 1 − rate; or, of [N,C,…], whole channels are.
// What lies before the first place is computed once for a micro-batch; a sample runs what lies behind it alone, place by place.
// Draws depend on the seed, the place, the sample and the picture's item, never on the company.
// Cost: a part of a forward, then for each sample the rest of it, by the differentiable executor.
// Source: gal2016, srivastava2014.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/head.h"
#include "assay/network/picture_input.h"
#include "assay/network/torch.h"

namespace assay::network {

struct DropoutPlace {
  std::string value;  // what is dropped from
  double rate = 0;
  bool channels = false;
};

// The Dropout nodes on the way to the logits whose rate is above 0, in order.
std::vector<DropoutPlace> dropout_places(const Classifier& classifier);

class DropoutSampler {
 public:
  // `more`: places besides the graph's own. InputError for a value that is none or does not lead to the logits, and where there is
  // no place at all.
  explicit DropoutSampler(const Classifier& classifier, const std::vector<DropoutPlace>& more = {});

  const std::vector<DropoutPlace>& places() const { return places_; }

  using Values = std::map<ValueId, at::Tensor>;
  // What stays the same between samples, of a micro-batch as the model takes it.
  struct Prefix {
    Values values;
    Shape input_shape;
  };
  Prefix prefix(const at::Tensor& input) const;
  // [N,K] of one sample, N = items.size() rows of the micro-batch.
  at::Tensor logits(const Prefix& prefix, std::uint64_t seed, std::span<const std::uint64_t> items,
                    std::int64_t sample) const;

 private:
  struct Cut {
    ValueId source = kNoValue, target = kNoValue;
    int node = 0;               // those before it have been run
    std::vector<ValueId> live;  // what later nodes read of what those made, but the target
    std::size_t place = 0;
  };
  Values run(const Values& given, const std::vector<ValueId>& wanted,
             const Shape& input_shape) const;
  std::vector<ValueId> wanted_at(std::size_t cut) const;
  at::Tensor dropped(const at::Tensor& value, const Cut& cut, std::uint64_t seed,
                     std::span<const std::uint64_t> items, std::int64_t sample) const;

  std::shared_ptr<const Graph> graph_;
  std::unique_ptr<Executor> executor_;
  PictureInput input_;
  Head head_;
  std::vector<DropoutPlace> places_;
  std::vector<Cut> cuts_;
};

}  // namespace assay::network
