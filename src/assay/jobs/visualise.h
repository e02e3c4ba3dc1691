// Pictures that excite classes or channels, each with what makes its number mean something.
//
// A task an objective (methods/visualisation/ascent.h). Its picture is rounded to 8 bits and encoded;
// the activation that is reported is that of the decoded PNG by the executor of clean passes: once
// at the model's size, once through the whole preparation (resizing and cropping), as a person who
// feeds the file to the model gets it. Beside it: the activation on 32 pictures of natural noise
// (the spectrum and colours that the ascent starts from, drawn by the seed alone), and on the near
// picture. Cost: the ascents; 32 forwards in all and 3 an objective.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assay/imaging/picture.h"
#include "assay/jobs/job.h"
#include "assay/methods/visualisation/ascent.h"

namespace assay::jobs {

inline constexpr std::int64_t kNoisePictures = 32;

struct VisualiseRequest {
  std::string value;  // empty: the logits
  // Which of `count` channels or classes, a task each.
  std::function<std::vector<std::int64_t>(std::int64_t count)> choose;
  methods::Visualisation::Params params;
  std::uint64_t seed = 0;
  int height = 0, width = 0;  // px; of the pictures where the model leaves that open, else 0
  std::optional<double> target;
  std::optional<imaging::Picture> near;  // with a target only
  std::string near_name;
};

struct Visualised {
  methods::AscentStatus status = methods::AscentStatus::kOk;
  std::vector<double> curve;  // the activation before each step
  std::string png;
  double activation = 0;  // of the PNG at the model's size
  double prepared = 0;    // of the PNG through resizing and cropping
  bool reached = false;   // the target, by `activation`
  double distance = 0;    // from the near picture: root mean square over pixels of 0 … 1
  std::int64_t top = 0;   // the class that the PNG is taken for, at the model's size
  double top_probability = 0;
  template <class A>
  void archive(A& a) {
    a(status, curve, png, activation, prepared, reached, distance, top, top_probability);
  }
};

struct Noise {
  double mean = 0, deviation = 0, largest = 0;
};

class Visualise : public Job {
 public:
  // InputError for a model without gradients or a value without channels, for a channel or class that
  // there is not, for a size that is missing, not the model's, or not the near picture's.
  Visualise(const network::Classifier& classifier, VisualiseRequest request);
  std::string name() const override { return "visualise"; }
  std::string key() const override;
  std::vector<std::int64_t> plan() const override;
  std::unique_ptr<Task> start(std::size_t task) const override;  // its result: a Visualised

  const std::vector<std::int64_t>& chosen() const { return chosen_; }
  int height() const { return height_; }
  int width() const { return width_; }
  Noise noise(std::size_t task) const;
  double near_activation(std::size_t task) const;  // of a request with a near picture
  // Views a step: 1 where nothing moves.
  std::int64_t views() const;

 private:
  methods::AscentTask task(std::size_t index) const;

  const network::Classifier& classifier_;
  VisualiseRequest request_;
  std::vector<std::int64_t> chosen_;
  int height_ = 0, width_ = 0, channels_ = 0;
  at::Tensor near_, near_activations_, noise_;  // [1,C,H,W]; [1,K] and [32,K] float64
};

}  // namespace assay::jobs
