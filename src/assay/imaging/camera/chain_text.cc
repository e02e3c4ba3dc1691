// Cameras as one text, and those that have a name.
#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/imaging/camera/chain.h"

namespace assay::imaging {

namespace {

constexpr std::string_view kSetting = "set";

std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t first = text.find_first_not_of(separators, begin);
    if (first == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(separators, first), text.size());
    words.emplace_back(text.substr(first, end - first));
    begin = end;
  }
  return words;
}

bool number_in(const std::string& word, double& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

CameraStage stage_in(const std::vector<std::string>& words, const std::string& where) {
  CameraStage stage{words[0], "", {}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    double value = 0;
    if (number_in(words[i], value))
      stage.numbers.push_back(value);
    else if (i == 1)
      stage.form = words[i];
    else
      throw InputError(where, stage.name + ": got \"" + words[i] + "\", wanted a number");
  }
  return stage;
}

}  // namespace

std::string text_of(const CameraStage& stage) {
  std::string text = stage.name;
  if (!stage.form.empty()) text += " " + stage.form;
  for (const double v : stage.numbers) text += fmt::format(" {}", v);
  return text;
}

std::string CameraChain::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " | ") + part; };
  for (const CameraStage& s : stages_) add(text_of(s));
  for (const auto& [name, value] : settings_) add(fmt::format("{} {} {}", kSetting, name, value));
  return text;
}

std::vector<std::string> static_view_names() {
  std::vector<std::string> names;
  for (const char* demosaic : {"bilinear", "malvar", "menon"})
    for (const char* sharpen : {"filter", "unsharp"})
      for (const char* denoise : {"median", "gaussian"})
        names.push_back(fmt::format("{}-{}-{}", demosaic, sharpen, denoise));
  return names;
}

CameraChain CameraChain::parse(const std::string& text, const std::string& where) {
  const std::vector<std::string> parts = words_of(text, "|");
  if (parts.empty()) throw InputError(where, "no camera is named");
  const std::vector<std::string> first = words_of(parts[0], " ");
  if (parts.size() == 1 && first.size() == 1) {
    if (first[0] == "standard") return {standard_stages(), where};
    std::vector<std::string> names = static_view_names();
    for (const std::string& name : names) {
      if (name != first[0]) continue;
      const std::vector<std::string> words = words_of(name, "-");
      auto stages = static_view(words[0], words[1], words[2]);
      stages[0].form = "normalise";
      return {std::move(stages), where};
    }
    names.emplace_back("standard");
    const std::string near = nearest(first[0], names);
    throw InputError(where, "there is no camera \"" + first[0] + "\"" +
                                (near.empty() ? "; wanted standard, a static view such as "
                                                "menon-unsharp-gaussian, or a camera's file"
                                              : ", did you mean \"" + near + "\"?"));
  }
  std::vector<CameraStage> stages;
  CameraSettings settings;
  for (const std::string& part : parts) {
    const std::vector<std::string> words = words_of(part, " ");
    if (words.empty()) throw InputError(where, "a stage has no name");
    if (words[0] != kSetting) {
      stages.push_back(stage_in(words, where));
      continue;
    }
    double value = 0;
    if (words.size() != 3 || !number_in(words[2], value))
      throw InputError(where, "got \"" + part + "\", wanted set FACTOR NUMBER");
    settings.emplace_back(words[1], value);
  }
  return {std::move(stages), where, std::move(settings)};
}

}  // namespace assay::imaging
