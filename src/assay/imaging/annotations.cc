// COCO annotations to masks.
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/file.h"
#include "assay/base/memory_budget.h"
#include "assay/imaging/mask.h"
#include "assay/imaging/mask_sources.h"

namespace assay::imaging {

namespace {

using Json = nlohmann::json;

// What a file's text becomes takes up to so many times its size ("[]," is 3 bytes and a vector).
constexpr std::uint64_t kGrowth = 32;

Json parsed(const std::string& file) {
  const std::string text = read_file(file, memory_budget() / kGrowth);
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw InputError(file, "is no JSON");
  if (!json.is_object() || !json.contains("images") || !json["images"].is_array() ||
      !json.contains("annotations") || !json["annotations"].is_array())
    throw InputError(file,
                     "holds no COCO annotations: wanted lists \"images\" and \"annotations\"");
  return json;
}

std::string numbers(const Json& list) {
  std::string text;
  for (const Json& n : list) text += (text.empty() ? "" : " ") + to_text(n.get<double>());
  return text;
}

// Run lengths as COCO's tools compress them: 5 bits a character from '0' on, the 6th says that more
// follow, the last one's highest is the sign; from the third on the difference to the last but one.
std::string run_lengths(const std::string& text) {
  std::vector<std::int64_t> counts;
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t value = 0;
    for (int shift = 0;; shift += 5) {
      if (at == text.size() || shift > 40) throw InputError("", "damaged run lengths");
      const int c = text[at++] - 48;
      if (c < 0 || c > 63) throw InputError("", "damaged run lengths");
      value |= static_cast<std::int64_t>(c & 31) << shift;
      if (c & 32) continue;
      if (c & 16) value |= -(std::int64_t{1} << (shift + 5));
      break;
    }
    if (counts.size() > 2) value += counts[counts.size() - 2];
    counts.push_back(value);
  }
  std::string list;
  for (const std::int64_t c : counts) list += " " + std::to_string(c);
  return list;
}

std::string shapes_of(const Json& annotation) {
  if (annotation.contains("segmentation")) {
    const Json& segmentation = annotation["segmentation"];
    if (segmentation.is_array() && !segmentation.empty()) {
      std::string shapes;
      for (const Json& polygon : segmentation) shapes += "polygon:" + numbers(polygon) + ";";
      return shapes;
    }
    if (segmentation.is_object()) {
      const Json& counts = segmentation.at("counts");
      return "rle:" + numbers(segmentation.at("size")) +
             (counts.is_string() ? run_lengths(counts.get<std::string>()) : " " + numbers(counts)) +
             ";";
    }
  }
  const auto box = annotation.at("bbox").get<std::vector<double>>();
  if (box.size() != 4) throw InputError("", "\"bbox\" wants four numbers");
  return "box:" + to_text(box[0]) + " " + to_text(box[1]) + " " + to_text(box[0] + box[2]) + " " +
         to_text(box[1] + box[3]) + ";";
}

// Rows by id and by file name.
class Rows {
 public:
  explicit Rows(std::vector<Row>& rows) : rows_(rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      by_id_.emplace(rows[i].id, i);
      const std::string name = rows[i].id.substr(rows[i].id.rfind('/') + 1);
      const auto [at, fresh] = by_name_.emplace(name, i);
      if (!fresh) at->second = kSeveral;
    }
  }
  Row* find(const std::string& file_name) {
    if (const auto at = by_id_.find(file_name); at != by_id_.end()) return &rows_[at->second];
    const auto at = by_name_.find(file_name.substr(file_name.rfind('/') + 1));
    return at == by_name_.end() || at->second == kSeveral ? nullptr : &rows_[at->second];
  }

 private:
  static constexpr std::size_t kSeveral = static_cast<std::size_t>(-1);
  std::vector<Row>& rows_;
  std::unordered_map<std::string, std::size_t> by_id_, by_name_;
};

}  // namespace

void set_annotations(RowTable& table, const std::string& file) {
  const Json json = parsed(file);
  std::unordered_map<std::int64_t, Row*> listed;
  Rows rows(table.rows);
  std::size_t at = 0;
  const char* list = "images";
  try {
    for (const Json& image : json["images"]) {
      Row* row = rows.find(image.at("file_name").get<std::string>());
      if (row) row->mask = "box:0 0 0 0";
      listed[image.at("id").get<std::int64_t>()] = row;
      ++at;
    }
    list = "annotations";
    at = 0;
    for (const Json& annotation : json["annotations"]) {
      const auto found = listed.find(annotation.at("image_id").get<std::int64_t>());
      if (found == listed.end()) throw InputError("", "no image has its \"image_id\"");
      if (found->second) {
        const std::string shapes = shapes_of(annotation);
        check_shapes(shapes, "shapes");
        found->second->mask += ";" + shapes;
      }
      ++at;
    }
  } catch (const Json::exception& error) {
    throw InputError(file, std::string(list) + "[" + std::to_string(at) + "]: " + error.what());
  } catch (const InputError& error) {
    throw InputError(file, std::string(list) + "[" + std::to_string(at) + "]: " + error.what());
  }
  const auto with = std::count_if(table.rows.begin(), table.rows.end(),
                                  [](const Row& row) { return !row.mask.empty(); });
  if (with == 0) throw InputError(file, "lists none of the data set's pictures");
  if (with < static_cast<std::ptrdiff_t>(table.rows.size()))
    table.notes.push_back(std::to_string(table.rows.size() - static_cast<std::size_t>(with)) +
                          " pictures are not in the annotations and have no mask.");
}

}  // namespace assay::imaging
