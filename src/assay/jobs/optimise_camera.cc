#include "assay/jobs/optimise_camera.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/base/seed.h"
#include "assay/imaging/digest.h"
#include "assay/methods/camera/drifting_camera.h"
#include "assay/methods/camera/factor_range.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/gradient.h"
#include "assay/network/trainee.h"
#include "assay/stats/sampling/drawn_clusters.h"

namespace assay::jobs {

namespace {

constexpr std::size_t kFewestClusters = 10;
constexpr double kTrainingShare = 0.5, kValidationShare = 0.2;
constexpr int kLooks = 10;

// First and second moments of one tensor's or list's gradient.
struct Moments {
  std::vector<float> mean, square;
  template <class A>
  void archive(A& a) {
    a(mean, square);
  }
};

// One step of Adam; kingma2015adam with its constants.
template <class T>
void descend(T* values, const T* gradient, std::size_t count, Moments& moments, std::int64_t step,
             double rate) {
  constexpr double kMean = 0.9, kSquare = 0.999, kEpsilon = 1e-8;
  moments.mean.resize(count, 0);
  moments.square.resize(count, 0);
  const double m_scale = 1 - std::pow(kMean, static_cast<double>(step)),
               s_scale = 1 - std::pow(kSquare, static_cast<double>(step));
  for (std::size_t i = 0; i < count; ++i) {
    const double g = static_cast<double>(gradient[i]);
    const double m = kMean * static_cast<double>(moments.mean[i]) + (1 - kMean) * g,
                 s = kSquare * static_cast<double>(moments.square[i]) + (1 - kSquare) * g * g;
    moments.mean[i] = static_cast<float>(m);
    moments.square[i] = static_cast<float>(s);
    values[i] -= static_cast<T>(rate * (m / m_scale) / (std::sqrt(s / s_scale) + kEpsilon));
  }
}

at::Tensor cross_entropy(const at::Tensor& answers, const std::vector<methods::Truth>& truths) {
  if (answers.dim() == 2) {
    std::vector<std::int64_t> labels;
    for (const auto& t : truths) labels.push_back(t.label);
    return at::cross_entropy_loss(answers, at::tensor(labels, at::kLong));
  }
  const at::Tensor logs = at::log_softmax(answers, 1);
  std::vector<at::Tensor> losses;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const at::Tensor own = logs[static_cast<std::int64_t>(i)];
    const at::Tensor mask = methods::fitted(truths[i].mask, own);
    for (std::int64_t k = 0; k < own.size(0); ++k)
      if (const at::Tensor where = mask.eq(k); where.any().item<bool>())
        losses.push_back(-own[k].masked_select(where).mean());
  }
  return losses.empty() ? answers.sum() * 0 : at::stack(losses).mean();
}

}  // namespace

// One arm at work.
class OptimisingArm : public Task {
 public:
  OptimisingArm(const OptimiseCamera& job, const std::string& name)
      : job_(job),
        name_(name),
        moves_camera_(name.find("camera") != std::string::npos),
        moves_model_(name.find("model") != std::string::npos) {
    const auto& o = job.options_;
    for (const auto& f : o.factors) {
      factors_.push_back(&imaging::scene_factor(f.name));
      ranges_.push_back({f.low, factors_.back()->nominal, f.high});
    }
    for (const auto& [condition, value] : o.condition)
      factors_.push_back(&imaging::scene_factor(condition));
    state_.z.assign(o.factors.size(), 0);
    if (moves_model_) {
      trainee_ = std::make_unique<network::Trainee>(job.classifier_);
      for (const at::Tensor& p : trainee_->parameters()) {
        state_.parameters.emplace_back(p.data_ptr<float>(), p.data_ptr<float>() + p.numel());
        state_.moments.emplace_back();
      }
    }
    state_.best_z = state_.z;
    state_.best_parameters = state_.parameters;
  }

  bool finished() const override { return state_.step >= steps() || state_.ended; }
  std::int64_t steps_done() const override { return state_.step; }

  void step() override {
    const auto& o = job_.options_;
    if (state_.step == 0 && state_.looked.empty()) look(0);
    Stream stream(o.seed, "optimise_camera/" + name_, static_cast<std::uint64_t>(state_.step));
    std::vector<std::int64_t> rows;
    for (int i = 0; i < o.batch; ++i)
      rows.push_back(job_.training_[stream.below(job_.training_.size())]);
    const Asked asked = ask(rows, true, static_cast<std::uint64_t>(state_.step) + 1);
    ++state_.step;
    state_.since += asked.loss;
    ++state_.since_count;
    if (moves_camera_) {
      descend(state_.z.data(), asked.of_z.data(), state_.z.size(), state_.camera, state_.step,
              o.camera_rate);
      for (std::size_t f = 0; f < state_.z.size(); ++f)
        state_.z[f] = std::clamp(state_.z[f], ranges_[f].lowest(), ranges_[f].highest());
    }
    for (std::size_t k = 0; k < state_.parameters.size(); ++k)
      if (asked.of_parameters[k].defined())
        descend(state_.parameters[k].data(), asked.of_parameters[k].contiguous().data_ptr<float>(),
                state_.parameters[k].size(), state_.moments[k], state_.step, o.model_rate);
    set_parameters(state_.parameters);
    const std::int64_t every = std::max(1, o.steps / kLooks);
    if (state_.step % every == 0 || state_.step == o.steps) look(state_.step);
  }

  std::string save() const override { return to_bytes(state_); }
  void load(std::string_view bytes) override {
    State state = from_bytes<State>(bytes);
    bool fits = state.z.size() == state_.z.size() &&
                state.parameters.size() == state_.parameters.size() &&
                state.moments.size() == state_.moments.size() &&
                state.best_parameters.size() == state_.parameters.size();
    for (std::size_t k = 0; fits && k < state.parameters.size(); ++k)
      fits = state.parameters[k].size() == state_.parameters[k].size();
    if (!fits) throw InputError("", "damaged record");
    state_ = std::move(state);
    set_parameters(state_.parameters);
  }

  std::string result() const override {
    OptimisedArm arm;
    arm.looked = state_.looked;
    arm.training = state_.training;
    arm.validation = state_.validation;
    arm.best = state_.best;
    const std::vector<double> theta = theta_of(state_.best_z);
    arm.theta.assign(theta.begin(), theta.begin() + static_cast<std::ptrdiff_t>(state_.z.size()));
    if (!moves_model_) {
      arm.scores = scores(job_.classifier_, theta);
      return to_bytes(arm);
    }
    set_parameters(state_.best_parameters);
    arm.model = moves_camera_ ? "tuned-with-camera.onnx" : "tuned.onnx";
    const std::string file = (std::filesystem::path(job_.options_.directory) / arm.model).string();
    trainee_->write(file);
    const auto& own = job_.classifier_;
    const auto tuned = network::Classifier::open(file, own.input(), own.output(), own.labels());
    arm.scores = scores(tuned, theta);
    return to_bytes(arm);
  }

 private:
  struct State {
    std::int64_t step = 0, since_count = 0, best = 0, without_better = 0;
    bool ended = false;
    double since = 0;  // sum of losses since the last look
    double best_loss = INFINITY;
    std::vector<double> z, best_z;
    Moments camera;
    std::vector<std::vector<float>> parameters, best_parameters;
    std::vector<Moments> moments;
    std::vector<std::int64_t> looked;
    std::vector<double> training, validation;
    template <class A>
    void archive(A& a) {
      a(step, since_count, best, without_better, ended, since, best_loss, z, best_z, camera,
        parameters, best_parameters, moments, looked, training, validation);
    }
  };
  struct Asked {
    double loss = 0;
    std::vector<double> of_z;
    std::vector<at::Tensor> of_parameters;
  };

  std::int64_t steps() const { return name_ == "start" ? 0 : job_.options_.steps; }

  // Trained factors, then the condition's.
  std::vector<double> theta_of(const std::vector<double>& z) const {
    std::vector<double> theta;
    for (std::size_t f = 0; f < z.size(); ++f) theta.push_back(ranges_[f].at(z[f]));
    for (const auto& [name, value] : job_.options_.condition) theta.push_back(value);
    return theta;
  }

  void set_parameters(const std::vector<std::vector<float>>& values) const {
    for (std::size_t k = 0; k < values.size(); ++k)
      std::copy(values[k].begin(), values[k].end(), trainee_->parameters()[k].data_ptr<float>());
  }

  // A row's frame is read when its turn comes: memory does not grow with the data.
  static std::uint64_t draw_of(std::int64_t row, std::uint64_t step) {
    return hash_name(fmt::format("optimise-camera/{}/{}", row, step));
  }

  at::Tensor shown(const methods::TakenPicture& p, const at::Tensor& theta) const {
    return p.view->changed(p.pixels, factors_, theta, job_.options_.seed, {&p.draw, 1});
  }

  // The mean loss over rows, with its slopes; whole micro-batches, the last filled up.
  Asked ask(const std::vector<std::int64_t>& rows, bool slopes, std::uint64_t step) const {
    const network::Classifier& own = job_.classifier_;
    const auto micro = static_cast<std::size_t>(own.micro_batch());
    Asked asked;
    asked.of_z.assign(state_.z.size(), 0);
    asked.of_parameters.resize(state_.parameters.size());
    const at::AutoGradMode record(slopes);
    const std::vector<double> values = theta_of(state_.z);
    for (std::size_t first = 0; first < rows.size(); first += micro) {
      const std::size_t count = std::min(micro, rows.size() - first);
      const double weight = static_cast<double>(count) / static_cast<double>(rows.size());
      const at::Tensor theta =
          at::tensor(values, at::kDouble).view({1, -1}).requires_grad_(slopes && moves_camera_);
      std::vector<at::Tensor> pictures;
      std::vector<methods::Truth> truths;
      for (std::size_t i = 0; i < micro; ++i) {
        if (i >= count) {
          pictures.push_back(pictures.front().detach());
          continue;
        }
        const std::int64_t row = rows[first + i];
        const auto p = methods::taken_picture(own, job_.data_, row, draw_of(row, step));
        pictures.push_back(shown(p, theta));
        truths.push_back(p.truth);
      }
      const at::Tensor input = methods::model_input(own, at::cat(pictures));
      at::Tensor answers;
      if (!trainee_)
        answers = methods::answers_of(own, input, true);
      else
        answers = methods::segments(own) ? trainee_->pixel_logits(input) : trainee_->logits(input);
      const at::Tensor loss =
          cross_entropy(answers.narrow(0, 0, static_cast<std::int64_t>(count)), truths);
      asked.loss += weight * loss.item<double>();
      if (!slopes) continue;
      std::vector<at::Tensor> leaves;
      if (moves_camera_) leaves.push_back(theta);
      if (trainee_)
        leaves.insert(leaves.end(), trainee_->parameters().begin(), trainee_->parameters().end());
      const std::vector<at::Tensor> gradients = network::gradients(loss, leaves);
      if (moves_camera_ && gradients[0].defined())
        for (std::size_t f = 0; f < state_.z.size(); ++f) {
          const double g = gradients[0][0][static_cast<std::int64_t>(f)].item<double>();
          if (std::isfinite(g)) asked.of_z[f] += weight * g * ranges_[f].slope(state_.z[f], g < 0);
        }
      const std::size_t before = moves_camera_ ? 1 : 0;
      for (std::size_t k = 0; k < asked.of_parameters.size(); ++k) {
        const at::Tensor& g = gradients[before + k];
        if (!g.defined()) continue;
        const at::Tensor part = g.detach() * weight;
        asked.of_parameters[k] =
            asked.of_parameters[k].defined() ? asked.of_parameters[k] + part : part;
      }
    }
    return asked;
  }

  void look(std::int64_t step) {
    const double validation = ask(job_.validation_, false, 0).loss;
    state_.looked.push_back(step);
    state_.training.push_back(
        state_.since_count > 0 ? state_.since / static_cast<double>(state_.since_count) : NAN);
    state_.validation.push_back(validation);
    state_.since = 0;
    state_.since_count = 0;
    const bool better = step == 0 || validation < state_.best_loss;
    if (better) {
      state_.best = step;
      state_.best_loss = validation;
      state_.best_z = state_.z;
      state_.best_parameters = state_.parameters;
      state_.without_better = 0;
    } else if (++state_.without_better >= job_.options_.patience) {
      state_.ended = true;
    }
  }

  std::vector<double> scores(const network::Classifier& classifier,
                             const std::vector<double>& theta) const {
    const at::NoGradGuard no_grad;
    const at::Tensor at = at::tensor(theta, at::kDouble).view({1, -1});
    return methods::judged_inputs(
               classifier, job_.test_.size(),
               [&](std::size_t i) -> methods::InputWithTruth {
                 const std::int64_t row = job_.test_[i];
                 const auto p =
                     methods::taken_picture(classifier, job_.data_, row, draw_of(row, 0));
                 return {methods::model_input(classifier, shown(p, at)), p.truth};
               })
        .score;
  }

  const OptimiseCamera& job_;
  std::string name_;
  bool moves_camera_, moves_model_;
  std::vector<const imaging::Factor*> factors_;  // the trained, then the condition's
  std::vector<methods::FactorRange> ranges_;     // of the trained
  std::unique_ptr<network::Trainee> trainee_;
  State state_;
};

OptimiseCamera::OptimiseCamera(const network::Classifier& classifier, const imaging::DataSet& data,
                               OptimiseCameraOptions options)
    : classifier_(classifier), data_(data), options_(std::move(options)) {
  std::vector<std::string> names;
  for (const auto& f : options_.factors) {
    const imaging::Factor& factor = imaging::scene_factor(f.name, "--factor");
    if (factor.stage != imaging::SceneStage::kCamera || !factor.differentiable)
      throw InputError("--factor", f.name + " is none of the camera's that have a derivative");
    if (!(f.low >= factor.low && f.high <= factor.high && f.low <= factor.nominal &&
          factor.nominal <= f.high && f.low < f.high))
      throw InputError("--factor",
                       fmt::format("{}: {} to {} does not lie in {} to {}, or not round {}", f.name,
                                   f.low, f.high, factor.low, factor.high, factor.nominal));
    names.push_back(f.name);
  }
  for (const auto& [name, value] : options_.condition) {
    const imaging::Factor& factor = imaging::scene_factor(name, "--condition");
    if (factor.stage != imaging::SceneStage::kCamera ||
        !(value >= factor.low && value <= factor.high))
      throw InputError("--condition",
                       fmt::format("{}={} is no value of a camera's factor", name, value));
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw InputError("--condition", name + " is trained too; it can be one of both only");
    names.push_back(name);
  }
  if (data_.is_raw()) imaging::check_camera_factors(data_.camera(), names, "data.camera");
  if (options_.train_camera && options_.factors.empty())
    throw InputError("--factor", "no factor is named that could be trained");
  arms_.emplace_back("start");
  if (options_.train_model) arms_.emplace_back("model");
  if (options_.train_camera)
    arms_.emplace_back(options_.train_model ? "camera and model" : "camera");
  split();
}

void OptimiseCamera::split() {
  std::vector<stats::Clustered> items;
  std::vector<std::int64_t> known;
  for (std::size_t i = 0; i < data_.size(); ++i) {
    const imaging::Row& row = data_.rows()[i];
    if (row.label < 0 && row.truth.empty()) continue;
    known.push_back(static_cast<std::int64_t>(i));
    items.push_back({row.cluster, row.id});
  }
  const auto order = stats::drawn_clusters(items, options_.seed, "optimise_camera/split");
  if (order.size() < kFewestClusters)
    throw InputError(data_.source(), fmt::format("has {} labelled pictures or clusters; wanted {}",
                                                 order.size(), kFewestClusters));
  for (std::size_t c = 0; c < order.size(); ++c) {
    const double share = static_cast<double>(c) / static_cast<double>(order.size());
    auto& to = share < kTrainingShare                      ? training_
               : share < kTrainingShare + kValidationShare ? validation_
                                                           : test_;
    for (const std::size_t i : order[c]) to.push_back(known[i]);
  }
  for (auto* rows : {&training_, &validation_, &test_}) std::sort(rows->begin(), rows->end());
}

std::string OptimiseCamera::key() const {
  std::string text =
      "optimise-camera/1 " + classifier_.sha256() + " " + network::numerics_version();
  const auto& o = options_;
  text += fmt::format(" {} {} {} {} {} {:.17g} {:.17g} {}", o.train_camera, o.train_model, o.steps,
                      o.batch, o.patience, o.camera_rate, o.model_rate, o.seed);
  for (const auto& f : o.factors) text += fmt::format(" {} {:.17g} {:.17g}", f.name, f.low, f.high);
  for (const auto& [name, value] : o.condition) text += fmt::format(" {}={:.17g}", name, value);
  for (std::size_t row = 0; row < data_.size(); ++row)
    text += "\n" + data_.rows()[row].id + " " + data_.row_digest(row) + " " +
            data_.mask_digest(row) + " " + std::to_string(data_.rows()[row].label) + " " +
            data_.rows()[row].cluster;
  return imaging::sha256_hex(text);
}

std::vector<std::int64_t> OptimiseCamera::plan() const {
  std::vector<std::int64_t> steps(arms_.size(), options_.steps);
  steps[0] = 0;
  return steps;
}

std::unique_ptr<Task> OptimiseCamera::start(std::size_t task) const {
  return std::make_unique<OptimisingArm>(*this, arms_[task]);
}

}  // namespace assay::jobs
