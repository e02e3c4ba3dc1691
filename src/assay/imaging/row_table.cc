#include "assay/imaging/row_table.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/seed.h"

namespace assay::imaging {
namespace {

std::optional<int> whole_number(const std::string& text) {
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return n;
}

// How many rows each class gives. The whole parts first; what is left goes to the largest
// remainders, by lot among equals.
std::map<int, std::int64_t> shares(const std::map<int, std::int64_t>& sizes, std::int64_t total,
                                   std::int64_t limit, std::uint64_t seed) {
  struct Remainder {
    std::int64_t part;  // numerator over `total`
    std::uint64_t lot;
    int label;
  };
  std::map<int, std::int64_t> share;
  std::vector<Remainder> remainders;
  std::int64_t left = limit;
  for (const auto& [label, n] : sizes) {
    const std::int64_t exact = n * limit;
    share[label] = exact / total;
    left -= exact / total;
    Stream lot(seed, "data.limit/class", static_cast<std::uint64_t>(label + 1));
    remainders.push_back({exact % total, lot(), label});
  }
  std::sort(remainders.begin(), remainders.end(), [](const Remainder& a, const Remainder& b) {
    return a.part != b.part ? a.part > b.part : a.lot != b.lot ? a.lot < b.lot : a.label < b.label;
  });
  for (std::int64_t i = 0; i < left; ++i) ++share[remainders[static_cast<std::size_t>(i)].label];
  return share;
}

}  // namespace

ClassIndex::ClassIndex(const Classes& classes) : classes_(classes) {
  for (std::size_t i = 0; i < classes.names.size(); ++i) {
    by_name_[classes.names[i]].push_back(static_cast<int>(i));
    names_are_numbers_ |= whole_number(classes.names[i]).has_value();
  }
}

std::optional<int> ClassIndex::by_name(const std::string& name, const std::string& where) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  if (found->second.size() > 1)
    throw InputError(where, "the classes " + std::to_string(found->second[0]) + " and " +
                                std::to_string(found->second[1]) + " are both called \"" + name +
                                "\"; give indices in a manifest");
  return found->second.front();
}

int ClassIndex::by_label(const std::string& label, const std::string& where) const {
  if (const auto named = by_name(label, where)) return *named;
  const auto index = names_are_numbers_ ? std::nullopt : whole_number(label);
  if (!index)
    throw InputError(where, "no class is called \"" + label + "\"" + suggestion(label) +
                                (this->named() ? ""
                                               : "; the model's labels are not known, give "
                                                 "model.labels or 0-based indices"));
  if (*index < 0 || *index >= classes_.count)
    throw InputError(where, "label " + label + " is not one of the model's " +
                                std::to_string(classes_.count) + " classes (0 to " +
                                std::to_string(classes_.count - 1) + ")");
  return *index;
}

std::string ClassIndex::suggestion(const std::string& name) const {
  const std::string near = nearest(name, classes_.names);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

RowTable idx_rows(const std::string& images, const std::string& labels, const Classes& classes) {
  RowTable table;
  table.source = images;
  table.class_names = classes.names;
  const auto pictures = std::make_shared<const IdxImages>(read_idx_images(images));
  const std::string label_bytes = labels.empty() ? "" : read_idx_labels(labels).bytes;
  if (!labels.empty() && static_cast<std::int64_t>(label_bytes.size()) != pictures->count)
    throw InputError(labels, "has " + std::to_string(label_bytes.size()) + " labels for " +
                                 std::to_string(pictures->count) + " pictures");
  const std::string stem = idx_stem(images);
  table.rows.reserve(static_cast<std::size_t>(pictures->count));
  for (std::int64_t i = 0; i < pictures->count; ++i) {
    Row row;
    row.id = stem + "#" + std::to_string(i);
    row.path = images;
    row.item = i;
    if (!labels.empty()) {
      row.label = static_cast<unsigned char>(label_bytes[static_cast<std::size_t>(i)]);
      if (row.label >= classes.count)
        throw InputError(labels, "picture " + std::to_string(i) + " has label " +
                                     std::to_string(row.label) + ", the model has " +
                                     std::to_string(classes.count) + " classes");
    }
    table.rows.push_back(std::move(row));
  }
  table.idx.emplace(images, pictures);
  return table;
}

std::vector<Row> stratified_subset(const std::vector<Row>& rows, std::int64_t limit,
                                   std::uint64_t seed) {
  struct Lot {
    std::uint64_t lot;
    std::size_t row;
  };
  std::map<int, std::vector<Lot>> by_class;
  std::map<int, std::int64_t> sizes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Stream lot(seed, "data.limit", hash_name(rows[i].id));
    by_class[rows[i].label].push_back({lot(), i});
    ++sizes[rows[i].label];
  }
  std::vector<bool> chosen(rows.size(), false);
  for (const auto& [label, n] :
       shares(sizes, static_cast<std::int64_t>(rows.size()), limit, seed)) {
    std::vector<Lot>& lots = by_class[label];
    std::sort(lots.begin(), lots.end(), [](const Lot& a, const Lot& b) {
      return a.lot != b.lot ? a.lot < b.lot : a.row < b.row;
    });
    for (std::int64_t i = 0; i < n; ++i) chosen[lots[static_cast<std::size_t>(i)].row] = true;
  }
  std::vector<Row> subset;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (chosen[i]) subset.push_back(rows[i]);
  return subset;
}

}  // namespace assay::imaging
