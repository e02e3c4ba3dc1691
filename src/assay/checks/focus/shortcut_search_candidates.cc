#include "assay/checks/focus/shortcut_search_candidates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/stats/spectral.h"

namespace assay::checks {

namespace {

using Candidate = ShortcutSearch::Candidate;
using Record = ShortcutSearch::Record;
using Params = ShortcutSearch::Params;

constexpr std::size_t kMostMaps = 300;  // of a class; the eigenvectors of more take long
constexpr double kHalf = 0.5;           // of the evidence: what a patch gathers where it may

std::map<int, std::vector<const Record*>> by_class(std::span<const Record> mapped) {
  std::map<int, std::vector<const Record*>> classes;
  for (const Record& r : mapped)
    if (!r.transplanted && r.status == ShortcutSearch::Status::kOk)
      classes[r.predicted].push_back(&r);
  return classes;
}

// The fewest cells that hold half of the group's mean evidence, or as many as are allowed.
void set_patch(const std::vector<const Record*>& group, const Params& params,
               Candidate& candidate) {
  const std::size_t cells = static_cast<std::size_t>(kCells) * kCells;
  std::vector<double> mean(cells, 0);
  for (const Record* r : group)
    for (std::size_t c = 0; c < cells; ++c)
      mean[c] += r->map[c] / static_cast<double>(group.size());
  std::vector<std::size_t> order(cells);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return mean[a] > mean[b]; });
  const auto most = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::lround(params.patch_area * static_cast<double>(cells))));
  candidate.cells.assign(cells, 0);
  std::size_t taken = 0;
  while (taken < most && candidate.share < kHalf) {
    candidate.cells[order[taken]] = 1;
    candidate.share += mean[order[taken++]];
  }
  candidate.area = static_cast<double>(taken) / static_cast<double>(cells);
}

}  // namespace

std::vector<Candidate> find_candidates(std::span<const Record> mapped, const Params& params,
                                       std::uint64_t seed) {
  std::vector<Candidate> candidates;
  for (auto& [label, members] : by_class(mapped)) {
    if (members.size() > kMostMaps) members.resize(kMostMaps);
    // Roots of shares: their distance does not hang on the few largest cells.
    std::vector<double> points;
    for (const Record* r : members)
      for (const float share : r->map) points.push_back(std::sqrt(std::max(0.0F, share)));
    const std::string purpose = "shortcut_search/" + std::to_string(label);
    const auto clusters =
        stats::spectral_clusters(points, static_cast<std::size_t>(kCells) * kCells,
                                 {0, params.most_clusters, seed, purpose});
    for (int c = 0; c < clusters.count; ++c) {
      Candidate candidate;
      candidate.label = label;
      std::vector<const Record*> group;
      for (std::size_t i = 0; i < members.size(); ++i)
        if (clusters.of_point[i] == c) {
          group.push_back(members[i]);
          candidate.members.push_back(members[i]->row);
        }
      if (static_cast<int>(group.size()) < params.smallest_cluster) continue;
      set_patch(group, params, candidate);
      candidates.push_back(std::move(candidate));
    }
  }
  return candidates;
}

std::vector<Transplant> choose_transplants(std::span<const Candidate> candidates,
                                           std::span<const Record> mapped, const Params& params,
                                           std::uint64_t seed) {
  const auto classes = by_class(mapped);
  std::map<std::int64_t, const Record*> by_row;
  for (const auto& [label, members] : classes)
    for (const Record* r : members) by_row[r->row] = r;
  const auto apart = [](const Record& a, const Record& b) {
    return a.row != b.row && (a.cluster.empty() || a.cluster != b.cluster);
  };
  std::vector<Transplant> chosen;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    Stream stream(seed, "shortcut_search.transplants", i);
    std::vector<const Record*> others;
    for (const auto& [label, members] : classes)
      if (label != candidate.label) others.insert(others.end(), members.begin(), members.end());
    std::int64_t count = 0;
    for (std::size_t k = 0; k < others.size() && count < params.recipients; ++k) {
      std::swap(others[k], others[k + stream.below(others.size() - k)]);
      const Record& recipient = *others[k];
      // Eight tries each to find somebody of another cluster.
      const auto drawn = [&](const auto& pool, const auto& record_of) -> const Record* {
        for (int attempt = 0; attempt < 8 && !pool.empty(); ++attempt)
          if (const Record* r = record_of(pool[stream.below(pool.size())]); apart(*r, recipient))
            return r;
        return nullptr;
      };
      const Record* donor =
          drawn(candidate.members, [&](std::int64_t row) { return by_row.at(row); });
      const Record* control =
          drawn(classes.at(recipient.predicted), [](const Record* r) { return r; });
      if (!donor || !control) continue;
      chosen.push_back({static_cast<std::int64_t>(i), recipient.row, donor->row, control->row});
      ++count;
    }
  }
  return chosen;
}

std::string hex_of_cells(std::span<const std::uint8_t> cells) {
  std::string hex;
  for (std::size_t i = 0; i < cells.size(); i += 4) {
    int digit = 0;
    for (std::size_t k = 0; k < 4 && i + k < cells.size(); ++k) digit |= (cells[i + k] != 0) << k;
    hex += "0123456789abcdef"[digit];
  }
  return hex;
}

std::vector<std::uint8_t> cells_of_hex(const std::string& hex) {
  std::vector<std::uint8_t> cells;
  for (const char c : hex) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) throw BugError("no cells: " + hex);
    for (int k = 0; k < 4; ++k) cells.push_back(digit >> k & 1);
  }
  return cells;
}

std::string shapes_of_cells(std::span<const std::uint8_t> cells, int height, int width,
                            const double (&box)[4]) {
  const auto at = [&](int i, int j) {
    return cells[static_cast<std::size_t>(i) * kCells + static_cast<std::size_t>(j)] != 0;
  };
  const auto px = [](double begin, double end, int cell, int pixels) {
    return std::to_string(
        std::clamp<long>(std::lround((begin + (end - begin) * cell / kCells) * pixels), 0, pixels));
  };
  std::vector<std::uint8_t> done(cells.size(), 0);
  std::string text;
  for (int i = 0; i < kCells; ++i)
    for (int j = 0; j < kCells; ++j) {
      const auto free = [&](int y, int x) {
        return at(y, x) &&
               !done[static_cast<std::size_t>(y) * kCells + static_cast<std::size_t>(x)];
      };
      if (!free(i, j)) continue;
      int right = j, below = i + 1;
      while (right < kCells && free(i, right)) ++right;
      const auto whole_row = [&](int y) {
        for (int x = j; x < right; ++x)
          if (!free(y, x)) return false;
        return true;
      };
      while (below < kCells && whole_row(below)) ++below;
      for (int y = i; y < below; ++y)
        std::fill_n(done.begin() + y * kCells + j, right - j, std::uint8_t{1});
      text += (text.empty() ? "box:" : ";box:") + px(box[0], box[2], j, width) + " " +
              px(box[1], box[3], i, height) + " " + px(box[0], box[2], right, width) + " " +
              px(box[1], box[3], below, height);
    }
  return text;
}

}  // namespace assay::checks
