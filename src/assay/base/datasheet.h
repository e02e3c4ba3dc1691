// The environment in which a model was found to hold: what `datasheet.json` says. Plain data; the file is
// report/datasheet.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay {

struct Datasheet {
  // One factor of scene, camera or storage, in its unit. Absent ends: nothing could be claimed.
  struct Extent {
    double low = 0, high = 0;
  };
  struct Factor {
    std::string name, unit;
    double nominal = 0;
    Extent searched;                 // how far was looked
    std::optional<Extent> alone;     // the others nominal
    std::optional<Extent> together;  // all factors within theirs at once
    bool seen_in_pixels = false;     // some statistic below moves with it
  };
  // A number that any picture has, and its least and largest value over everything that was tested in the box.
  struct Statistic {
    std::string name;
    Extent tested;
  };

  std::string holds;      // "accuracy" or "decision"
  double least = 0;       // share of pictures for which it holds
  double confidence = 0;  // of each claim by itself, one-sided
  std::int64_t pictures = 0;
  int channels = 0, height = 0, width = 0;  // of the model's input; 0: free
  std::vector<Factor> factors;
  std::vector<Statistic> statistics;  // empty: nothing was tested in a box
};

}  // namespace assay
