#include "request.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstddef>
#include <limits>
#include <memory>
#include <system_error>

#include "assay/base/error.h"
#include "render.h"

namespace weld {

namespace {

// The option's words, before what they say is looked at.
struct Words {
  std::string count = "600", seed = "1", size = "256", threads = "0", out;
  std::vector<std::string> flaws, set;
  bool sheet = false;
  bool causes = false, help = false;  // main answers these
};

std::unique_ptr<CLI::App> command(Words& words) {
  auto app = std::make_unique<CLI::App>(
      "Draws pictures of a weld line: RAW frames, developed pictures, masks and a manifest that "
      "says\n"
      "every cause of every picture.\n"
      "  weld-draw --count 600 --seed 7 -o build/weld\n"
      "  weld-draw --count 24 --set exposure=-2 camera=B -o build/dark",
      "weld-draw");
  app->set_help_flag();
  app->add_option("--count", words.count, "pictures (600)");
  app->add_option("--seed", words.seed, "0 and up (1)");
  app->add_option("--size", words.size, "side of a picture in px (256)");
  app->add_option("--threads", words.threads, "0: one a core (0)");
  app->add_option("--flaw", words.flaws,
                  "plant: " + std::string(kFlawWords) + " (several may follow)");
  app->add_option("--set", words.set,
                  "CAUSE=VALUE: the same pictures with one cause changed (several may follow)");
  app->add_option("-o", words.out, "folder to write to");
  app->add_flag("--sheet", words.sheet, "only draw a contact sheet, to the JPEG file of -o");
  app->add_flag("--causes", words.causes, "print the table of causes");
  app->add_flag("--help", words.help, "print this");
  return app;
}

std::int64_t whole(const std::string& option, const std::string& text, std::int64_t low,
                   std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
    throw assay::InputError(option, "got \"" + text + "\", wanted a whole number from " +
                                        std::to_string(low) + " to " + std::to_string(high));
  return value;
}

}  // namespace

std::string draw_usage() {
  Words words;
  return command(words)->help();
}

std::string causes_page() {
  std::string page =
      "# The causes of a picture\n\n"
      "Written by `weld-draw --causes`. A value of a *part* holds for its four pictures. Where a "
      "condition holds, its distribution is drawn from instead; the first that holds counts. "
      "Truncated to the support.\n\n"
      "| cause | unit | support | of the | distribution | what it is "
      "|\n|---|---|---|---|---|---|\n";
  for (const CauseRow& row : cause_table()) {
    std::string drawn = to_text(row, row.usual);
    for (const Special& special : row.special)
      if (special.when != 0)
        drawn += "; " + tags_text(special.when) + ": " + to_text(row, special.instead);
    const auto support = row.words.empty()
                             ? value_text(row, row.low) + " to " + value_text(row, row.high)
                             : std::string(row.words);
    std::string line = "| `";
    line.append(row.name).append("` | ").append(row.unit).append(" | ").append(support);
    line.append(row.scope == Scope::kPart ? " | part | " : " | picture | ");
    line.append(drawn).append(" | ").append(row.help).append(" |\n");
    for (std::size_t at = 0; (at = line.find('|', at)) != std::string::npos; at += 2)
      if (!row.words.empty() && at > 0 && line[at - 1] != ' ' && line[at + 1] != ' ' &&
          line[at + 1] != '\n')
        line.replace(at, 1, "\\|");
    page += line;
  }
  return page;
}

DrawRequest parse_draw(const std::vector<std::string>& given) {
  Words words;
  const auto app = command(words);
  try {
    app->parse(std::vector<std::string>(given.rbegin(), given.rend()));  // it takes the last first
  } catch (const CLI::ParseError& e) {
    throw assay::InputError("", e.what());
  }
  DrawRequest request;
  request.count = whole("--count", words.count, 1, 1'000'000);
  request.plan.seed = static_cast<std::uint64_t>(
      whole("--seed", words.seed, 0, std::numeric_limits<std::int64_t>::max()));
  request.size = static_cast<int>(whole("--size", words.size, kLeastSize, kMostSize));
  request.threads = static_cast<int>(whole("--threads", words.threads, 0, 1024));
  for (const std::string& flaw : words.flaws) request.plan.flaws |= parse_flaw(flaw);
  for (const std::string& text : words.set) {
    const auto equals = text.find('=');
    if (equals == std::string::npos)
      throw assay::InputError("--set", "got \"" + text + "\", wanted CAUSE=VALUE");
    const std::size_t cause = cause_index(text.substr(0, equals));
    const CauseRow& row = cause_table()[cause];
    request.plan.set[cause] =
        parse_value(row, text.substr(equals + 1), "--set " + std::string(row.name));
  }
  if (words.out.empty()) throw assay::InputError("-o", "say which folder to write to");
  request.sheet = words.sheet;
  request.out = words.out;
  return request;
}

}  // namespace weld
