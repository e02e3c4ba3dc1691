// What every attribution method is asked, and what it answers.
//
// One shape for all: a method is a struct of static members,
//
//   static constexpr MethodInfo kInfo{…};
//   struct Params;  static constexpr auto fields();               // base/field.h
//   static Attribution explain(const Question&, const Params&);
//
// in a small file of its own, with its row in attribution/catalogue.cc. The target is always the
// logit of a class (occlusion may look at its probability or margin), never what a softmax made of
// it. Maps are signed and in the unit of the target: nothing is scaled or cut, so "no evidence"
// stays zero. Draws depend on the seed, the picture's name and the sample's number alone, so a map
// is the same in any batch and on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "assay/base/field.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::methods {

// Where a map lives: over the cells of a layer, over the places of an attention network's tokens, or
// over the pixels of the model's input.
enum class Resolution { kLayer, kTokens, kInput };

struct MethodInfo {
  std::string_view name;    // "integrated_gradients": what --method and plans say
  std::string_view title;   // "Integrated gradients"
  std::string_view says;    // one line: what a value of its map means
  std::string_view source;  // key in docs/references.bib
  Resolution resolution = Resolution::kInput;
};

// What a method without options of its own is made of.
struct WithoutOptions {
  struct Params {};
  static constexpr auto fields() { return std::tuple{}; }
};

struct Question {
  const network::Classifier& classifier;
  at::Tensor input;                   // [N,…] as the model takes it, one row a picture
  std::vector<std::int64_t> targets;  // [N] classes; padding rows may have any
  std::vector<std::string> pictures;  // [N] names, by which random draws differ
  std::string layer;                  // a value of the graph (layer.h); methods of a layer only
  at::Tensor value;                   // of the clean pass at `layer`
  std::uint64_t seed = 0;
  at::Tensor data_mean = {};  // [C] mean colour of the data set's pictures; undefined: not known
};

// A map beside the method's own, [N,h,w]; the name goes into the file's.
struct NamedMap {
  std::string name;
  at::Tensor map;
};

// A number beside the map, [N]; NaN where a picture has none.
struct NamedFigure {
  std::string name;
  std::vector<double> values;
};

struct Attribution {
  at::Tensor map;  // [N,h,w] float32, signed: supports the class above 0, speaks against it below
  // [N,C,H,W] for methods that give every number of the input a value of its own, summed over the
  // channels in `map`; else undefined.
  at::Tensor channels;
  // [N] |sum of the map − what it should sum to| / the latter, where the method promises a sum.
  std::vector<double> gaps;
  std::vector<NamedMap> parts =
      {};  // what `map` was made of, such as occlusion's maps of each size
  std::vector<NamedFigure> figures = {};
};

}  // namespace assay::methods
