// The smallest regions that decide: what of the picture is enough, and what cannot be missed
// (dabkowski2017real; named after fong2019extremal, who optimise the region itself).
//
//   sufficient  the smallest k for which the class is kept where only S_k is seen, the rest covered
//   necessary   the smallest k for which it is lost where S_k is covered, the rest seen
//
// S_k are the k highest pixels of another method's map, brought to the input's size bilinearly; equal
// ones in reading order. The class is kept where its logit is the largest of all, or with `keep`
// above 0 where its probability is at least that share of the whole picture's. The map is 1 where
// both regions are, 0.5 where one of them is. Parts: the regions and the ranking; figures: both
// areas as shares of the picture's pixels, and the class's probability with just the sufficient
// region seen and with the necessary one covered. Areas are NaN where the class is not kept in the
// whole picture; where a picture covered all over keeps it, 0 is sufficient and none necessary.
//
// The search asks the model at eight sizes between one where the class is kept and one where it is
// lost, which a micro-batch answers at once, and goes on below the first at which the answer is the
// wanted one, until two sizes are one pixel apart: the model was asked at both. Cost: the map, and
// some 80 forwards for 224 px. When it lies: the class need not come and go once along the ranking;
// then the area is that of a crossing, and a smaller one may exist. It is the smallest along this
// ranking: another map may find a smaller region. A mask has an edge and what covers speaks too: a
// region that is enough on a blurred picture may not be on a black one.
#pragma once

#include <tuple>

#include "assay/methods/attribution/question.h"

namespace assay::methods {

struct Extremal {
  static constexpr MethodInfo kInfo{
      "extremal", "Smallest sufficient and necessary regions",
      "1 in the smallest region that is enough and the smallest that is needed, 0.5 in one of them",
      "dabkowski2017real", Resolution::kInput};
  struct Params {
    std::string map = "hires_cam", cover = "blur";
    double keep = 0;
  };
  // Every other method.
  static constexpr std::string_view kRankings =
      "hires_cam|cam|grad_cam|grad_cam_pp|xgrad_cam|layer_cam|eigen_cam|score_cam|ablation_cam|"
      "attention_rollout|legrad|gradient|gradient_x_input|integrated_gradients|smooth_grad|var_"
      "grad|"
      "guided_backprop|occlusion|rise";
  static constexpr auto fields() {
    return std::tuple{
        field("map", &Params::map, Choice{kRankings}, "the method whose map ranks the pixels",
              Stage::kMeasuring),
        field("cover", &Params::cover, Choice{"zero|black|white|mean|blur|inpaint"}, "what covers",
              Stage::kMeasuring),
        field("keep", &Params::keep, Range{0, 1}, "",
              "share of the probability that counts as kept; 0: the decision", Stage::kMeasuring)};
  }
  static Attribution explain(const Question& question, const Params& params);
};

}  // namespace assay::methods
