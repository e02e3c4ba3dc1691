#include "frame.h"

#include <algorithm>
#include <string>
#include <vector>

#include "assay/base/error.h"
#include "assay/base/field.h"
#include "assay/base/seed.h"

namespace weld {

namespace {

constexpr std::int64_t kViews = 4;  // of a part

// Draws the table's rows in order; a row sees the tags of those before it.
class Drawing {
 public:
  Drawing(const Plan& plan, std::int64_t index)
      : plan_(plan), index_(index), part_(part_of(index)), tags_(plan.flaws) {
    if (kept_for_testing(part_)) tags_ |= kTest;
  }

  Causes all() {
    Causes causes{};
    for (std::size_t i = 0; i < kCauses; ++i) {
      causes[i] = value(i);
      note(i, static_cast<int>(causes[i]));
    }
    return causes;
  }

 private:
  double value(std::size_t i) const {
    if (const auto set = plan_.set.find(i); set != plan_.set.end()) return set->second;
    const CauseRow& row = draws::kTable[i];
    const auto item = row.scope == Scope::kPart ? part_ : index_;
    const Distribution& d = distribution(row, tags_);
    if (d.kind == Distribution::Kind::kInTurn)
      return row.low + static_cast<double>(item % static_cast<std::int64_t>(d.a));
    const double u =
        assay::Stream(plan_.seed, "weld " + std::string(row.name), static_cast<std::uint64_t>(item))
            .uniform();
    return quantile(d, row.low, row.high, u);
  }
  void note(std::size_t i, int value) {
    if (i == cause("class")) tags_ |= class_tag(value);
    if (i == cause("line")) tags_ |= line_tag(value);
    if (i == cause("shift") && value == 1) tags_ |= kNight;
    if (i == cause("camera") && value == 1) tags_ |= kCameraB;
  }

  const Plan& plan_;
  std::int64_t index_, part_;
  Tags tags_;
};

int label_of(const Plan& plan, const Frame& frame) {
  const int shown = frame.whole(cause("class"));
  if (frame[cause("sticker_size")] > 0 && (plan.flaws & kSticker)) return 0;
  if (frame.whole(cause("label_error")) == 0) return shown;
  assay::Stream stream(plan.seed, "weld wrong label", static_cast<std::uint64_t>(frame.index));
  return (shown + 1 + static_cast<int>(stream.below(kClasses - 1))) % kClasses;
}

}  // namespace

std::int64_t part_of(std::int64_t index) {
  return index / (kViews * kClasses) * kClasses + index % kClasses;
}

bool kept_for_testing(std::int64_t part) { return part % 5 == 4; }

Frame make_frame(const Plan& plan, std::int64_t index) {
  Frame frame;
  frame.index = frame.scene = index;
  frame.part = part_of(index);
  frame.test = kept_for_testing(frame.part);
  frame.seed = plan.seed;
  frame.causes = Drawing(plan, index).all();
  // The part six before has the same class and is one for training: 6 leaves 1 when divided by 5.
  const std::int64_t original = index - kViews * kClasses;
  if (frame.whole(cause("duplicate")) == 1 && original >= 0) {
    const Causes again = Drawing(plan, original).all();
    for (std::size_t i = 0; i < kCauses; ++i)
      if (i != cause("duplicate") && i != cause("label_error") && !plan.set.count(i))
        frame.causes[i] = again[i];
    if (!plan.set.count(cause("exposure"))) frame.causes[cause("exposure")] += 0.06;
    if (!plan.set.count(cause("seam_shift"))) frame.causes[cause("seam_shift")] += 0.1;
    frame.duplicate_of = frame.scene = original;
  } else {
    frame.causes[cause("duplicate")] = 0;
  }
  frame.label = label_of(plan, frame);
  return frame;
}

Tags parse_flaw(const std::string& name) {
  const auto names = assay::split_choices(assay::Choice{kFlawWords});
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return flaw_tag(static_cast<int>(found - names.begin()));
  const std::string near = assay::nearest(name, names);
  throw assay::InputError("--flaw", "no flaw \"" + name + "\"" +
                                        (near.empty() ? "; wanted one of " + std::string(kFlawWords)
                                                      : "; did you mean \"" + near + "\"?"));
}

}  // namespace weld
