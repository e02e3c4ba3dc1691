// A picture that is shown to the model changed: what is known of it before, and what the model says of it then.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/base/section.h"
#include "assay/checks/check.h"

namespace assay::imaging {
class CameraView;
class Scene;
}  // namespace assay::imaging

namespace assay::checks {

// What the model said of one picture, an element a changed copy. Margin and probability are the reference class's.
struct Said {
  std::vector<float> margin, probability, entropy, confidence;
  std::vector<std::int32_t> decision;
  template <class A>
  void archive(A& a) {
    a(margin, probability, entropy, confidence, decision);
  }
};
// logits [P,K].
Said said_of(const at::Tensor& logits, int reference);
bool is_finite(const Said& said);

// The base of these checks' records.
struct AskedPicture {
  std::int64_t row = 0;  // set when read
  std::string id, cluster;
  bool finite = true;                               // every output was a number
  int label = -1;                                   // -1: none
  int clean = -1;                                   // the decision at nominal
  double left = 0, top = 0, right = 1, bottom = 1;  // what the input covers, fractions
  int height = 0, width = 0;                        // of the input, px
  template <class A>
  void archive(A& a) {
    a(id, cluster, finite, label, clean, left, top, right, bottom, height, width);
  }
  // The class whose margin is asked for: the label, else the decision at nominal.
  int reference() const { return label >= 0 ? label : clean; }
  // For the report, with nothing changed yet.
  Shift view(const std::string& border, double fill, std::uint64_t seed) const;
};

// Fills all of it for the unit's picture. Where its clean logits are not finite, `finite` says so and it is not to be asked.
void introduce(const Subject& subject, const Unit& unit, const Context& context,
               AskedPicture& picture);
// Its input [1,…] as the model takes it.
at::Tensor input_of(const Unit& unit, const Context& context);
// The unit's RAW frame as the model is shown it, where the data are RAW and the scene has factors of the camera. InputError
// where the data's camera has not the stages that they act on.
class RawView {
 public:
  RawView(const Subject& subject, const Unit& unit, const Context& context,
          const imaging::Scene& scene);
  const imaging::CameraView* get() const { return view_.get(); }

 private:
  std::shared_ptr<const imaging::CameraView> view_;
};

// A unit a row, its key the prefix and the row's id.
std::vector<Unit> asked_units(const Subject& subject, const std::string& prefix,
                              std::span<const std::int64_t> rows);
std::vector<std::int64_t> all_rows(const Subject& subject);

}  // namespace assay::checks
