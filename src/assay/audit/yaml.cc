#include "assay/audit/yaml.h"

#include <charconv>
#include <cmath>

namespace assay::audit {

YAML::Node parse_yaml(const std::string& text, const std::string& path) {
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& e) {
    std::string text = e.msg;  // may quote a character of the file, whichever it is
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    throw InputError(path + ":" + std::to_string(e.mark.line + 1), "not valid YAML: " + text);
  }
}

std::string place(const std::string& path, const YAML::Node& node) {
  const auto mark = node.Mark();
  return mark.is_null() ? path : path + ":" + std::to_string(mark.line + 1);
}

FieldValue scalar_value(const YAML::Node& node, const std::string& where) {
  if (!node.IsScalar()) throw InputError(where, "wanted a single value");
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto r = std::from_chars(text.data(), end, whole); r.ec == std::errc{} && r.ptr == end)
    return whole;
  double number = 0;
  if (const auto r = std::from_chars(text.data(), end, number); r.ec == std::errc{} && r.ptr == end)
    return number;
  return text;
}

Mapping::Mapping(const std::string& path, const YAML::Node& node, const std::string& what)
    : path_(path), what_(what), where_(place(path, node)), node_(node) {
  if (!node.IsMap()) throw InputError(where_, what + ": wanted a mapping of keys to values");
  for (const auto& pair : node) {
    if (!pair.first.IsScalar())
      throw InputError(place(path, pair.first), what + ": a key must be a plain text");
    const auto key = pair.first.Scalar();
    if (!values_.emplace(key, pair.second).second)
      throw InputError(place(path, pair.first), what + "." + key + " is given twice");
    keys_.push_back(key);
  }
}

bool Mapping::has(const std::string& key) const { return values_.count(key) > 0; }

YAML::Node Mapping::take(const std::string& key) {
  taken_.insert(key);
  const auto value = values_.find(key);
  return value == values_.end() ? YAML::Node(YAML::NodeType::Undefined) : value->second;
}

YAML::Node Mapping::require(const std::string& key) {
  if (!has(key)) throw InputError(where_, what_ + ": the key \"" + key + "\" is missing");
  return take(key);
}

std::string Mapping::where(const std::string& key) const {
  const auto value = values_.find(key);
  return (value == values_.end() ? where_ : place(path_, value->second)) + ": " + what_ + "." + key;
}

std::string Mapping::text(const std::string& key, const std::string& otherwise) {
  const YAML::Node node = take(key);
  if (!node.IsDefined()) return otherwise;
  if (!node.IsScalar()) throw InputError(where(key), "wanted a text");
  return node.Scalar();
}

std::string Mapping::required_text(const std::string& key) {
  require(key);
  const std::string value = text(key, "");
  if (value.empty()) throw InputError(where(key), "is empty");
  return value;
}

namespace {

template <class T>
T bounded(Mapping& mapping, const std::string& key, FieldValue initial, Range range) {
  const YAML::Node node = mapping.take(key);
  if (!node.IsDefined()) return std::get<T>(initial);
  const std::string where = mapping.where(key);
  FieldInfo info;
  info.name = "value";
  info.initial = initial;
  info.range = range;
  return std::get<T>(checked(info, scalar_value(node, where), where));
}

}  // namespace

std::int64_t Mapping::whole(const std::string& key, std::int64_t otherwise, std::int64_t low,
                            std::int64_t high) {
  return bounded<std::int64_t>(*this, key, otherwise,
                               {static_cast<double>(low), static_cast<double>(high)});
}

double Mapping::number(const std::string& key, double otherwise, Range range) {
  return bounded<double>(*this, key, otherwise, range);
}

bool Mapping::flag(const std::string& key, bool otherwise) {
  return bounded<bool>(*this, key, otherwise, {});
}

std::vector<double> Mapping::numbers(const std::string& key) {
  const YAML::Node node = take(key);
  std::vector<double> values;
  if (!node.IsDefined()) return values;
  const auto add = [&](const YAML::Node& item) {
    const FieldValue v = scalar_value(item, where(key));
    double number = NAN;
    if (const auto* d = std::get_if<double>(&v)) number = *d;
    if (const auto* i = std::get_if<std::int64_t>(&v)) number = static_cast<double>(*i);
    if (!std::isfinite(number))
      throw InputError(where(key), "got \"" + to_text(v) + "\", wanted a number");
    values.push_back(number);
  };
  if (node.IsSequence())
    for (const auto& item : node) add(item);
  else
    add(node);
  return values;
}

void Mapping::finish(const std::vector<std::string>& known) const {
  for (const auto& pair : node_) {
    const auto key = pair.first.Scalar();
    if (taken_.count(key)) continue;
    const std::string near = nearest(key, known);
    std::string words;
    for (const auto& k : known) words += (words.empty() ? "" : ", ") + k;
    throw InputError(
        place(path_, pair.first),
        what_ + ": unknown key \"" + key + "\"; " +
            (near.empty() ? "known here: " + words : "did you mean \"" + near + "\"?"));
  }
}

}  // namespace assay::audit
