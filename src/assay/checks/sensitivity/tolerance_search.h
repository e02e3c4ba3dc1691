// How the tolerance check looks for failures of one picture: along each factor, in a box of all, and by draws from a box.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/checks/sensitivity/tolerance_box.h"
#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::checks {

inline constexpr int kHalvings = 5;  // of the step in which it first failed
inline constexpr int kChosen = 8;    // places that the surrogate, or a gradient step, suggests
inline constexpr int kDescents = 2;  // gradient steps of kChosen places each
inline constexpr int kOnRay = 8;     // places between nominal and a failure, twice

// The model on one picture at any θ.
class PictureUnderChange {
 public:
  PictureUnderChange(const Subject& subject, const Unit& unit, const Context& context,
                     const Ways& ways, int reference);

  struct Answer {
    std::vector<float> margins;
    std::vector<std::uint8_t> failed;
  };
  using Thetas = std::vector<std::vector<double>>;
  // A picture has one draw of its own for factors that draw: only θ makes a difference.
  Answer at(const Thetas& theta) const;
  at::Tensor gradient(const Thetas& theta) const;  // of the margin, [thetas][factors] float64
  bool has_gradients() const;
  at::Tensor shifted(const Thetas& theta) const;  // pixels [thetas,C,H,W]

 private:
  std::vector<std::uint64_t> draws(std::size_t n) const;

  const network::Classifier& classifier_;
  at::Tensor input_;
  const Ways& ways_;
  RawView raw_;
  int reference_;
  std::uint64_t draw_;
};

// How much of the way to its lowest and its highest value each factor may go, [factors · 2]. Outward step by step, all
// ways that still hold in one batch; then into the step that failed. Where three neighbouring margins dip, the bottom of their
// parabola is asked too.
std::vector<float> reaches(const PictureUnderChange& picture, const Ways& ways,
                           const Tolerance::Params& params, double nominal_margin);

// Looks for places in the box at which the decision fails, the nearest to nominal above all: fills the record's places,
// margins and failed.
void search_box(const PictureUnderChange& picture, const Ways& ways,
                const Tolerance::Params& params, const std::vector<double>& lengths,
                std::uint64_t seed, Tolerance::Record& record);

// Draws from the claimed box, and the statistics of what the model was shown.
void verify(const PictureUnderChange& picture, const Ways& ways, const Tolerance::Params& params,
            const std::vector<double>& lengths, std::uint64_t seed, Tolerance::Record& record);

}  // namespace assay::checks
