// What a node makes for the trial picture where the shapes alone say it: a network's costly
// operators need not be computed to be read. At 224 px that is the difference between a tenth of a
// second and seconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/torchscript_value.h"

namespace assay::network::torchscript {

// The shape of `node`'s only output; nothing where its kernel must be asked, as for shapes that do
// not fit, which the kernel refuses in its own words.
std::optional<std::vector<std::int64_t>> trial_shape(const Node& node,
                                                     const std::vector<Traced>& inputs);

}  // namespace assay::network::torchscript
