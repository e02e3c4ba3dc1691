#include "assay/audit/description.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "assay/audit/yaml.h"
#include "assay/base/file.h"
#include "assay/network/input_preset.h"

namespace assay::audit {

namespace fs = std::filesystem;

namespace {

template <class T>
struct Word {
  const char* text;
  T value;
};

constexpr Word<Channels> kChannels[] = {
    {"rgb", Channels::kRgb}, {"bgr", Channels::kBgr}, {"gray", Channels::kGray}};
constexpr Word<ResizeRule> kRules[] = {{"none", ResizeRule::kNone},
                                       {"shorter", ResizeRule::kShorter},
                                       {"squash", ResizeRule::kSquash},
                                       {"pad", ResizeRule::kPad},
                                       {"line", ResizeRule::kLine}};
constexpr Word<Layout> kLayouts[] = {{"nchw", Layout::kNchw}, {"nhwc", Layout::kNhwc}};
constexpr Word<OutputKind> kKinds[] = {{"logits", OutputKind::kLogits},
                                       {"probabilities", OutputKind::kProbabilities},
                                       {"log_probabilities", OutputKind::kLogProbabilities},
                                       {"sigmoid", OutputKind::kSigmoid},
                                       {"segmentation", OutputKind::kSegmentation}};

template <class T, std::size_t N>
T word_value(const Word<T> (&words)[N], const std::string& text, const std::string& where) {
  std::vector<std::string> all;
  std::string list;
  for (const auto& w : words) {
    if (text == w.text) return w.value;
    all.push_back(w.text);
    list += (list.empty() ? "" : ", ") + std::string(w.text);
  }
  const std::string near = nearest(text, all);
  throw InputError(where, "got \"" + text + "\", wanted one of " + list +
                              (near.empty() ? "" : " (did you mean " + near + "?)"));
}

template <class T, std::size_t N>
std::string word_text(const Word<T> (&words)[N], T value) {
  for (const auto& w : words)
    if (w.value == value) return w.text;
  throw BugError("a word is missing");
}

int whole_px(double value, const std::string& where) {
  if (!(value >= 1 && value <= 16384) || value != static_cast<int>(value))
    throw InputError(where, "got " + to_text(value) + ", wanted whole pixels from 1 to 16384");
  return static_cast<int>(value);
}

void read_resize(Mapping& keys, const std::string& path, InputDescription& input) {
  const YAML::Node node = keys.take("resize");
  if (!node.IsDefined()) return;
  const std::string where = keys.where("resize");
  input.resize_height = input.resize_width = 0;
  if (node.IsScalar() && node.Scalar() == "none") {
    input.resize = ResizeRule::kNone;
    return;
  }
  std::vector<double> size;
  if (node.IsMap()) {
    Mapping resize(path, node, keys.what() + ".resize");
    input.resize = word_value(kRules, resize.required_text("rule"), resize.where("rule"));
    size = resize.numbers("size");
    resize.finish({"rule", "size"});
  } else {
    input.resize = ResizeRule::kShorter;
    size = keys.numbers("resize");
  }
  if (input.resize == ResizeRule::kNone && size.empty()) return;
  if (size.empty() || size.size() > 2 || input.resize == ResizeRule::kNone)
    throw InputError(where, "wanted a size in pixels: one number or [height, width]");
  input.resize_height = whole_px(size.front(), where);
  input.resize_width = whole_px(size.back(), where);
  if (input.resize == ResizeRule::kLine && size.size() != 2)
    throw InputError(where, "the rule \"line\" wants [height, width]");
  if (input.resize == ResizeRule::kShorter && input.resize_height != input.resize_width)
    throw InputError(where, "the rule \"shorter\" wants one number");
}

InputDescription read_keys(const std::string& path, const YAML::Node& node) {
  Mapping keys(path, node, "input");
  InputDescription input;
  if (keys.has("preset")) {
    try {
      input = network::input_preset(keys.text("preset", ""));
    } catch (const InputError& e) {
      throw InputError(keys.where("preset"), e.what());
    }
  }
  keys.take("preset");
  if (const std::string c = keys.text("channels", ""); !c.empty())
    input.channels = word_value(kChannels, c == "grey" ? "gray" : c, keys.where("channels"));
  input.range = keys.number("range", input.range, {1, 255});
  if (input.range != 1 && input.range != 255)
    throw InputError(keys.where("range"), "got " + to_text(input.range) + ", wanted 1 or 255");
  if (keys.has("mean")) input.mean = keys.numbers("mean");
  if (keys.has("std")) input.std = keys.numbers("std");
  for (const double s : input.std)
    if (!(s > 0)) throw InputError(keys.where("std"), "got " + to_text(s) + ", wanted above 0");
  read_resize(keys, path, input);
  input.crop = static_cast<int>(keys.whole("crop", input.crop, 0, 16384));
  if (const std::string l = keys.text("layout", ""); !l.empty())
    input.layout = word_value(kLayouts, l, keys.where("layout"));
  input.upright = keys.flag("upright", input.upright);
  keys.finish(
      {"preset", "channels", "range", "mean", "std", "resize", "crop", "layout", "upright"});

  const std::size_t channels = input.channels == Channels::kGray ? 1 : 3;
  for (const auto* values : {&input.mean, &input.std})
    if (!values->empty() && values->size() != 1 && values->size() != 3 &&
        values->size() != channels)
      throw InputError(keys.where(values == &input.mean ? "mean" : "std"),
                       "got " + std::to_string(values->size()) + " numbers, wanted one a channel");
  return input;
}

bool names_file(const std::string& text) {
  return text.ends_with(".yaml") || text.ends_with(".yml") || text.find('/') != std::string::npos;
}

std::string list_text(const std::vector<double>& values) {
  std::string text = "[";
  for (const double v : values) text += (text.size() > 1 ? ", " : "") + to_text(v);
  return text + "]";
}

}  // namespace

std::string beside(const std::string& file, const std::string& name) {
  const fs::path p(name);
  return p.is_absolute() ? name : (fs::path(file).parent_path() / p).string();
}

InputDescription read_input(const std::string& path, const YAML::Node& node) {
  if (!node.IsScalar()) return read_keys(path, node);
  const std::string text = node.Scalar();
  if (names_file(text)) return parse_input(beside(path, text));
  try {
    return network::input_preset(text);
  } catch (const InputError& e) {
    throw InputError(place(path, node), e.what());
  }
}

InputDescription parse_input(const std::string& text) {
  if (!names_file(text)) return network::input_preset(text);
  return read_keys(text, parse_yaml(read_file(text, kMostPlanBytes), text));
}

OutputDescription read_output(const std::string& path, const YAML::Node& node) {
  OutputDescription output;
  if (node.IsScalar()) {
    output.kind = word_value(kKinds, node.Scalar(), place(path, node) + ": output");
    return output;
  }
  Mapping keys(path, node, "output");
  output.value = keys.text("value", "");
  if (const auto kind = keys.text("kind", ""); !kind.empty())
    output.kind = word_value(kKinds, kind, keys.where("kind"));
  keys.finish({"value", "kind"});
  return output;
}

OutputDescription parse_output(const std::string& kind, const std::string& value) {
  return {value, kind.empty() ? OutputKind::kLogits : word_value(kKinds, kind, "--output")};
}

std::vector<std::string> read_labels(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<std::string> labels;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.pop_back();
    labels.push_back(std::move(line));
    at = end + 1;
  }
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  if (labels.empty()) throw InputError(path, "no labels in it, wanted one a line");
  return labels;
}

std::string kind_name(OutputKind kind) { return word_text(kKinds, kind); }

std::vector<std::pair<std::string, std::string>> describe(const InputDescription& input) {
  std::vector<std::pair<std::string, std::string>> all;
  all.emplace_back("channels", word_text(kChannels, input.channels));
  all.emplace_back("range", to_text(input.range));
  if (!input.mean.empty()) all.emplace_back("mean", list_text(input.mean));
  if (!input.std.empty()) all.emplace_back("std", list_text(input.std));
  if (input.resize == ResizeRule::kShorter) {
    all.emplace_back("resize", std::to_string(input.resize_height));
  } else if (input.resize != ResizeRule::kNone) {
    all.emplace_back("resize", "{rule: " + word_text(kRules, input.resize) + ", size: [" +
                                   std::to_string(input.resize_height) + ", " +
                                   std::to_string(input.resize_width) + "]}");
  }
  if (input.crop > 0) all.emplace_back("crop", std::to_string(input.crop));
  if (input.layout != Layout::kNchw) all.emplace_back("layout", word_text(kLayouts, input.layout));
  if (input.upright) all.emplace_back("upright", "true");
  return all;
}

InputDescription described_input(const std::string& where,
                                 const std::vector<std::pair<std::string, std::string>>& keys) {
  std::string text;
  for (const auto& [key, value] : keys) text += key + ": " + value + "\n";
  return read_keys(where, parse_yaml(text, where));
}

std::vector<std::pair<std::string, std::string>> describe(const OutputDescription& output) {
  std::vector<std::pair<std::string, std::string>> all;
  all.emplace_back("kind", word_text(kKinds, output.kind));
  if (!output.value.empty()) all.emplace_back("value", output.value);
  return all;
}

}  // namespace assay::audit
