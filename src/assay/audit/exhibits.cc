#include "assay/audit/exhibits.h"

#include <filesystem>
#include <set>

#include "assay/base/file.h"
#include "assay/base/npy.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/overlay.h"
#include "assay/imaging/panels.h"

namespace assay::audit {

namespace fs = std::filesystem;

namespace {

constexpr int kThumbnailPx = 320;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw InputError(folder.string(), "cannot be made: " + error.message());
}

std::string draw(const Exhibit& exhibit, const imaging::DataSet& data) {
  const auto picture_of = [&](std::int64_t row) {
    return data.picture(static_cast<std::size_t>(row));
  };
  const auto picture = picture_of(exhibit.row);
  if (!exhibit.panels.empty())
    return imaging::panels_png(picture, exhibit.panels, picture_of, [&](const Shift& shift) {
      return data.shifted(static_cast<std::size_t>(exhibit.row), shift);
    });
  return exhibit.overlay ? imaging::overlay_png(picture, *exhibit.overlay)
                         : imaging::thumbnail_png(picture, kThumbnailPx);
}

void remove_stale(const fs::path& folder, const std::set<std::string>& wanted) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (!wanted.count(name) && (name.ends_with(".png") || name.ends_with(".npy")))
      fs::remove(entry.path(), error);
  }
}

}  // namespace

void write_exhibits(const Outcome& outcome, const imaging::DataSet* data,
                    const std::string& directory) {
  for (const auto& check : outcome.checks) {
    const fs::path folder = fs::path(directory) / "exhibits" / check.name;
    std::set<std::string> wanted;
    const auto file = [&](const std::string& name) {
      if (wanted.empty()) make_folder(folder);
      wanted.insert(name);
      return (folder / name).string();
    };
    for (const auto& group : check.section.exhibits)
      for (const auto& exhibit : group.exhibits) {
        const std::string path = file(exhibit.id + ".png");
        if (!data) continue;
        std::string png;
        try {
          png = draw(exhibit, *data);
        } catch (const InputError&) {
          continue;  // the picture is gone or damaged now: what was drawn before stays
        }
        write_file(path, png);
      }
    for (const auto& array : check.section.arrays)
      write_npy(file(array.id + ".npy"), array.shape, std::span<const float>(array.values));
    remove_stale(folder, wanted);
  }
}

}  // namespace assay::audit
