#include "assay/methods/attribution/smallest_region.h"

#include <algorithm>

#include "assay/imaging/inpaint.h"
#include "assay/methods/attribution/baseline.h"
#include "assay/methods/attribution/target.h"

namespace assay::methods {

namespace {

constexpr std::int64_t kAskedAtOnce = 8;

}  // namespace

CoveredPicture::CoveredPicture(const Question& question, const at::Tensor& ranking,
                               const std::string& cover)
    : classifier_(question.classifier),
      type_(question.input.scalar_type()),
      picture_(channels_first(classifier_, question.input).to(at::kFloat)),
      inpaint_(cover == "inpaint") {
  // With nothing known to fill in from, the picture's mean colour.
  cover_ = baseline_of(question, picture_, inpaint_ ? "mean" : cover);
  const at::Tensor order =
      std::get<1>(at::sort(ranking.flatten(), /*stable=*/true, /*dim=*/0, /*descending=*/true));
  place_ = at::empty_like(order);
  place_.scatter_(0, order, at::arange(order.numel(), at::kLong));
  place_ = place_.reshape(ranking.sizes());
}

at::Tensor CoveredPicture::highest(std::int64_t k) const { return at::lt(place_, k); }

at::Tensor CoveredPicture::seen(const at::Tensor& visible) const {
  const at::Tensor& rest = inpaint_ && visible.any().item<bool>() ? filled_in(visible) : cover_;
  return as_input(classifier_, at::where(visible, picture_, rest).to(type_));
}

at::Tensor CoveredPicture::filled_in(const at::Tensor& visible) const {
  at::Tensor planes = picture_[0].clone(at::MemoryFormat::Contiguous);
  const at::Tensor missing = at::logical_not(visible).to(at::kByte).contiguous();
  imaging::inpaint({planes.data_ptr<float>(), static_cast<std::size_t>(planes.numel())},
                   static_cast<int>(planes.size(0)), static_cast<int>(planes.size(1)),
                   static_cast<int>(planes.size(2)),
                   {missing.data_ptr<std::uint8_t>(), static_cast<std::size_t>(missing.numel())});
  return planes.unsqueeze(0);
}

std::int64_t first_crossing(
    std::int64_t low, std::int64_t high,
    const std::function<std::vector<bool>(const std::vector<std::int64_t>&)>& is) {
  while (high - low > 1) {
    std::vector<std::int64_t> asked;
    for (std::int64_t i = 1; i <= kAskedAtOnce; ++i) {
      const std::int64_t k = low + (high - low) * i / (kAskedAtOnce + 1);
      if (k > low && (asked.empty() || k > asked.back())) asked.push_back(k);
    }
    if (asked.empty()) asked.push_back(low + 1);
    const std::vector<bool> answers = is(asked);
    const auto first = std::find(answers.begin(), answers.end(), true) - answers.begin();
    if (first > 0) low = asked[static_cast<std::size_t>(first) - 1];
    if (first < static_cast<std::ptrdiff_t>(asked.size()))
      high = asked[static_cast<std::size_t>(first)];
  }
  return high;
}

}  // namespace assay::methods
