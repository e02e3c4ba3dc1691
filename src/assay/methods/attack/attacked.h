// Pictures under one attack: what each came to, and what it cost.
//
// The pictures' walks (walk.h) share micro-batches: one that has fallen leaves at once and the next takes its place. What is asked with
// a slope goes through the differentiable executor; a point counts as fooling there only where its margin is beyond what the two
// executors may differ by, and every result is scored again by the inference executor. Pictures do not see each other: which share a
// micro-batch depends on their order alone.
// Cost: see walk_of; each micro-batch with a slope is a forward and a backward of its pictures.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "assay/methods/attack/attack.h"

namespace assay::network {
class Classifier;
}

namespace assay::methods {

// A model as an attack meets it.
class Victim {
 public:
  virtual ~Victim() = default;
  virtual int rows() const = 0;  // of a micro-batch
  // At most rows() points. By the inference executor; or with the slopes of each one's own objective for its own label.
  virtual std::vector<Answer> answers(std::span<const Query* const> queries) const = 0;
  virtual std::vector<Answer> slopes(std::span<const Query* const> queries,
                                     std::span<const int> labels) const = 0;
};
// Pixels of one size, as the classifier is shown them. The classifier must outlive it.
std::unique_ptr<Victim> victim_of(const network::Classifier& classifier, int channels, int height,
                                  int width);

// Any number of points by the inference executor, in micro-batches.
std::vector<std::vector<double>> logits_of_points(const Victim& victim,
                                                  std::span<const Pixels* const> points);
int decision_of(std::span<const double> logits);

enum class Counts {
  kFirst,    // the first fooling point inside the ball ends it
  kLast,     // the last point asked
  kNearest,  // the fooling point nearest to the picture, wherever it lies
};

struct Attacked {
  bool fooled = false;
  Pixels pixels;  // the fooling point, or of kLast the last
  int decision = -1;
  double distance = 0;                      // of it, in the ball's norm
  std::int64_t gradients = 0, queries = 0;  // points asked with a slope, and without
  std::int64_t zero_slopes = 0;             // of the gradients, those without any slope
};

std::vector<Attacked> attacked(const Victim& victim, std::span<const Target> targets,
                               const Attack& attack, Counts counts, std::uint64_t seed);

}  // namespace assay::methods
