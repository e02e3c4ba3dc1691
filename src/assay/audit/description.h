// Input and output descriptions as people write them: a preset's name, a file, or keys in the plan.
//
//   input: imagenet
//   input: {preset: imagenet, channels: bgr, resize: {rule: squash, size: [96, 96]}}
//   output: probabilities        output: {value: logits, kind: logits}
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assay/base/input_description.h"

namespace YAML {
class Node;
}

namespace assay::audit {

// `node` is a preset's name, the name of a YAML file (relative to `path`'s folder) or a mapping.
InputDescription read_input(const std::string& path, const YAML::Node& node);
OutputDescription read_output(const std::string& path, const YAML::Node& node);

// For --input NAME|FILE.yaml and --output KIND on the command line.
InputDescription parse_input(const std::string& text);
OutputDescription parse_output(const std::string& kind, const std::string& value);

// One label a line; blank lines at the end are ignored.
std::vector<std::string> read_labels(const std::string& path);

// Every key with its value, as a person would write it: for the report, for keys of records, for
// `assay init`.
std::vector<std::pair<std::string, std::string>> describe(const InputDescription& input);
std::vector<std::pair<std::string, std::string>> describe(const OutputDescription& output);
// The inverse of describe(); `where` names the file they stand in.
InputDescription described_input(const std::string& where,
                                 const std::vector<std::pair<std::string, std::string>>& keys);

std::string kind_name(OutputKind kind);

// `name` beside `file`, unless it is absolute.
std::string beside(const std::string& file, const std::string& name);

}  // namespace assay::audit
