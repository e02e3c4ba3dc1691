// Pictures to the tensor of one micro-batch.
#pragma once

#include <span>
#include <string>

#include "assay/base/input_description.h"
#include "assay/imaging/picture.h"
#include "assay/imaging/prepare.h"
#include "assay/network/classifier.h"

namespace assay::methods {

struct Slot {
  const imaging::Picture* picture = nullptr;  // null: empty, the slot holds zeros
  std::string name;                           // for messages
};

imaging::ModelDemand demand_of(const network::Classifier& classifier);

// [micro_batch, …] in the layout of `description`, float32 or uint8 as the file takes it; slots
// beyond `slots` are zeros. InputError as imaging::prepare. Where pictures may differ in size the
// micro-batch is 1.
at::Tensor input_tensor(const network::Classifier& classifier, const InputDescription& description,
                        std::span<const Slot> slots);

}  // namespace assay::methods
