#include "assay/methods/mean_color.h"

#include <span>

#include "assay/base/error.h"
#include "assay/methods/attribution/target.h"
#include "assay/methods/batch.h"
#include "assay/network/torch.h"

namespace assay::methods {

at::Tensor mean_color(const network::Classifier& classifier, const imaging::DataSet& data) {
  const InputDescription& description = classifier.input();
  const imaging::DecodeOptions options{description.upright,
                                       description.channels == Channels::kGray};
  at::Tensor sum;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < data.size(); ++i) try {
      const imaging::Picture picture = data.picture(i, options);
      const Slot slot{&picture, data.rows()[i].id};
      const at::Tensor input = input_tensor(classifier, description, std::span(&slot, 1));
      const at::Tensor mean = channels_first(classifier, input)[0].to(at::kDouble).mean({1, 2});
      sum = sum.defined() ? sum + mean : mean;
      ++count;
    } catch (const InputError&) {
      // left out
    }
  return count > 0 ? sum / static_cast<double>(count) : sum;
}

}  // namespace assay::methods
