#include "assay/checks/focus/focus_donors.h"

#include <map>
#include <optional>
#include <utility>

#include "assay/base/seed.h"
#include "assay/checks/focus/region_grid.h"

namespace assay::checks {

namespace {

using Record = Focus::Record;

// Pictures that wait to be donors, in an order drawn by lot.
class Pool {
 public:
  Pool(std::vector<const Record*> members, Stream stream)
      : members_(std::move(members)), stream_(stream) {}

  // The best of the first eight that are eligible; those passed over keep their turn. When nobody
  // who waits is eligible, all wait again.
  template <class Eligible>
  const Record* take(const Record& picture, const Eligible& eligible) {
    if (const Record* found = take_waiting(picture, eligible)) return found;
    waiting_ = members_;
    for (std::size_t i = waiting_.size(); i > 1; --i)
      std::swap(waiting_[i - 1], waiting_[stream_.below(i)]);
    return take_waiting(picture, eligible);
  }

 private:
  template <class Eligible>
  const Record* take_waiting(const Record& picture, const Eligible& eligible) {
    constexpr int kAtHand = 8;
    std::optional<std::size_t> best;
    int most = -1, seen = 0;
    for (std::size_t i = 0; i < waiting_.size() && seen < kAtHand; ++i) {
      if (!eligible(*waiting_[i])) continue;
      ++seen;
      const int common = common_cells(picture.invalid, waiting_[i]->invalid);
      if (common <= most) continue;
      most = common;
      best = i;
    }
    if (!best) return nullptr;
    const Record* found = waiting_[*best];
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(*best));
    return found;
  }

  std::vector<const Record*> members_, waiting_;
  Stream stream_;
};

bool may_give(const Record& donor, const Record& picture) {
  return donor.row != picture.row && donor.height == picture.height &&
         donor.width == picture.width &&
         (donor.cluster.empty() || donor.cluster != picture.cluster);
}

}  // namespace

std::vector<Donors> choose_donors(std::span<const Record> seen, std::uint64_t seed) {
  std::vector<const Record*> all;
  std::map<int, std::vector<const Record*>> by_class;
  for (const Record& r : seen) {
    if (r.kind != Focus::Kind::kSeen || r.status != Focus::Status::kOk) continue;
    all.push_back(&r);
    by_class[r.label].push_back(&r);
  }
  if (by_class.size() < 2) return {};
  Pool others(all, Stream(seed, "focus.donors/different"));
  std::map<int, Pool> same;
  for (const auto& [label, members] : by_class)
    same.emplace(
        label, Pool(members, Stream(seed, "focus.donors/same", static_cast<std::uint64_t>(label))));
  std::vector<Donors> chosen;
  for (const Record* picture : all) {
    const Record* twin = same.at(picture->label).take(*picture, [&](const Record& donor) {
      return may_give(donor, *picture);
    });
    if (!twin) continue;
    const Record* stranger = others.take(*picture, [&](const Record& donor) {
      return donor.label != picture->label && may_give(donor, *picture);
    });
    if (!stranger) continue;
    chosen.push_back({picture->row, twin->row, stranger->row});
  }
  return chosen;
}

}  // namespace assay::checks
