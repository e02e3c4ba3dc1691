// What names mean while an ONNX file becomes a Graph: a file's names are told apart by graph, branch
// and function, a Graph's are not.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/onnx_function.h"

namespace assay::network {

using Attributes = std::map<std::string, const onnx::AttributeProto*>;

// A graph that is being built, and the values from around it that it reads.
struct Target {
  struct Captured {
    std::string name;
    int from = 1;  // how many graphs further out it is made
  };
  explicit Target(const std::string& path) : graph(path) {}
  Graph graph;
  std::vector<Captured> captured;
  std::unordered_map<std::string, std::int64_t> types;  // ONNX's, of inputs and constants
};

// What the names of one level of the file (graph, branch or function) are called in the graph.
struct Scope {
  const Scope* outer = nullptr;  // what may be read besides; null: nothing
  bool own_target = false;       // the level is a graph of its own
  Target* target = nullptr;
  std::string prefix;
  std::unordered_map<std::string, std::string> names;
  const Attributes* attributes = nullptr;  // what attributes that refer to the function's mean
  const OpsetVersions* opsets = nullptr;
};

// What the graph calls a name of the scope's level; a value of a graph further out becomes an input
// of the scope's own.
std::string read(const Scope& scope, const std::string& name);
// Makes a value that is made `from` graphs further out an input of the target. Its name.
std::string capture(Target& target, const std::string& name, int from);

}  // namespace assay::network
