// What several sampled predictions of one picture say together, and how far they agree.
//
//   mean p̄_k                mean over samples s of p_sk
//   predictive entropy      H(p̄), in nat; 0 log 0 = 0
//   expected entropy        mean of H(p_s): what the samples themselves leave open (noise in the data)
//   mutual information      the difference: what they disagree about (what the model does not know)
//   deviation_k             root of the mean squared distance from p̄_k, divisor S
//   variation ratio         1 − share of the samples whose largest class is the commonest one
//   disagreement            share of the samples whose largest class is not that of p̄
//   margin                  largest less second largest of p̄
// Ties go to the lower index. Covariances are of classes: epistemic Cov_s(p_s), divisor S; aleatoric mean of diag(p_s) − p_s p_sᵀ;
// for rows that sum to 1 the two add up to diag(p̄) − p̄ p̄ᵀ.
// Cost: S × K, of the covariances S × K². Source: depeweg2018, kwon2020.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

struct SampledPrediction {
  std::int64_t samples = 0;
  std::vector<double> mean, deviation;  // [K]
  double predictive_entropy = 0, expected_entropy = 0, mutual_information = 0;
  double variation_ratio = 0, disagreement = 0;
  double confidence = 0, margin = 0;
  int decision = 0;  // of the mean
  // Of the mean of the classes' probabilities, the largest; of the two entropies' difference by its influence function. 0 of one
  // sample, where there is nothing to disagree.
  double standard_error = 0, information_error = 0;
};

// `probabilities` [samples × classes], sample by sample.
SampledPrediction summarise_samples(std::span<const double> probabilities, int classes);

struct ClassCovariance {
  std::vector<double> epistemic, aleatoric;  // [K × K]
};
ClassCovariance class_covariance(std::span<const double> probabilities, int classes);

// The directions in which the samples disagree most: eigenvectors [count][K] of the epistemic covariance with its eigenvalues, the
// largest first, each with its largest component positive.
struct Directions {
  std::vector<double> variance;
  std::vector<std::vector<double>> direction;
};
Directions leading_directions(const ClassCovariance& covariance, int classes, int count);

// −Σ p log p.
double entropy(std::span<const double> p);

}  // namespace assay::stats
