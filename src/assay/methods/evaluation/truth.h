// What is right of a picture, and how right an answer is: a class for the picture, or a class for each of its pixels.
//
//   a class          score 1 or 0; margin: the class's logit less the largest other
//   a mask           score: the mean intersection over union of the classes that truth or answer show (jaccard1912); margin: the
//                    mean over judged pixels
// Losses are smooth counts of errors: sigmoid(−margin / scale), of masks the mean over classes of the mean over that class's pixels,
// so that a small defect counts as much as its background.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "assay/network/classifier.h"
#include "assay/network/torch.h"

namespace assay::methods {

struct Truth {
  int label = -1;
  at::Tensor
      mask;  // [h,w] int64, −1 where nothing is judged; brought to the answer's size by the nearest; undefined: the label
             // counts
};

struct Judged {
  std::vector<double> score, margin;
};

// [N,K] or, of a segmentation, [N,K,h,w], of a micro-batch as the model takes it: by the inference executor, or with slopes.
at::Tensor answers_of(const network::Classifier& classifier, const at::Tensor& input,
                      bool slopes = false);
// The same of pixels [N,C,H,W] in [0,1]: rounded to 8 bits first where the file takes those, but not on the way of a slope.
at::Tensor answers_to_pixels(const network::Classifier& classifier, const at::Tensor& pixels,
                             bool slopes = false);
// Of the answers of some pictures; BugError where answers and truths do not fit.
Judged judged(const at::Tensor& answers, const std::vector<Truth>& truths);
// [N], differentiable.
at::Tensor losses_of(const at::Tensor& answers, const std::vector<Truth>& truths, double scale);

// A mask at the size of an answer [K,h,w], by the nearest.
at::Tensor fitted(const at::Tensor& mask, const at::Tensor& answer);

// Pixels of class k that the truth has, that the answer has, and that both have: [3][K].
struct Overlap {
  std::vector<std::int64_t> truth, answer, both;
};
Overlap overlap_of(const at::Tensor& answer, const at::Tensor& mask);  // [K,h,w], [h,w]
double mean_iou(const Overlap& overlap);

// A picture [1,…] as the model takes it.
struct InputWithTruth {
  at::Tensor input;
  Truth truth;
};
// `count` pictures, each made when its turn comes, in micro-batches of the inference executor.
Judged judged_inputs(const network::Classifier& classifier, std::size_t count,
                     const std::function<InputWithTruth(std::size_t)>& make);

}  // namespace assay::methods
