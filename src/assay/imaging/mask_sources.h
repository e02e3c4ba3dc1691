// Where a data set's masks come from when no manifest says it.
#pragma once

#include <string>

#include "assay/imaging/row_table.h"

namespace assay::imaging {

// A path with places to fill in, for every row:
//   {path} the row's id without extension, {stem} its file name without folders and extension,
//   {label} the class's name (its index where none is known), {COLUMN} a group column's value
// or shapes (mask.h), the same for all. "masks/{camera}.png" is a static mask for each camera, "masks/{path}.png" one for each picture.
// InputError("data.masks", …) for an unknown place, a value that would lead to another folder, and a
// file that does not exist.
void set_masks(RowTable& table, const std::string& pattern);

// A file of COCO annotations (lin2014coco): a picture's mask is the union of its annotations: the
// polygons or run lengths (compressed or not) of "segmentation", else the box of "bbox". Pictures
// are found by "file_name", which is the row's id or, where only one row ends in it, the end of its
// path. Listed without annotations: an empty mask; not listed: none. InputError that names the
// file.
void set_annotations(RowTable& table, const std::string& file);

}  // namespace assay::imaging
