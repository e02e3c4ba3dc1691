// Many pictures taken by one camera: what a model says of all of them where the camera drifts, as a function of the one θ, and its
// gradient.
//
//   loss      mean over pictures of a smooth count of errors (truth.h); its scale is half of the median absolute margin at
//             nominal, so that a network whose logits are all ten times larger has the same loss
//   score     mean over pictures: the accuracy, or of a segmentation the mean intersection over union
//   distance  mean over pictures of the distance to the picture at nominal (imaging/image_distance.h)
//
// Pictures with a RAW frame develop it again, others an approximate one (imaging/camera/camera_view.h). Micro-batches are filled up
// with the last picture.
// Cost of at(): a forward and a development a picture; of slope() a backward of both besides; of distance() a development.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "assay/imaging/camera/camera_view.h"
#include "assay/imaging/image_distance.h"
#include "assay/methods/evaluation/row_truth.h"
#include "assay/network/classifier.h"

namespace assay::methods {

struct TakenPicture {
  at::Tensor pixels;                                // [1,C,H,W] in [0,1], as the model is shown it
  std::shared_ptr<const imaging::CameraView> view;  // its RAW frame, or one made up
  Truth truth;
  std::uint64_t draw = 0;  // of factors that draw
};

// A row of a data set as the model is shown it.
TakenPicture taken_picture(const network::Classifier& classifier, const imaging::DataSet& data,
                           std::int64_t row, std::uint64_t draw);

class DriftingCamera {
 public:
  // At least one picture, all of one size. InputError for a factor that is none of the camera's.
  DriftingCamera(const network::Classifier& classifier, std::vector<TakenPicture> pictures,
                 const std::vector<std::string>& factors, std::uint64_t seed,
                 imaging::ImageDistance distance);

  struct Answer {
    double loss = 0, score = 0, distance = 0;
  };
  struct Slope : Answer {
    std::vector<double> gradient;  // of the loss in θ
  };
  Answer at(const std::vector<double>& theta) const;
  Slope slope(const std::vector<double>& theta) const;
  double distance(const std::vector<double>& theta) const;
  // How the pictures change round θ: the mean over (at most eight) pictures and their values of the products of their changes for
  // the steps, [F,F] row by row. A step s changes them by sqrt(sᵀ M s) in root mean square. Cost: F + 1 developments of each.
  std::vector<double> change_metric(const std::vector<double>& theta,
                                    const std::vector<double>& steps) const;

  std::vector<double> nominal() const;
  bool is_rms() const { return distance_ == imaging::ImageDistance::kRms; }

 private:
  at::Tensor changed(const TakenPicture& picture, const at::Tensor& theta) const;
  Slope asked(const std::vector<double>& theta, bool with_slope) const;

  const network::Classifier& classifier_;
  std::vector<TakenPicture> pictures_;
  std::vector<const imaging::Factor*> factors_;
  std::uint64_t seed_;
  imaging::ImageDistance distance_;
  double scale_ = 1;
};

}  // namespace assay::methods
