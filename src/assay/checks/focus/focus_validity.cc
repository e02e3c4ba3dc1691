#include "assay/checks/focus/focus_validity.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "assay/base/error.h"
#include "assay/checks/group_columns.h"
#include "assay/imaging/data_set.h"

namespace assay::checks {

int Border::px(int height, int width_px) const {
  if (!(width > 0)) return 0;
  const double wide = share ? width * std::min(height, width_px) : width;
  return std::max(1, static_cast<int>(std::lround(std::min(wide, 1e6))));
}

Border parse_border(const std::string& text) {
  if (text.empty()) return {};
  Border border;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, border.width);
  std::string unit(rest, end);
  unit.erase(0, std::min(unit.find_first_not_of(' '), unit.size()));
  border.share = unit == "%";
  if (border.share) border.width /= 100;
  const double most = border.share ? 0.5 : 1e6;
  if (error != std::errc() || (unit != "px" && unit != "%") || !(border.width >= 0) ||
      border.width > most)
    throw InputError("border", "got \"" + text +
                                   "\", wanted a width like \"8px\" or a share of the shorter side "
                                   "up to a half, like \"5%\"");
  return border;
}

void refuse_impossible(const Subject& subject, const Focus::Params& params) {
  const Border border = parse_border(params.border);
  group_columns(subject, params.groups);
  const auto& rows = subject.data.rows();
  if (!(border.width > 0) &&
      std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.mask.empty(); }))
    throw InputError("border",
                     "nothing says which pixels are invalid: give masks (a manifest's column "
                     "\"mask\", data.masks or data.annotations), or a border like \"8px\"");
}

std::optional<imaging::Mask> invalid_pixels(const Subject& subject, const Focus::Params& params,
                                            std::int64_t row, int height, int width) {
  const int border = parse_border(params.border).px(height, width);
  std::optional<imaging::Mask> mask =
      subject.data.mask(static_cast<std::size_t>(row), height, width);
  if (!mask && border == 0) return {};
  if (!mask) {
    mask.emplace();
    mask->height = height;
    mask->width = width;
    mask->marked.assign(static_cast<std::size_t>(height) * static_cast<std::size_t>(width), 0);
  } else if (params.mask_marks == "valid") {
    for (std::uint8_t& m : mask->marked) m = !m;
  }
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      if (y < border || x < border || y >= height - border || x >= width - border)
        mask->marked[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                     static_cast<std::size_t>(x)] = 1;
  return mask;
}

}  // namespace assay::checks
