// What is asked beside the audited model: other files of the same classes, fed with the same input, and the model itself with
// dropout active.
//
// Each is made once an audit, whoever asks for it; what they answer depends on their bytes and places alone. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace assay::network {
class Classifier;
class DropoutSampler;
struct DropoutPlace;
}  // namespace assay::network

namespace assay::checks {

class OtherModels {
 public:
  // InputError(file, …) where it cannot be read, or has other classes than `audited`.
  std::shared_ptr<const network::Classifier> open(const std::string& file,
                                                  const network::Classifier& audited);
  // InputError as DropoutSampler.
  std::shared_ptr<const network::DropoutSampler> dropping(
      const network::Classifier& audited, const std::vector<network::DropoutPlace>& places);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const network::Classifier>> opened_;
  std::map<std::string, std::shared_ptr<const network::DropoutSampler>> dropping_;
};

}  // namespace assay::checks
