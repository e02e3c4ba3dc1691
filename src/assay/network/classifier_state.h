// What a Classifier holds. For classifier.cc and the files beside it that make one.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "assay/network/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/executor.h"
#include "assay/network/head.h"
#include "assay/network/patched_pass.h"
#include "assay/network/picture_input.h"

namespace assay::network {

struct Classifier::State {
  std::string file, sha256;
  InputDescription description;
  OutputDescription output;
  Reading reading = Reading::kGraph;
  std::vector<std::string> labels;
  int classes = 0;
  PictureInput input;
  InputSize size;  // of the pictures; 0 where they may differ
  Head head;
  Batching batching;
  std::unique_ptr<Executor> inference;  // null: the differentiable one does everything
  std::vector<bool> main_path;  // by ValueId: follows from the picture and leads to the logits
  // Shared with the randomised copies.
  std::shared_ptr<std::atomic<std::int64_t>> pictures_run =
      std::make_shared<std::atomic<std::int64_t>>(0);
  mutable std::mutex mutex;
  mutable std::map<Shape, std::vector<ValueInfo>> values;  // by input shape
  std::unique_ptr<const PatchedPass> patched;

  mutable std::mutex randomising;  // guards what follows
  mutable std::shared_ptr<const Classifier> randomised;
  mutable std::uint64_t randomised_seed = 0;

  // Takes the network that is to be run, and makes what runs it faster where it may be used.
  void take(Batching network);
  // Where logits_from starts: `rows_each` rows of the value belong to one picture.
  struct Cut {
    Given given;
    std::int64_t rows_each = 1;
  };
  // All pictures through the network, a micro-batch at a time: the logits first, then the kept
  // values. `input` may be undefined where a cut is given, `cut` null.
  std::vector<at::Tensor> run(const Executor& executor, const at::Tensor& input, const Cut* cut,
                              std::span<const std::string> keep, const Observe& observe = {}) const;
  Pass pass(const Executor& executor, const at::Tensor& input,
            std::span<const std::string> keep) const;
  at::Tensor value_of(const at::Tensor& input, const std::string& name) const;
  Request request_for(const at::Tensor& input, const Cut* cut, std::int64_t first,
                      std::int64_t rows) const;
};

}  // namespace assay::network
