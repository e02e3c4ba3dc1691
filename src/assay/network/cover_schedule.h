// Which changed rectangles of a picture run together, and how large their crops are.
//
// Kernels want rows of one shape, but a rectangle at the border reaches less than one inside, and
// every shape costs its own primitives. So each axis has at most three classes of positions, cut
// where that wastes least; a class's crop of a value is as long as the longest of its members'
// needs and those of smaller classes, moved inwards where it would leave the plane. A batch has a
// class of rows and one of columns; what its class does not fill is filled from smaller classes, and
// what is left over runs in classes that hold it, so that little is padded. The schedule follows
// from the whole set of places alone.
#pragma once

#include <cstddef>
#include <vector>

#include "assay/network/affected_region.h"
#include "assay/network/place.h"

namespace assay::network {

// What the cost of a batch is made of; in multiply-adds.
struct WindowCost {
  ValueId value = kNoValue;  // made by a window, and keeps its place
  double whole = 0;          // of one picture
  double copied = 0;         // of laying out its whole input
  std::int64_t side[2]{};
  bool tiled = false;  // by Winograd's tiles of 4×4
};
struct PassCost {
  std::vector<WindowCost> windows;
  double rest = 0;  // of all that is recomputed as a whole
  double dense() const;
};

class AxisClasses {
 public:
  // `starts` in any order; `reached` is asked once for each.
  template <class Reached>
  AxisClasses(std::vector<std::int64_t> starts, int axis, const PassCost& cost, Reached reached)
      : starts_(std::move(starts)) {
    sort_starts();
    for (const std::int64_t s : starts_) reached_.push_back(reached(s));
    split(axis, cost);
  }
  int class_of(std::int64_t start) const { return class_of_[index(start)]; }
  int count() const { return static_cast<int>(lengths_.size()); }
  std::int64_t length(int of_class, ValueId value) const { return lengths_[of_class][value]; }
  // Where the crop of a class begins for the position `start`, in a plane of `side`.
  std::int64_t offset(int of_class, ValueId value, std::int64_t start, std::int64_t side) const;

 private:
  std::size_t index(std::int64_t start) const;
  void sort_starts();
  void split(int axis, const PassCost& cost);

  std::vector<std::int64_t> starts_;
  std::vector<std::vector<Interval>> reached_;      // by start, value
  std::vector<int> class_of_;                       // by start
  std::vector<std::vector<std::int64_t>> lengths_;  // by class, value
};

struct CoverBatch {
  int rows_class = 0, columns_class = 0;
  std::vector<std::size_t> places;  // at most as many as the batch has rows
};

struct CoverSchedule {
  AxisClasses rows, columns;
  std::size_t batch_rows = 0;
  std::vector<CoverBatch> batches;
  double cost = 0;  // of all batches, padding included, in multiply-adds
};

CoverSchedule schedule_covers(const std::vector<Place>& places, AxisClasses rows,
                              AxisClasses columns, const PassCost& cost, std::size_t batch_rows);

}  // namespace assay::network
