#include "assay/methods/camera/drifting_camera.h"

#include <algorithm>
#include <cmath>

#include "assay/base/error.h"
#include "assay/methods/batch.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/gradient.h"

namespace assay::methods {

namespace {

constexpr std::size_t kMostMeasured = 8;  // pictures that the metric is measured on

at::Tensor row_of(const std::vector<double>& theta) {
  return at::tensor(theta, at::kDouble).view({1, -1});
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

TakenPicture taken_picture(const network::Classifier& classifier, const imaging::DataSet& data,
                           std::int64_t row, std::uint64_t draw) {
  const auto at = static_cast<std::size_t>(row);
  const InputDescription& input = classifier.input();
  const std::string bytes = data.bytes(at), &id = data.rows()[at].id;
  const imaging::Picture picture =
      data.picture(at, bytes, {input.upright, input.channels == Channels::kGray});
  TakenPicture p;
  p.pixels = shown_pixels(classifier, picture, id);
  p.truth = row_truth(classifier, data, row, picture);
  p.draw = draw;
  p.view = std::make_shared<const imaging::CameraView>(
      data.is_raw() ? data.view(at, bytes,
                                imaging::placement_of(picture.height, picture.width, id, input,
                                                      demand_of(classifier)),
                                input.upright)
                    : imaging::unprocessed_view(p.pixels));
  return p;
}

DriftingCamera::DriftingCamera(const network::Classifier& classifier,
                               std::vector<TakenPicture> pictures,
                               const std::vector<std::string>& factors, std::uint64_t seed,
                               imaging::ImageDistance distance)
    : classifier_(classifier), pictures_(std::move(pictures)), seed_(seed), distance_(distance) {
  if (pictures_.empty()) throw BugError("a drifting camera takes at least one picture");
  for (const std::string& name : factors) {
    const imaging::Factor& factor = imaging::scene_factor(name);
    if (factor.stage != imaging::SceneStage::kCamera)
      throw InputError("", "\"" + name + "\" is a factor of the scene, none of the camera");
    factors_.push_back(&factor);
  }
  std::vector<double> margins;
  const auto rows = static_cast<std::size_t>(classifier_.micro_batch());
  for (std::size_t first = 0; first < pictures_.size(); first += rows) {
    std::vector<at::Tensor> shown;
    std::vector<Truth> truths;
    for (std::size_t i = first; i < first + rows; ++i) {
      shown.push_back(pictures_[std::min(i, pictures_.size() - 1)].pixels);
      if (i < pictures_.size()) truths.push_back(pictures_[i].truth);
    }
    const auto kept = static_cast<std::int64_t>(truths.size());
    for (const double m :
         judged(answers_to_pixels(classifier_, at::cat(shown)).narrow(0, 0, kept), truths).margin)
      margins.push_back(std::abs(m));
  }
  const double median = median_of(std::move(margins));
  if (std::isfinite(median) && median > 0) scale_ = median / 2;
}

std::vector<double> DriftingCamera::nominal() const {
  std::vector<double> values;
  for (const imaging::Factor* f : factors_) values.push_back(f->nominal);
  return values;
}

at::Tensor DriftingCamera::changed(const TakenPicture& picture, const at::Tensor& theta) const {
  return picture.view->changed(picture.pixels, factors_, theta, seed_, {&picture.draw, 1});
}

double DriftingCamera::distance(const std::vector<double>& theta) const {
  double sum = 0;
  for (const TakenPicture& p : pictures_)
    sum += imaging::image_distance(changed(p, row_of(theta)), p.pixels, distance_).item<double>();
  return sum / static_cast<double>(pictures_.size());
}

std::vector<double> DriftingCamera::change_metric(const std::vector<double>& theta,
                                                  const std::vector<double>& steps) const {
  const auto count = static_cast<std::int64_t>(theta.size());
  at::Tensor sum = at::zeros({count, count}, at::kDouble);
  const std::size_t asked = std::min(kMostMeasured, pictures_.size());
  for (std::size_t i = 0; i < asked; ++i) {
    const TakenPicture& p = pictures_[i * pictures_.size() / asked];
    const at::Tensor here = changed(p, row_of(theta)).flatten();
    std::vector<at::Tensor> changes;
    for (std::size_t f = 0; f < theta.size(); ++f) {
      std::vector<double> there = theta;
      there[f] += steps[f];
      changes.push_back(steps[f] == 0 ? at::zeros_like(here)
                                      : changed(p, row_of(there)).flatten() - here);
    }
    const at::Tensor all = at::stack(changes).to(at::kDouble);
    sum += at::matmul(all, all.t()) / static_cast<double>(all.size(1));
  }
  sum = (sum / static_cast<double>(asked)).contiguous();
  return {sum.data_ptr<double>(), sum.data_ptr<double>() + sum.numel()};
}

DriftingCamera::Slope DriftingCamera::asked(const std::vector<double>& theta,
                                            bool with_slope) const {
  Slope answer;
  answer.gradient.assign(theta.size(), 0);
  const auto rows = static_cast<std::size_t>(classifier_.micro_batch());
  const auto n = static_cast<double>(pictures_.size());
  const at::AutoGradMode record(with_slope);
  for (std::size_t first = 0; first < pictures_.size(); first += rows) {
    const std::size_t count = std::min(rows, pictures_.size() - first);
    const at::Tensor at = row_of(theta).requires_grad_(with_slope);
    std::vector<at::Tensor> shown;
    std::vector<Truth> truths;
    for (std::size_t i = 0; i < rows; ++i) {
      const TakenPicture& p = pictures_[first + std::min(i, count - 1)];
      shown.push_back(i < count ? changed(p, at) : shown.back().detach());
      if (i >= count) continue;
      truths.push_back(p.truth);
      answer.distance +=
          imaging::image_distance(shown.back().detach(), p.pixels, distance_).item<double>() / n;
    }
    const at::Tensor said = answers_to_pixels(classifier_, at::cat(shown), with_slope)
                                .narrow(0, 0, static_cast<std::int64_t>(count));
    const at::Tensor loss = losses_of(said, truths, scale_).sum();
    answer.loss += loss.item<double>() / n;
    for (const double s : judged(said.detach(), truths).score) answer.score += s / n;
    if (!with_slope) continue;
    const at::Tensor gradient = network::gradient(loss, at);
    if (!gradient.defined()) continue;
    for (std::size_t f = 0; f < theta.size(); ++f)
      answer.gradient[f] += gradient[0][static_cast<std::int64_t>(f)].item<double>() / n;
  }
  return answer;
}

DriftingCamera::Answer DriftingCamera::at(const std::vector<double>& theta) const {
  return asked(theta, false);
}

DriftingCamera::Slope DriftingCamera::slope(const std::vector<double>& theta) const {
  return asked(theta, true);
}

}  // namespace assay::methods
