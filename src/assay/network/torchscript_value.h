// What a TorchScript program handles while it is read: Python's values, with tensors and numbers
// that know which value of the graph holds them.
//
// Every number and tensor also carries what it is for one trial picture: numbers exactly, tensors
// that follow from the picture's items only by shape and type. So the program's own decisions (`if
// x.dim() != 4`) can be taken while it is read; those that rest on a size are counted
// (Recorder::decided), and the reader looks whether they hold for other sizes too.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "assay/base/error.h"
#include "assay/network/fold.h"
#include "assay/network/torch.h"

namespace assay::network::torchscript {

// A graph value.
struct Traced {
  std::string name;
  at::Tensor trial;                     // zeros of no memory where its items follow from data
  Follows items = Follows::kConstants;  // what its items follow from
  Follows shape = Follows::kConstants;
};

// An int, float or bool.
struct Number {
  at::Scalar trial = std::int64_t{0};
  bool from_sizes = false;  // another picture size may give another number
  std::string value = {};   // the graph value [] int64 that holds it; empty: none does

  bool is_integral() const { return trial.isIntegral(/*includeBool=*/true); }
  double real() const { return trial.to<double>(); }
};

class Cell;  // torchscript_cell.h
using CellRef = std::shared_ptr<Cell>;

// A value of an operator that cannot be translated. What is made of it is unknown too, so that one
// reading finds all such operators.
struct Unknown {};

struct Value;
using List = std::shared_ptr<std::vector<Value>>;  // shared as Python shares it
struct TupleItems;
using Tuple = std::shared_ptr<const TupleItems>;
using Dict = std::shared_ptr<std::vector<std::pair<Value, Value>>>;  // in order of insertion

// None, a tensor, a number, a container, or (as IValue) a module, a device, a generator.
struct Value : std::variant<std::monostate, Unknown, CellRef, Number, std::string, List, Tuple,
                            Dict, c10::IValue> {
  using variant::variant;
  template <class T>
  const T* as() const {
    return std::get_if<T>(static_cast<const variant*>(this));
  }
  bool is_none() const { return as<std::monostate>() != nullptr; }
};

struct TupleItems {
  std::vector<Value> items;
  std::vector<std::string> names;  // of a named tuple; else empty
};

inline List make_list(std::vector<Value> items) {
  return std::make_shared<std::vector<Value>>(std::move(items));
}
inline Tuple make_tuple(std::vector<Value> items, std::vector<std::string> names = {}) {
  return std::make_shared<const TupleItems>(TupleItems{std::move(items), std::move(names)});
}

// An operator, or a form of one, that has no translation.
class Untranslated : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A program without a sensible end; no other picture will help.
class Endless : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace assay::network::torchscript
