// A check's part of the report, as data: no HTML, no file formats, no pixels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "assay/base/datasheet.h"

namespace assay {

struct Series {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> low, high;  // band or error bars round y; empty for none
};

enum class FigureKind {
  kLines,   // y over x, bands where given
  kBars,    // one bar for each label, error bars where given
  kMatrix,  // labels × labels counts (confusion)
  kMap,  // values over rows and columns, coloured from the least to the largest; below 0 in a second colour
  kReliability,  // accuracy over confidence with consistency bands (series 0), diagonal, counts
                 // below (series 1)
};

struct Figure {
  std::string id;       // unique in the section, [a-z0-9-]+
  std::string title;    // what it shows
  std::string caption;  // how to read it
  FigureKind kind = FigureKind::kLines;
  std::string x_label, y_label;
  std::vector<std::string>
      labels;                  // bars: one a bar; matrix: one a row and column; map: one a column
  std::vector<Series> series;  // bars: x unused
  std::vector<double>
      matrix;  // row-major labels.size()², rows are the true class; map: row_labels × labels
  std::vector<std::string> row_labels = {};  // map: one a row, from the top
};

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

// Values over a picture's area, drawn over the picture on a colour scale from 0 to `scale_max`.
struct Overlay {
  int height = 0, width = 0;
  std::vector<float> values;  // row-major
  double scale_max = 0;       // 0: the map's own maximum
  // The part of the picture that the map covers, as fractions of its width and height: left, top,
  // right, bottom.
  double box[4] = {0, 0, 1, 1};
  // Values below 0 mean something too: drawn in a second colour.
  bool diverging = false;
};

// A part of a picture.
struct Region {
  int height = 0, width = 0;         // in cells
  std::vector<std::uint8_t> inside;  // row-major, not 0 inside
  double box[4] = {0, 0, 1, 1};      // the part of the picture that the cells cover, as Overlay's
};

// A region's pixels from the same place of another row's picture.
struct Replacement {
  std::int64_t donor = 0;  // row of the data set
  Region region;
};

// A picture as a changed scene, camera or storage would have given it (imaging/scene/scene.h), at the model's own size.
struct Shift {
  std::string
      camera;  // develops the row's RAW frame (imaging/camera/chain.h, as text); empty: the data's own
  std::vector<std::pair<std::string, double>> factors;  // name and value
  std::string corruption;                               // imaging/corruption; empty: none
  double severity = 0;
  std::string border;  // fill, reflect or crop
  double fill = 0;
  std::uint64_t seed = 0, draw = 0;
  double box[4] = {0, 0, 1, 1};  // the part of the picture that the model sees
  int height = 0, width = 0;     // px of the model's input
};

// A picture that is no row's: values from 0 to 1, channel by channel.
struct Drawing {
  int channels = 0, height = 0, width = 0;
  std::vector<float> values;
};

// One of several views of a picture that stand side by side: with a map over it, with a region
// shaded, with a region replaced, or as it is.
struct Panel {
  std::string title;
  std::optional<Overlay> overlay;
  std::optional<Region> region;
  std::optional<Replacement> replacement;
  std::optional<std::int64_t> row = {};  // of another picture than the exhibit's
  std::optional<Shift> shift = {};
  std::optional<Drawing> drawing = {};  // instead of the exhibit's
  double difference = 0;  // instead of the picture: 0.5 + this gain · (picture − the first panel's)
};

struct Exhibit {
  std::string id;        // unique in the section, [a-z0-9-]+; the file is exhibits/CHECK/ID.png
  std::int64_t row = 0;  // of the data set
  std::string caption;   // one line
  std::optional<Overlay> overlay;
  std::vector<Panel> panels = {};  // where there are any, they are drawn instead
  // Numbers by which a reader may sort the group, the same names in all of its exhibits.
  std::vector<std::pair<std::string, double>> sort_keys = {};
};

struct ExhibitGroup {
  std::string title;  // "Most confident errors"
  std::vector<Exhibit> exhibits;
};

// Raw numbers kept beside the report: exhibits/CHECK/ID.npy, float32, C order.
struct Array {
  std::string id;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct Section {
  std::string answer;  // one or two sentences: what was found
  std::vector<std::string>
      warnings;  // what a person must know before trusting the numbers; also printed
  std::vector<std::string> notes;  // how the data were handled (rows left out, rules used)
  std::vector<Figure> figures;
  std::vector<Table> tables;
  std::vector<ExhibitGroup> exhibits;
  std::vector<Array> arrays;
  std::optional<Datasheet> datasheet = {};  // written beside the report
};

}  // namespace assay
