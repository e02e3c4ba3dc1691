// datasheet.json: the environment in which a model may be used, for programs (base/datasheet.h).
//
// Keys: `format` "assay-datasheet", `version` 1, `assay`, `seed`; `model` {file, sha256, input: {key: text}, channels, height,
// width}; `claim` {holds, least, confidence, pictures}; `factors` [{name, unit, nominal, searched, alone, together,
// seen_in_pixels}] with ranges [low, high] or null; `statistics` [{name, tested: [low, high]}].
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assay/base/datasheet.h"
#include "assay/base/outcome.h"

namespace assay::report {

std::string datasheet_json(const Datasheet& sheet, const Outcome& outcome);

struct ModelDatasheet {
  std::string model, sha256;
  std::vector<std::pair<std::string, std::string>> input;  // key by key, as a plan has it
  Datasheet sheet;
};
// InputError that names the file and what is wrong with it.
ModelDatasheet read_datasheet(const std::string& path);

}  // namespace assay::report
