// Models that are asked beside the audited one: of the same classes, fed with the same input.
//
// Each file is opened once an audit, whoever asks for it; what they answer depends on their bytes alone. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace assay::network {
class Classifier;
}

namespace assay::checks {

class OtherModels {
 public:
  // InputError(file, …) where it cannot be read, or has other classes than `audited`.
  std::shared_ptr<const network::Classifier> open(const std::string& file,
                                                  const network::Classifier& audited);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const network::Classifier>> opened_;
};

}  // namespace assay::checks
