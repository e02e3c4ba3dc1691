#include "assay/network/torchscript_cell.h"

namespace assay::network::torchscript {

CellRef Cell::of(Traced value) {
  auto cell = std::make_shared<Cell>();
  cell->value_ = std::move(value);
  return cell;
}

CellRef Cell::kept(Traced value) {
  CellRef cell = of(std::move(value));
  cell->kept_ = true;
  return cell;
}

CellRef Cell::view(const CellRef& base, View view) {
  Traced seen = view.look(base->read());
  return Cell::view(base, std::move(view), std::move(seen));
}

CellRef Cell::view(const CellRef& base, View view, Traced seen) {
  CellRef cell = of(std::move(seen));
  cell->base_ = base;
  cell->view_ = std::move(view);
  cell->seen_ = base->version_;
  return cell;
}

CellRef Cell::view_or_copy(const CellRef& source, Traced value) {
  CellRef cell = of(std::move(value));
  Cell& root = source->root();
  root.near_.push_back(cell);
  cell->near_.push_back(root.weak_from_this());
  cell->kept_ = root.kept_;
  return cell;
}

Cell& Cell::root() { return base_ ? base_->root() : *this; }

Traced Cell::read() {
  if (root().ambiguous_)
    throw Untranslated(
        "a tensor that shares its memory or not, as the layout has it, is read after an in-place "
        "write to the other");
  if (base_) {
    const Traced base = base_->read();
    if (seen_ != base_->version_) {
      value_ = view_.look(base);
      seen_ = base_->version_;
      ++version_;
    }
  }
  return value_;
}

void Cell::write(Traced value) {
  if (root().kept_) throw Untranslated("writes to a parameter, a buffer or a constant");
  const Traced old = read();
  if (old.trial.sizes() != value.trial.sizes() ||
      old.trial.scalar_type() != value.trial.scalar_type())
    throw Untranslated("writes a tensor of another shape or type in place");
  if (base_) {
    if (!view_.put) throw Untranslated("writes to a view that shows items more than once");
    base_->write(view_.put(base_->read(), value));
    seen_ = base_->version_;
  } else {
    spoil_neighbours();
  }
  value_ = std::move(value);
  ++version_;
}

void Cell::spoil_neighbours() {
  for (const auto& weak : near_)
    if (const CellRef cell = weak.lock()) cell->spoil(this);
}

void Cell::spoil(const Cell* but) {
  if (this == but || ambiguous_) return;
  ambiguous_ = true;
  for (const auto& weak : near_)
    if (const CellRef cell = weak.lock()) cell->spoil(but);
}

}  // namespace assay::network::torchscript
