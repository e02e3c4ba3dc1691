// What a change inside one rectangle of a picture reaches in the values behind it.
//
// A node is routed by how its output's places follow from its inputs':
//
//   pointwise   out(y,x) from the inputs at (y,x): activations, batch norm, sums, concatenation and
//               shuffling of channels, …
//   window      out(y,x) from a window that slides over the only input: convolution, pooling, padding
//   mean        the mean over all places, which can be updated by what changed
//   dense       everything from everything: what follows is recomputed as a whole
//
// Rows and columns never mix, so each axis is propagated by itself, as intervals:
//
//   [a, b) of a window's input reaches [⌈(a + pad − reach + 1) / stride⌉, ⌊(b − 1 + pad) / stride⌋]
//
// and a node of several inputs their hull. Cost: one walk over the nodes an interval and axis.
#pragma once

#include <optional>
#include <vector>

#include "assay/network/fusion.h"
#include "assay/network/graph.h"
#include "assay/network/window.h"

namespace assay::network {

struct Interval {
  std::int64_t begin = 0, end = 0;  // [begin, end)
  std::int64_t length() const { return end - begin; }
};

struct Route {
  enum class Kind { kDense, kPointwise, kReshape, kWindow, kMean };
  Kind kind = Kind::kDense;
  Window window;           // of kWindow, sized
  Pads pads;               // of kWindow: the end's as the output's size implies
  double pad_value = 0;    // of kWindow
  std::int64_t side[2]{};  // of the output's plane: rows, columns
};

// By node; those that do not lead from `entry`, a value [N,C,H,W], to `result` are dense.
std::vector<Route> routes_of(const Graph& graph, const GraphFacts& facts, ValueId entry,
                             ValueId result);

// By value: whether it keeps the place of things all the way from the entry.
std::vector<bool> keeps_place(const Graph& graph, const GraphFacts& facts,
                              const std::vector<Route>& routes, ValueId entry);

// The rows (axis 0) or columns (axis 1) of each value that a change in `changed` of `entry` reaches;
// of values that do not keep the place, {}.
std::vector<Interval> reached(const Graph& graph, const std::vector<Route>& routes,
                              const std::vector<bool>& keeps, ValueId entry, Interval changed,
                              int axis);

}  // namespace assay::network
