// A tensor variable of a TorchScript program, which in-place operators write to, made functional.
//
// A graph's values never change; a cell is a name that moves from one value to the next. A view
// (x[:, 0], x.transpose(1, 2)) is a cell over another: writing to it puts the new part into its
// base, and it looks again when the base has changed. Where only libtorch's memory layout decides
// whether something is a view or a copy (reshape, contiguous), a write makes the other side
// ambiguous: reading that is refused, because either answer could be wrong.
#pragma once

#include <functional>

#include "assay/network/torchscript_value.h"

namespace assay::network::torchscript {

struct View {
  std::function<Traced(const Traced& base)> look;
  // The base with `part` in the view's place; empty: such a view cannot be written to.
  std::function<Traced(const Traced& base, const Traced& part)> put;
};

class Cell : public std::enable_shared_from_this<Cell> {
 public:
  // A tensor of its own. `kept`: the file's, which a forward pass must not change.
  static CellRef of(Traced value);
  static CellRef kept(Traced value);
  static CellRef view(const CellRef& base, View view);
  static CellRef view(const CellRef& base, View view, Traced seen);  // `seen`: what look would give
  static CellRef view_or_copy(const CellRef& source, Traced value);

  // Untranslated where it is ambiguous.
  Traced read();
  // The value must have the cell's shape and type. Untranslated where it cannot be written to.
  void write(Traced value);

 private:
  Cell& root();
  void spoil(const Cell* but);
  void spoil_neighbours();

  Traced value_;
  CellRef base_;
  View view_;
  bool kept_ = false, ambiguous_ = false;
  int version_ = 0, seen_ = 0;             // writes to this; the base's version that `value_` shows
  std::vector<std::weak_ptr<Cell>> near_;  // of a root: what may share its memory, or may not
};

}  // namespace assay::network::torchscript
