// A camera, a model, or both, trained for a stated condition.
//
// One task an arm (what is trained): the camera's factors by Adam in coordinates from −1 to 1 over their ranges, the model's
// parameters (network/trainee.h) by Adam at a rate of their own. The loss is the cross-entropy of a batch, of segmentations that of
// the pixels with every class of a picture weighing the same. The condition's factors stand where they are told; what is random is
// drawn anew in each step, and by the row alone where a loss is compared.
//
// The rows, whole clusters in an order drawn by the seed: half train, a fifth says after each tenth of the steps how good the arm is
// (the best is kept, and `patience` looks without a better one end it), and the rest, which nothing has seen, is scored at the end
// by the inference executor: start and every arm on the same pictures.
// A step is a function of the state alone: a resumed job gives the same bytes.
// Cost: a step `batch` forwards and backwards. Source: oala2023 (drift optimisation), kingma2015adam.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assay/imaging/camera/chain.h"
#include "assay/imaging/data_set.h"
#include "assay/jobs/job.h"
#include "assay/network/classifier.h"

namespace assay::jobs {

struct CameraFactorRange {
  std::string name;
  double low = 0, high = 0;
};

struct OptimiseCameraOptions {
  std::vector<CameraFactorRange> factors;  // that are trained; nominal inside
  imaging::CameraSettings condition;       // "camera.low_light" 6
  bool train_camera = true, train_model = false;
  int steps = 200, batch = 16, patience = 4;
  double camera_rate = 0.05;  // of the way from nominal to an end, a step
  double model_rate = 1e-4;
  std::uint64_t seed = 0;
  std::string directory;  // where a trained model is written
};

// What an arm came to.
struct OptimisedArm {
  std::vector<double> theta;                 // of factors
  std::vector<std::int64_t> looked;          // steps after which the validation loss was asked
  std::vector<double> training, validation;  // losses at those
  std::int64_t best = 0;                     // the step that was kept
  std::vector<double> scores;                // of the test rows
  std::string model;                         // the file written; empty: the model stayed
  template <class A>
  void archive(A& a) {
    a(theta, looked, training, validation, best, scores, model);
  }
};

class OptimiseCamera : public Job {
 public:
  // InputError for factors that are none, no known rows, too few clusters (ten), or a model that cannot learn.
  OptimiseCamera(const network::Classifier& classifier, const imaging::DataSet& data,
                 OptimiseCameraOptions options);

  std::string name() const override { return "optimise-camera"; }
  std::string key() const override;
  std::vector<std::int64_t> plan() const override;
  std::unique_ptr<Task> start(std::size_t task) const override;

  // By task: "camera", "model" or "camera and model". Where both are trained, the model alone is an arm too, the other's control.
  // The first is "start", of no step.
  const std::vector<std::string>& arms() const { return arms_; }
  const std::vector<std::int64_t>& training_rows() const { return training_; }
  const std::vector<std::int64_t>& validation_rows() const { return validation_; }
  const std::vector<std::int64_t>& test_rows() const { return test_; }
  const OptimiseCameraOptions& options() const { return options_; }

 private:
  friend class OptimisingArm;
  void split();

  const network::Classifier& classifier_;
  const imaging::DataSet& data_;
  OptimiseCameraOptions options_;
  std::vector<std::string> arms_;
  std::vector<std::int64_t> training_, validation_, test_;
};

}  // namespace assay::jobs
