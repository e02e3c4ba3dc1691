// assay within datasheet.json IMAGE… [--json]

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "assay/audit/description.h"
#include "assay/cli/command.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/prepare.h"
#include "assay/imaging/scene/pixel_statistics.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"
#include "assay/report/datasheet.h"

namespace assay::cli {

namespace {

struct WithinOptions {
  std::string datasheet;
  std::vector<std::string> images;
  bool json = false;
};

// A picture as the model would see it, brought back to pixels [1,C,H,W] in 0 to 1: what pads it is the mean, as it was for those
// that were tested.
at::Tensor seen(const imaging::Picture& picture, const std::string& name,
                InputDescription description, const Datasheet& sheet) {
  description.layout = Layout::kNchw;
  const imaging::ModelDemand demand{sheet.channels, sheet.height, sheet.width, false};
  const auto size = imaging::prepared_size(picture, name, description, demand);
  at::Tensor pixels = at::empty({1, size.channels, size.height, size.width}, at::kFloat);
  imaging::prepare(picture, name, description, demand,
                   std::span(pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())));
  return methods::pixels_of_values(description, pixels).clamp(0, 1);
}

struct Measured {
  std::string name;
  double value = 0;
  Datasheet::Extent tested;
  // Some picture is always the first of its kind: beyond by less than this share of the range is inside.
  bool inside() const {
    const double slack = 0.1 * (tested.high - tested.low);
    return value >= tested.low - slack && value <= tested.high + slack;
  }
};

std::vector<Measured> measured(const at::Tensor& pixels, const Datasheet& sheet) {
  const auto names = imaging::pixel_statistic_names(static_cast<int>(pixels.size(1)));
  const auto values = imaging::pixel_statistics(pixels);
  std::vector<Measured> all;
  for (const auto& s : sheet.statistics)
    for (std::size_t i = 0; i < names.size(); ++i)
      if (s.name == names[i]) all.push_back({s.name, values[i], s.tested});
  return all;
}

bool inside(const std::vector<Measured>& all) {
  return std::all_of(all.begin(), all.end(), [](const Measured& m) { return m.inside(); });
}

void print(const std::string& image, const std::vector<Measured>& all, bool json) {
  if (json) {
    nlohmann::ordered_json line{{"image", image}, {"inside", inside(all)}};
    line["statistics"] = nlohmann::ordered_json::array();
    for (const Measured& m : all)
      line["statistics"].push_back({{"name", m.name},
                                    {"value", m.value},
                                    {"tested", {m.tested.low, m.tested.high}},
                                    {"inside", m.inside()}});
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", line.dump(-1, ' ', false, replace).c_str());
    return;
  }
  std::string text;
  for (const Measured& m : all)
    if (!m.inside())
      text += fmt::format("{}{} is {:.3g}, tested {:.3g} to {:.3g}", text.empty() ? "" : "; ",
                          m.name, m.value, m.tested.low, m.tested.high);
  std::printf("%s: %s\n", image.c_str(), text.empty() ? "inside" : ("outside: " + text).c_str());
}

std::string unseen_text(const Datasheet& sheet) {
  std::string text;
  for (const auto& f : sheet.factors)
    if (!f.seen_in_pixels) text += (text.empty() ? "" : ", ") + f.name;
  return text;
}

int compare(const WithinOptions& options) {
  network::configure_numerics();
  const auto datasheet = report::read_datasheet(options.datasheet);
  const Datasheet& sheet = datasheet.sheet;
  if (sheet.statistics.empty())
    throw InputError(options.datasheet, "tells no statistics of what was tested");
  const InputDescription description = audit::described_input(options.datasheet, datasheet.input);
  const auto data = imaging::DataSet::unlabelled(options.images);
  int code = kPass;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto& row = data.rows()[i];
    try {
      const auto picture =
          data.picture(i, {description.upright, description.channels == Channels::kGray});
      const auto all = measured(seen(picture, row.id, description, sheet), sheet);
      print(image_name(row), all, options.json);
      if (!inside(all) && code == kPass) code = kFail;
    } catch (const InputError& e) {
      warn(e.what());
      code = kBadRequest;
    }
  }
  if (const std::string unseen = unseen_text(sheet); !unseen.empty() && !options.json)
    std::printf("Not told from pixels: %s.\n", unseen.c_str());
  return code;
}

}  // namespace

void add_within(CLI::App& app, const Global&, Action& action) {
  auto* command = app.add_subcommand(
      "within", "whether pictures look like those that a datasheet's claim was tested on");
  auto options = std::make_shared<WithinOptions>();
  command->add_option("DATASHEET", options->datasheet, "datasheet.json of a tolerance check")
      ->required();
  command->add_option("IMAGE", options->images, "pictures, or folders of pictures")->required();
  command->add_flag("--json", options->json, "one JSON object a line");
  command->footer(
      "A number is outside where it lies beyond the tested range by more than a tenth of its "
      "width.\n"
      "Exit code 0: all inside, 1: one is outside.\n\nExample: assay within out/datasheet.json "
      "photo.jpg");
  command->callback([=, &action] { action = [=] { return compare(*options); }; });
}

}  // namespace assay::cli
