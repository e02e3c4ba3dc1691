#include "assay/base/field.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

namespace assay {

namespace {

std::string number_text(double v) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, v).ptr;
  return {text, end};
}

std::string range_text(const Range& r, const std::string& unit) {
  const std::string suffix = unit.empty() ? "" : " " + unit;
  if (std::isfinite(r.low) && std::isfinite(r.high))
    return number_text(r.low) + " to " + number_text(r.high) + suffix;
  if (std::isfinite(r.low)) return "at least " + number_text(r.low) + suffix;
  if (std::isfinite(r.high)) return "at most " + number_text(r.high) + suffix;
  return "any number" + suffix;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string to_text(const FieldValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const auto* i = std::get_if<std::int64_t>(&value)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&value)) return number_text(*d);
  return std::get<std::string>(value);
}

std::string type_name(const FieldValue& value) {
  static constexpr const char* kNames[] = {"true or false", "a whole number", "a number", "a text"};
  return kNames[value.index()];
}

EntryList entries_of(const std::string& text, const std::string& where) {
  const auto trimmed = [](std::string_view t) {
    while (!t.empty() && t.front() == ' ') t.remove_prefix(1);
    while (!t.empty() && t.back() == ' ') t.remove_suffix(1);
    return std::string(t);
  };
  EntryList entries;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find(';');
    const std::string_view entry = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    if (trimmed(entry).empty()) continue;
    const std::size_t equals = entry.find('=');
    std::string name = trimmed(entry.substr(0, equals)),
                value = equals == entry.npos ? "" : trimmed(entry.substr(equals + 1));
    if (name.empty() || value.empty())
      throw InputError(where, "\"" + trimmed(entry) + "\" is not of the form name=text");
    for (const auto& [other, _] : entries)
      if (other == name) throw InputError(where, "\"" + name + "\" is given twice");
    entries.emplace_back(std::move(name), std::move(value));
  }
  return entries;
}

std::string entries_text(const EntryList& entries) {
  std::string text;
  for (const auto& [name, value] : entries) text += (text.empty() ? "" : "; ") + name + "=" + value;
  return text;
}

std::vector<std::string> split_choices(Choice choice) {
  std::vector<std::string> words;
  for (std::string_view rest = choice.words; !rest.empty();) {
    const auto bar = rest.find('|');
    words.emplace_back(rest.substr(0, bar));
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  return words;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t size = candidate.size();  // a word of hostile length must cost nothing
    if (std::max(size, word.size()) - std::min(size, word.size()) >= best_distance) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

FieldValue checked(const FieldInfo& info, const FieldValue& value, const std::string& where) {
  FieldValue v = value;
  if (const auto* i = std::get_if<std::int64_t>(&v);
      i && std::holds_alternative<double>(info.initial))
    v = static_cast<double>(*i);
  if (v.index() != info.initial.index())
    throw InputError(
        where, info.name + ": got \"" + to_text(value) + "\", wanted " + type_name(info.initial));
  const auto out_of_range = [&](double number) {
    return !(number >= info.range.low && number <= info.range.high);
  };
  bool bad = false;
  if (const auto* i = std::get_if<std::int64_t>(&v))
    bad = out_of_range(static_cast<double>(*i)) || *i > std::numeric_limits<int>::max() ||
          *i < std::numeric_limits<int>::min();
  if (const auto* d = std::get_if<double>(&v)) bad = !std::isfinite(*d) || out_of_range(*d);
  if (bad)
    throw InputError(
        where, info.name + ": got " + to_text(v) + ", wanted " + range_text(info.range, info.unit));
  if (const auto* s = std::get_if<std::string>(&v);
      s && !info.choices.empty() &&
      std::find(info.choices.begin(), info.choices.end(), *s) == info.choices.end()) {
    std::string words;
    for (const auto& c : info.choices) words += (words.empty() ? "" : ", ") + c;
    const std::string near = nearest(*s, info.choices);
    throw InputError(where, info.name + ": got \"" + *s + "\", wanted one of " + words +
                                (near.empty() ? "" : " (did you mean " + near + "?)"));
  }
  return v;
}

FieldValue parsed(const FieldInfo& info, const std::string& text, const std::string& where) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto wrong = [&] {
    return InputError(where,
                      info.name + ": got \"" + text + "\", wanted " + type_name(info.initial));
  };
  if (std::holds_alternative<std::string>(info.initial)) return checked(info, text, where);
  if (std::holds_alternative<bool>(info.initial)) {
    if (text != "true" && text != "false") throw wrong();
    return text == "true";
  }
  if (std::holds_alternative<std::int64_t>(info.initial)) {
    std::int64_t i = 0;
    if (const auto r = std::from_chars(begin, end, i); r.ec != std::errc{} || r.ptr != end)
      throw wrong();
    return checked(info, i, where);
  }
  double d = 0;
  if (const auto r = std::from_chars(begin, end, d); r.ec != std::errc{} || r.ptr != end)
    throw wrong();
  return checked(info, d, where);
}

}  // namespace assay
