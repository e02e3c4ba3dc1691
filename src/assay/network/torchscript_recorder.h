// Builds the graph that a TorchScript program means while the program is walked.
//
// Each operator that is emitted becomes a node with ONNX semantics (operator set 17) and runs at
// once on the trial tensors, by the executors' own kernels (or by its shapes alone where they tell,
// torchscript_trial.h): what it makes has a known shape from then on, and items where they follow
// from constants or sizes. Names: "layer1.0.conv1/Conv", the module's path and the operator;
// parameters keep theirs. Nodes that no output needs are dropped. Memory: parameters, and no
// activations.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "assay/network/graph.h"
#include "assay/network/torchscript_value.h"

namespace assay::network::torchscript {

using Attributes = std::map<std::string, Attribute>;
using Numbers = std::vector<std::int64_t>;
inline constexpr int kOpset = 17;

// What reading one file may cost, over all the trial pictures that it is read with: a count, so that
// the same file is refused on every machine.
class Effort {
 public:
  // One for an instruction or an item looked at, and one for every 16,384 numbers computed. Endless
  // where it was the last.
  void spend(const std::string& file, std::int64_t steps = 1);
  void spend_on(const std::string& file, const at::Tensor& computed);

 private:
  std::int64_t left_ = 1'000'000;
};

class Recorder {
 public:
  Recorder(const std::string& file, Effort& effort) : shell_(file), effort_(effort) {}
  const std::string& file() const { return shell_.file(); }

  // -- where the program is: names of values and messages say so
  void enter(const std::string& module) { modules_.push_back(module); }
  void leave() { modules_.pop_back(); }
  std::string module() const { return modules_.empty() ? "" : modules_.back(); }
  void count_step() { effort_.spend(file()); }

  // -- values
  Traced input(const std::string& name, at::Tensor trial);
  // The tensor as it is (float32 for other floats); the same tensor is the same constant.
  Traced constant(const at::Tensor& tensor, const std::string& name = "constant");
  Traced integers(const Numbers& numbers) { return constant(at::tensor(numbers, at::kLong)); }
  // A single number as a tensor [] of that type.
  Traced scalar(const Number& number, at::ScalarType type);
  // [numbers.size()] int64, a shape or the like.
  Traced shape(const std::vector<Number>& numbers);
  Number size(const Traced& tensor, std::int64_t dim);
  Traced shape_of(const Traced& tensor);

  // -- nodes; an empty name among the inputs is an input left out
  Traced emit(const std::string& op, const std::vector<Traced>& inputs, Attributes attributes = {});
  std::vector<Traced> emit_all(const std::string& op, const std::vector<Traced>& inputs,
                               Attributes attributes, std::size_t outputs);
  Traced cast(const Traced& tensor, at::ScalarType type);
  std::size_t node_count() const { return nodes_.size(); }

  // -- what the program decides by
  // The number itself; a size is thereby taken for what it is now.
  std::int64_t decide(const Number& number);
  void note_decision() { decided_ = true; }
  bool decided() const { return decided_; }

  // -- what has no translation
  void refuse(const std::string& op, const std::string& place);
  bool refused() const { return !refused_.empty(); }
  std::string refusal() const;  // all of them with their places, in one line

  // Values by the names that they are to have, or under their own where a name is empty.
  Graph finish(const std::vector<std::pair<std::string, Traced>>& outputs,
               const std::string& input_type, std::vector<std::int64_t> input_shape);

 private:
  struct Recorded {
    Node node;
    std::vector<std::string> inputs, outputs;
  };
  std::string fresh(const std::string& name);
  Recorded node_for(const std::string& op, const std::vector<Traced>& inputs, Attributes attributes,
                    std::size_t outputs);
  std::vector<bool> needed_nodes(const std::set<std::string>& outputs) const;

  Graph shell_;  // for messages
  Effort& effort_;
  std::string input_name_;
  std::vector<Recorded> nodes_;
  std::unordered_map<std::string, at::Tensor> constants_;
  // The tensor is kept, so that no other takes its address.
  std::unordered_map<const void*, std::pair<at::Tensor, Traced>> by_tensor_;
  std::map<std::pair<std::int64_t, at::ScalarType>, Traced> by_number_;  // by bits and type
  std::map<std::pair<std::string, std::int64_t>, Traced> sizes_;         // dim -1: the whole shape
  std::unordered_map<std::string, int> taken_;
  std::vector<std::string> modules_;
  std::map<std::string, std::vector<std::string>> refused_;  // places by operator
  bool decided_ = false;
};

std::int64_t onnx_type(at::ScalarType type);
// What the graph computes a type in: float16, bfloat16 and double as float32. Untranslated for
// complex and quantised ones.
at::ScalarType computed_type(at::ScalarType type);

}  // namespace assay::network::torchscript
