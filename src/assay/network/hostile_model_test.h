// What happens to a model file that nobody trusts: the one way by which tests and fuzzing try one.
#pragma once

#include <string>

#include "assay/base/error.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::network {

// Opens the file as every command does, for pictures of 8×8 px, and runs two of them. The text of
// the refusal; empty where the file was taken. Whatever else is thrown is a defect.
inline std::string refusal_of(const std::string& path) {
  InputDescription description;
  description.resize = ResizeRule::kSquash;
  description.resize_height = description.resize_width = 8;
  try {
    const Classifier classifier = Classifier::open(path, description, {}, {});
    const auto type = classifier.input_size().uint8 ? at::kByte : at::kFloat;
    classifier.forward(at::ones({2, 3, 8, 8}, type));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace assay::network
