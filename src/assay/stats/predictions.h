// What a classifier said about n labelled rows, as everything here reads it.
//
// Views only: 50,000 rows × 1,000 classes of floats stay where they are; arithmetic is double, one
// row at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace assay::stats {

enum class Scores {
  kLogits,         // softmax makes them probabilities; -infinity is a probability of 0
  kProbabilities,  // taken as they are: neither clipped nor scaled to a sum of 1
};

struct Predictions {
  int classes = 0;
  Scores scores = Scores::kLogits;
  std::vector<std::span<const float>> rows;  // [n], each [classes]; no NaN, no +infinity
  std::vector<int> labels;                   // [n], each in [0, classes)
  std::vector<std::int64_t> clusters;        // [n], or empty: every row is a cluster of its own

  std::size_t size() const { return rows.size(); }
};

// A class or bin as an index.
constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }

// The class with the largest score, the lowest index on ties.
int top_class(std::span<const float> scores);

// A row's probabilities softmax(beta × logits) with their logarithms; beta = 1 / temperature. With
// probabilities for scores, logits are ln p; at beta = 1 the probabilities are returned as they
// are. The spans live until the next call. Sums run over an array of our own, so the result does
// not depend on where the row lies in memory. Cost: `classes` exponentials.
class Softmax {
 public:
  explicit Softmax(const Predictions& predictions);
  ~Softmax();
  Softmax(const Softmax&) = delete;
  Softmax& operator=(const Softmax&) = delete;
  std::span<const double> operator()(std::size_t row, double beta = 1);
  double log_probability(int c) const;  // of the last row asked for; -infinity where it is 0

 private:
  struct Work;
  const Predictions& predictions_;
  std::unique_ptr<Work> work_;
};

// Of every row: the largest probability, and whether that class is the label.
struct TopLabel {
  std::vector<double> confidence;
  std::vector<std::uint8_t> hit;
};

}  // namespace assay::stats
