// What of a graph does not change with the picture's content, found once so that no forward
// computes it again.
//
// A value is constant when it follows from constants alone; it follows from shapes when it reads
// the input only through shapes (Shape → Gather → Concat → … arithmetic that exporters leave
// behind); else it follows from data. Constants are computed here. Values that follow from shapes
// are the executor's, once for each shape of the input. A constant that requires grad (a parameter
// in training) and all that follows from it counts as data. Identity and Dropout need no folding:
// their kernels hand their input on.
#pragma once

#include <vector>

#include "assay/network/graph.h"
#include "assay/network/operators.h"

namespace assay::network {

enum class Follows { kConstants, kShapes, kData };

struct Folding {
  std::vector<Follows> follows;       // by ValueId
  std::vector<at::Tensor> constants;  // by ValueId; defined where kConstants
};

// `kernels`: one a node of `graph`, in its order. Cost: every constant node runs once.
Folding fold(const Graph& graph, const std::vector<Kernel>& kernels);

// A value of a graph that may still be in the making, when it follows from constants through at
// most 4096 nodes that stand in order; else undefined. Cost: those nodes run once.
at::Tensor constant_value(const Graph& graph, ValueId value);

}  // namespace assay::network
