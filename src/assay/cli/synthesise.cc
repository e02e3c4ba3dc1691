// assay synthesise DATA --camera NAME=CHAIN … [--raw] -o DIR

#include <algorithm>
#include <filesystem>
#include <optional>

#include "assay/audit/camera_file.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/cli/command.h"
#include "assay/cli/progress.h"
#include "assay/imaging/csv.h"
#include "assay/imaging/data_set.h"
#include "assay/jobs/synthesise.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;

struct SynthesiseOptions {
  std::string data, directory;
  std::vector<std::string> cameras;
  bool raw = false;
};

constexpr std::uint64_t kMostManifestBytes = std::uint64_t{4} << 30;

// A manifest's cells, or one cell a file.
struct Source {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::size_t path = 0;
  std::vector<jobs::SourcePicture> pictures;  // a row each
};

std::string without_extension(const std::string& name) {
  return fs::path(name).relative_path().replace_extension().generic_string();
}

Source manifest_source(const SynthesiseOptions& options) {
  const auto records =
      imaging::parse_csv(read_file(options.data, kMostManifestBytes), options.data);
  Source source;
  if (records.empty()) throw InputError(options.data, "is empty");
  source.header = records.front().fields;
  const auto place = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(source.header.begin(), source.header.end(), name) -
                                    source.header.begin());
  };
  source.path = place("path");
  if (source.path == source.header.size()) throw InputError(options.data, "no column \"path\"");
  const std::size_t raw = options.raw ? place("raw") : source.header.size();
  const fs::path folder = fs::path(options.data).parent_path();
  for (std::size_t i = 1; i < records.size(); ++i) {
    auto fields = records[i].fields;
    const std::string where = options.data + ":" + std::to_string(records[i].line);
    if (fields.size() != source.header.size())
      throw InputError(where, "has " + std::to_string(fields.size()) + " fields, the first line " +
                                  std::to_string(source.header.size()));
    const std::string file = (folder / fields[raw < fields.size() ? raw : source.path]).string();
    if (!fs::is_regular_file(file)) throw InputError(where, "no file \"" + file + "\"");
    source.pictures.push_back({file, without_extension(fields[source.path])});
    // Other files stay where they are, and are named from the new manifest.
    for (std::size_t k = 0; k < fields.size(); ++k)
      if (k != source.path && !fields[k].empty() && fs::is_regular_file(folder / fields[k]))
        fields[k] = fs::proximate(folder / fields[k], options.directory).generic_string();
    source.rows.push_back(std::move(fields));
  }
  return source;
}

Source file_source(const SynthesiseOptions& options) {
  Source source;
  source.header = {"path"};
  const bool one = fs::is_regular_file(options.data);
  std::vector<std::string> files;
  if (one) {
    files.push_back(options.data);
  } else {
    const auto data = imaging::DataSet::unlabelled({options.data}, options.raw);
    for (const imaging::Row& row : data.rows()) files.push_back(row.path);
  }
  for (const std::string& file : files) {
    const std::string name = one ? fs::path(file).filename().string()
                                 : fs::proximate(file, options.data).generic_string();
    source.pictures.push_back({file, without_extension(name)});
    source.rows.push_back({name});
  }
  return source;
}

std::string manifest_of(const Source& source, const jobs::Synthesise::Cameras& cameras) {
  constexpr const char* kColumn = "developed_by";
  if (std::find(source.header.begin(), source.header.end(), kColumn) != source.header.end())
    throw InputError("", std::string("the manifest has a column \"") + kColumn + "\" already");
  std::string text;
  const auto line = [&](std::vector<std::string> fields, const std::string& last) {
    fields.push_back(last);
    for (std::size_t k = 0; k < fields.size(); ++k)
      text += (k > 0 ? "," : "") + imaging::csv_field(fields[k]);
    text += "\n";
  };
  line(source.header, kColumn);
  for (const auto& [camera, chain] : cameras)
    for (std::size_t i = 0; i < source.rows.size(); ++i) {
      auto fields = source.rows[i];
      fields[source.path] = jobs::Synthesise::file_of(camera, source.pictures[i].name);
      line(std::move(fields), camera);
    }
  return text;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
}

int synthesise(const SynthesiseOptions& options, const Global& global) {
  network::configure_numerics();
  jobs::Synthesise::Cameras cameras;
  for (const std::string& text : options.cameras) {
    const std::size_t equal = text.find('=');
    const std::string name = text.substr(0, equal),
                      chain = equal == std::string::npos ? text : text.substr(equal + 1);
    if (!is_file_name(name) || (equal == std::string::npos && chain.ends_with(".yaml")))
      throw InputError("--camera", "got \"" + text + "\", wanted NAME=FILE.yaml, or a view's name");
    if (std::any_of(cameras.begin(), cameras.end(), [&](const auto& c) { return c.first == name; }))
      throw InputError("--camera", "\"" + name + "\" stands twice");
    cameras.emplace_back(name, audit::named_camera("", chain, "--camera " + name));
  }
  const Source source =
      options.data.ends_with(".csv") ? manifest_source(options) : file_source(options);
  const std::string manifest = manifest_of(source, cameras);
  const jobs::Synthesise job(source.pictures, std::move(cameras), options.raw, audit::read_sensor,
                             options.directory);
  jobs::RunOptions run;
  run.directory = options.directory;
  run.threads = thread_count(global);
  std::optional<ProgressLine> progress(std::in_place, global);
  run.progress = [&](const jobs::Progress& p) { (*progress)({"pictures", p.done, p.total}); };
  jobs::run(job, run, [&](const std::vector<std::string>&) {
    progress.reset();
    write_file((fs::path(options.directory) / "manifest.csv").string(), manifest);
  });
  return kPass;
}

}  // namespace

void add_synthesise(CLI::App& app, const Global& global, Action& action) {
  auto* command = app.add_subcommand(
      "synthesise", "the pictures that other cameras would have made, with a manifest");
  auto options = std::make_shared<SynthesiseOptions>();
  command->add_option("DATA", options->data, "a manifest (.csv), a folder or a file")->required();
  command
      ->add_option(
          "--camera", options->cameras,
          "NAME=FILE.yaml, or a view such as menon-unsharp-gaussian (docs/camera.md); again "
          "for more")
      ->required();
  command->add_flag(
      "--raw", options->raw,
      "the files are RAW frames (a manifest's column raw, if it has one); else pictures, "
      "from which frames are made up");
  command->add_option("-o,--out", options->directory, "folder for CAMERA/….png and manifest.csv")
      ->required();
  command->footer(
      "Example: assay synthesise manifest.csv --raw --camera malvar-filter-median -o views");
  command->callback(
      [=, &global, &action] { action = [=, &global] { return synthesise(*options, global); }; });
}

}  // namespace assay::cli
