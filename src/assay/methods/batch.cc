#include "assay/methods/batch.h"

#include "assay/base/error.h"
#include "assay/network/torch.h"

namespace assay::methods {

imaging::ModelDemand demand_of(const network::Classifier& classifier) {
  const auto in = classifier.input_size();
  return {in.channels, in.height, in.width, in.uint8};
}

at::Tensor input_tensor(const network::Classifier& classifier, const InputDescription& description,
                        std::span<const Slot> slots) {
  const auto demand = demand_of(classifier);
  const std::int64_t rows = classifier.micro_batch();
  if (static_cast<std::int64_t>(slots.size()) > rows) throw BugError("more pictures than slots");
  imaging::PreparedSize size;
  for (const auto& slot : slots)
    if (slot.picture) size = imaging::prepared_size(*slot.picture, slot.name, description, demand);
  std::vector<std::int64_t> shape{rows, size.channels, size.height, size.width};
  if (description.layout == Layout::kNhwc) shape = {rows, size.height, size.width, size.channels};
  at::Tensor input = at::zeros(shape, demand.uint8 ? at::kByte : at::kFloat);
  const auto each = static_cast<std::size_t>(input.numel() / rows);
  for (std::size_t s = 0; s < slots.size(); ++s) {
    if (!slots[s].picture) continue;
    if (demand.uint8)
      imaging::prepare(*slots[s].picture, slots[s].name, description, demand,
                       std::span(input.data_ptr<std::uint8_t>() + s * each, each));
    else
      imaging::prepare(*slots[s].picture, slots[s].name, description, demand,
                       std::span(input.data_ptr<float>() + s * each, each));
  }
  return input;
}

}  // namespace assay::methods
