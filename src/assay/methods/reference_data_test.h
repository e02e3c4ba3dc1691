// Where other people's numbers lie, and their pictures as those tools read them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "assay/base/input_description.h"
#include "assay/imaging/picture.h"
#include "assay/methods/batch.h"

namespace assay::methods {

namespace fs = std::filesystem;
using nlohmann::json;

std::string shared();  // ASSAY_SHARED, or the folder beside the project
json read_json(const std::string& file);
// How the reference prepared its pictures.
InputDescription description(const json& input);
// A picture by its key in the reference: a path below images/, or "mnist/t10k#7".
imaging::Picture picture_of(const std::string& key, Channels channels);

}  // namespace assay::methods
