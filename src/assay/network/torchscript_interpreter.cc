#include "assay/network/torchscript_interpreter.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/network/operators.h"
#include "assay/network/torchscript.h"
#include "assay/network/torchscript_file.h"
#include "assay/network/torchscript_operators.h"

namespace assay::network::torchscript {

namespace jit = torch::jit;

namespace {

constexpr int kDeepest = 200;

class Interpreter {
 public:
  Interpreter(const jit::Module& module, Recorder& recorder)
      : module_(module), recorder_(recorder) {
    for (const auto& m : module.named_modules()) paths_.emplace(m.value._ivalue().get(), m.name);
    for (const auto& p : module.named_parameters()) name_tensor(p.value, p.name);
    for (const auto& b : module.named_buffers()) name_tensor(b.value, b.name);
  }

  Value forward(const Traced& input) {
    const auto method = module_.find_method("forward");
    if (!method) throw InputError(recorder_.file(), "the network has no method forward");
    auto& function = method->function();
    const std::size_t inputs = function.getSchema().arguments().size();
    std::vector<Value> arguments = {c10::IValue(module_._ivalue()), Cell::of(input)};
    for (std::size_t i = 2; i < inputs; ++i) {
      const auto& argument = function.getSchema().arguments()[i];
      if (!argument.default_value())
        throw InputError(recorder_.file(), "the network takes " + std::to_string(inputs - 1) +
                                               " inputs (its second is \"" + argument.name() +
                                               "\"), wanted one that takes pictures");
      arguments.push_back(value_of(*argument.default_value()));
    }
    if (inputs < 2) throw InputError(recorder_.file(), "the network has no input");
    return call(function, std::move(arguments), "");
  }

 private:
  using Environment = std::unordered_map<const jit::Value*, Value>;

  void name_tensor(const at::Tensor& tensor, const std::string& name) {
    names_.emplace(tensor.unsafeGetTensorImpl(), name);
  }

  // -- values of the file

  Value tensor_value(const at::Tensor& tensor) {
    if (!tensor.defined()) return std::monostate{};
    auto& cell = kept_[tensor.unsafeGetTensorImpl()];
    if (!cell) {
      const auto name = names_.find(tensor.unsafeGetTensorImpl());
      check_bounds(recorder_.file(), name == names_.end() ? "constant" : name->second, tensor);
      cell =
          Cell::kept(recorder_.constant(tensor, name == names_.end() ? "constant" : name->second));
    }
    return cell;
  }

  Value value_of(const c10::IValue& value, int depth = 0) {
    check_nesting(depth);
    const auto value_of = [&](const c10::IValue& item) { return this->value_of(item, depth + 1); };
    if (value.isNone()) return std::monostate{};
    if (value.isTensor()) return tensor_value(value.toTensor());
    if (value.isInt()) return Number{value.toInt()};
    if (value.isDouble()) return Number{value.toDouble()};
    if (value.isBool()) return Number{value.toBool()};
    if (value.isString()) return value.toStringRef();
    if (value.isTuple()) {
      std::vector<Value> items;
      for (const auto& item : value.toTupleRef().elements()) items.push_back(value_of(item));
      return make_tuple(std::move(items));
    }
    if (value.isList()) {
      std::vector<Value> items;
      for (const c10::IValue& item : value.toListRef()) items.push_back(value_of(item));
      return make_list(std::move(items));
    }
    if (value.isGenericDict()) {
      auto dict = std::make_shared<std::vector<std::pair<Value, Value>>>();
      for (const auto& entry : value.toGenericDict())
        dict->emplace_back(value_of(entry.key()), value_of(entry.value()));
      return dict;
    }
    return value;
  }

  // -- walking

  static const Value& read(const Environment& environment, const jit::Value* value) {
    const auto it = environment.find(value);
    if (it == environment.end()) throw BugError("a TorchScript value is read before it is made");
    return it->second;
  }

  std::vector<Value> inputs_of(const jit::Node* node, const Environment& environment) const {
    std::vector<Value> inputs;
    for (const jit::Value* input : node->inputs()) inputs.push_back(read(environment, input));
    return inputs;
  }

  Value call(jit::Function& function, std::vector<Value> arguments, const std::string& module) {
    jit::GraphFunction* body = jit::tryToGraphFunction(function);
    if (!body) throw Untranslated("a function that is no program");
    if (++depth_ > kDeepest) throw Endless(recorder_.file(), "calls itself without end");
    body->ensure_defined();
    const auto graph = body->graph();
    Environment environment;
    if (graph->inputs().size() != arguments.size())
      throw InputError(recorder_.file(), "is damaged: a call gives a wrong number of arguments");
    for (std::size_t i = 0; i < arguments.size(); ++i)
      environment[graph->inputs()[i]] = std::move(arguments[i]);
    recorder_.enter(module);
    walk(graph->block(), environment);
    recorder_.leave();
    --depth_;
    if (graph->outputs().size() != 1)
      throw InputError(recorder_.file(), "is damaged: a function gives no single value");
    const Value& result = read(environment, graph->outputs()[0]);
    holds_unknown(result);
    return result;
  }

  // Looks into lists; each item is a step, and a list that holds itself or is nested too deep for
  // any recursion is refused.
  bool holds_unknown(const Value& value, int depth = 0) {
    if (value.as<Unknown>()) return true;
    check_nesting(depth);
    bool found = false;
    const auto look = [&](const Value& item) {
      recorder_.count_step();
      found = holds_unknown(item, depth + 1) || found;
    };
    if (const List* list = value.as<List>()) {
      for (const Value& item : **list) look(item);
      return found;
    }
    if (const Tuple* tuple = value.as<Tuple>())
      for (const Value& item : (*tuple)->items) look(item);
    if (const Dict* dict = value.as<Dict>())
      for (const auto& [key, item] : **dict) look(item);
    return false;  // the items of tuples and dictionaries are read one by one
  }

  void check_nesting(int depth) const {
    if (depth > kDeepest)
      throw Endless(recorder_.file(), "holds a list inside itself, or lists more than 200 deep");
  }

  void walk(const jit::Block* block, Environment& environment) {
    for (const jit::Node* node : block->nodes()) {
      recorder_.count_step();
      step(node, environment);
    }
  }

  void set_outputs(const jit::Node* node, Environment& environment, const Value& value) {
    if (node->outputs().size() == 1) environment[node->output()] = value;
    if (node->outputs().size() > 1) unpack(node, value, environment);  // an operator's results
  }

  void set_unknown(const jit::Node* node, Environment& environment) {
    for (const jit::Value* output : node->outputs()) environment[output] = Unknown{};
  }

  static std::string place_of(const jit::Node* node) {
    if (const auto at = node->sourceRange().file_line_col())
      return std::get<0>(*at) + ":" + std::to_string(std::get<1>(*at));
    return "";
  }

  // "layer1.0.conv1 at code/__torch__/net.py:12"
  std::string where(const jit::Node* node) const {
    const std::string place = place_of(node), module = recorder_.module();
    if (place.empty()) return module.empty() ? "forward" : module;
    return module.empty() ? place : module + " at " + place;
  }

  void step(const jit::Node* node, Environment& environment) {
    const std::string kind = node->kind().toQualString();
    try {
      if (kind == "prim::If") return branch(node, environment);
      if (kind == "prim::Loop") return loop(node, environment);
      const std::vector<Value> inputs = inputs_of(node, environment);
      bool unknown = false;
      for (const Value& input : inputs) unknown = holds_unknown(input) || unknown;
      if (structure(kind, node, inputs, environment)) return;
      if (unknown) {
        if (!known(kind))
          recorder_.refuse(kind, where(node));
        else if (!recorder_.refused())
          recorder_.refuse(kind + " of a second result that is not computed", where(node));
        return set_unknown(node, environment);
      }
      Call arguments(recorder_, inputs);
      set_outputs(node, environment, translate(kind, arguments));
    } catch (const Untranslated& error) {
      const std::string why = error.what();
      recorder_.refuse(kind + (why.empty() ? "" : " " + why), where(node));
      set_unknown(node, environment);
    } catch (const OperatorError& error) {
      throw InputError(recorder_.file(), kind + " (" + where(node) + "): " + error.what());
    } catch (const c10::Error& error) {
      const std::string text = error.what_without_backtrace();
      throw InputError(recorder_.file(),
                       kind + " (" + where(node) + "): " + text.substr(0, text.find('\n')));
    }
  }

  static bool known(const std::string& kind) {
    return find_translation(kind) ||
           (kind.back() == '_' && find_translation(kind.substr(0, kind.size() - 1)));
  }

  // What is Python's rather than an operator. False where it is none of that.
  bool structure(const std::string& kind, const jit::Node* node, const std::vector<Value>& inputs,
                 Environment& environment) {
    using c10::attr::name;
    const auto give = [&](const Value& value) { set_outputs(node, environment, value); };
    if (kind == "prim::Constant") {
      give(constant_of(node));
    } else if (kind == "prim::GetAttr") {
      give(attribute(inputs.at(0), node->s(name)));
    } else if (kind == "prim::SetAttr") {
      throw Untranslated("(the network changes its own \"" + node->s(name) + "\")");
    } else if (kind == "prim::CallMethod") {
      give(call_method(node->s(name), inputs));
    } else if (kind == "prim::CallFunction") {
      const auto type = node->input(0)->type()->cast<c10::FunctionType>();
      if (!type) throw Untranslated("of something that is no function");
      give(call(*type->function(), {inputs.begin() + 1, inputs.end()}, recorder_.module()));
    } else if (kind == "prim::ListConstruct") {
      give(make_list(inputs));
    } else if (kind == "prim::TupleConstruct") {
      give(make_tuple(inputs, tuple_names(node)));
    } else if (kind == "prim::DictConstruct") {
      give(dict_of(inputs));
    } else if (kind == "prim::ListUnpack" || kind == "prim::TupleUnpack") {
      unpack(node, inputs.at(0), environment);
    } else if (kind == "prim::TupleIndex") {
      const Tuple* tuple = inputs.at(0).as<Tuple>();
      const Number* index = inputs.at(1).as<Number>();
      if (!tuple || !index) throw Untranslated("of something that is no tuple");
      const std::int64_t size = static_cast<std::int64_t>((*tuple)->items.size());
      std::int64_t i = recorder_.decide(*index);
      if (i < 0) i += size;
      if (i < 0 || i >= size) throw OperatorError("an index beyond the tuple");
      give((*tuple)->items[static_cast<std::size_t>(i)]);
    } else if (kind == "prim::TupleSlice") {
      const Tuple* tuple = inputs.at(0).as<Tuple>();
      if (!tuple) throw Untranslated("of something that is no tuple");
      const auto size = static_cast<std::int64_t>((*tuple)->items.size());
      const auto from = std::clamp<std::int64_t>(node->i(c10::Symbol::attr("beg")), 0, size);
      const auto to = std::clamp<std::int64_t>(node->i(c10::Symbol::attr("end")), from, size);
      give(make_tuple({(*tuple)->items.begin() + from, (*tuple)->items.begin() + to}));
    } else if (kind == "prim::RaiseException") {
      const std::string* text = inputs.empty() ? nullptr : inputs[0].as<std::string>();
      throw InputError(recorder_.file(), "the network refuses a trial picture (" + where(node) +
                                             ")" + (text ? ": " + one_line(*text) : ""));
    } else if (kind == "prim::Uninitialized") {
      give(std::monostate{});
    } else if (kind == "prim::unchecked_cast" || kind == "aten::_unwrap_optional" ||
               kind == "prim::unchecked_unwrap_optional" || kind == "prim::annotate") {
      give(inputs.at(0));
    } else {
      return false;
    }
    return true;
  }

  static std::string one_line(std::string text) {
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return text.substr(0, 300);
  }

  Value constant_of(const jit::Node* node) {
    if (node->output()->type()->kind() == c10::TypeKind::FunctionType) return std::monostate{};
    const auto value = jit::toIValue(node->output());
    if (!value) throw Untranslated("of an unknown kind");
    return value_of(*value);
  }

  Value attribute(const Value& of, const std::string& name) {
    const c10::IValue* object = of.as<c10::IValue>();
    if (!object || !object->isObject()) throw Untranslated("of something that is no module");
    const auto instance = object->toObject();
    if (const auto slot = instance->type()->findAttributeSlot(name))
      return value_of(instance->getSlot(*slot));
    if (const auto slot = instance->type()->findConstantSlot(name))
      return value_of(instance->type()->getConstant(*slot));
    throw InputError(recorder_.file(), "is damaged: a module lacks its \"" + name + "\"");
  }

  Value call_method(const std::string& name, const std::vector<Value>& inputs) {
    const c10::IValue* object = inputs.at(0).as<c10::IValue>();
    if (!object || !object->isObject()) throw Untranslated("of something that is no module");
    const auto instance = object->toObject();
    jit::Function* method = instance->type()->findMethod(name);
    if (!method) throw Untranslated("of a method \"" + name + "\" that the file lacks");
    const auto path = paths_.find(instance.get());
    return call(*method, inputs, path == paths_.end() ? recorder_.module() : path->second);
  }

  static std::vector<std::string> tuple_names(const jit::Node* node) {
    std::vector<std::string> names;
    const auto type = node->output()->type()->cast<c10::TupleType>();
    if (type && type->schema())
      for (const auto& argument : type->schema()->arguments()) names.push_back(argument.name());
    return names;
  }

  static Value dict_of(const std::vector<Value>& inputs) {
    auto dict = std::make_shared<std::vector<std::pair<Value, Value>>>();
    for (std::size_t i = 0; i + 1 < inputs.size(); i += 2)
      dict->emplace_back(inputs[i], inputs[i + 1]);
    return dict;
  }

  void unpack(const jit::Node* node, const Value& value, Environment& environment) {
    if (value.as<Unknown>()) return set_unknown(node, environment);
    const List* list = value.as<List>();
    const Tuple* tuple = value.as<Tuple>();
    if (!list && !tuple) throw Untranslated("of something that is no list");
    const std::vector<Value> items = list ? **list : (*tuple)->items;
    if (items.size() != node->outputs().size())
      throw OperatorError(std::to_string(items.size()) + " items where " +
                          std::to_string(node->outputs().size()) + " were wanted");
    for (std::size_t i = 0; i < items.size(); ++i) environment[node->outputs()[i]] = items[i];
  }

  // -- control flow

  bool decide(const Value& condition) const {
    const Number* number = condition.as<Number>();
    if (!number) throw Untranslated("on something that is neither true nor false");
    return recorder_.decide(*number) != 0;
  }

  void branch(const jit::Node* node, Environment& environment) {
    const Value& condition = read(environment, node->input(0));
    if (condition.as<Unknown>()) return list_only(node, environment);
    const jit::Block* block = node->blocks()[decide(condition) ? 0 : 1];
    walk(block, environment);
    for (std::size_t i = 0; i < node->outputs().size(); ++i)
      environment[node->outputs()[i]] = read(environment, block->outputs()[i]);
  }

  // Loop(most trips, condition, carried…): block (trip, carried…) gives (condition, carried…).
  void loop(const jit::Node* node, Environment& environment) {
    const Value most = read(environment, node->input(0));
    Value condition = read(environment, node->input(1));
    if (most.as<Unknown>() || condition.as<Unknown>()) return list_only(node, environment);
    std::vector<Value> carried;
    for (std::size_t i = 2; i < node->inputs().size(); ++i)
      carried.push_back(read(environment, node->input(i)));
    const jit::Block* block = node->blocks()[0];
    const Number* trips = most.as<Number>();
    if (!trips) throw Untranslated("of a number of times that is no number");
    const std::int64_t count = recorder_.decide(*trips);
    for (std::int64_t trip = 0; trip < count && decide(condition); ++trip) {
      environment[block->inputs()[0]] = Number{trip};
      for (std::size_t i = 0; i < carried.size(); ++i)
        environment[block->inputs()[i + 1]] = carried[i];
      recorder_.count_step();
      walk(block, environment);
      condition = read(environment, block->outputs()[0]);
      if (condition.as<Unknown>()) return set_unknown(node, environment);
      for (std::size_t i = 0; i < carried.size(); ++i)
        carried[i] = read(environment, block->outputs()[i + 1]);
    }
    for (std::size_t i = 0; i < carried.size(); ++i) environment[node->outputs()[i]] = carried[i];
  }

  // Where an untranslated operator decides: only which others there are is of interest.
  void list_only(const jit::Node* node, Environment& environment) {
    for (const jit::Block* block : node->blocks())
      for (const jit::Node* inner : block->nodes()) {
        const std::string kind = inner->kind().toQualString();
        if (kind.rfind("aten::", 0) == 0 && !known(kind)) recorder_.refuse(kind, where(inner));
        list_only(inner, environment);
      }
    set_unknown(node, environment);
  }

  const jit::Module& module_;
  Recorder& recorder_;
  std::unordered_map<const void*, std::string> paths_;  // of modules
  std::unordered_map<const void*, std::string> names_;  // of parameters and buffers
  std::unordered_map<const void*, CellRef> kept_;       // by the file's tensor
  int depth_ = 0;
};

}  // namespace

Value interpret(const jit::Module& module, const Traced& input, Recorder& recorder) {
  return Interpreter(module, recorder).forward(input);
}

}  // namespace assay::network::torchscript
