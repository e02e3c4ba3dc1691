#include "assay/methods/evaluation/row_truth.h"

#include <algorithm>

#include "assay/base/error.h"
#include "assay/methods/batch.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::methods {

bool segments(const network::Classifier& classifier) {
  return classifier.output().kind == OutputKind::kSegmentation;
}

bool is_known(const Truth& truth) { return truth.label >= 0 || truth.mask.defined(); }

Truth row_truth(const network::Classifier& classifier, const imaging::DataSet& data,
                std::int64_t row, const imaging::Picture& picture) {
  const auto at = static_cast<std::size_t>(row);
  const imaging::Row& source = data.rows()[at];
  Truth truth;
  if (!segments(classifier)) {
    truth.label = source.label < classifier.classes() ? source.label : -1;
    return truth;
  }
  const auto found = data.truth(at, picture.height, picture.width);
  if (!found)
    throw InputError(
        "data.truth",
        "a model that segments needs masks: wanted the manifest's column that names them");
  const int classes = classifier.classes();
  // Of two classes anything but 0 is the second; else what is no class (255 as a rule) is not judged.
  at::Tensor mask = at::full({picture.height, picture.width}, -1, at::kLong);
  std::int64_t* to = mask.data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < found->bytes.size(); ++i) {
    const int v = found->bytes[i];
    to[i] = classes == 2 ? (v != 0) : v < classes ? v : -1;
  }
  const imaging::Placement p = imaging::placement_of(picture.height, picture.width, source.id,
                                                     classifier.input(), demand_of(classifier));
  const at::Tensor resized = at::upsample_nearest2d(mask.to(at::kFloat).unsqueeze(0).unsqueeze(0),
                                                    {p.resized.height, p.resized.width})[0][0]
                                 .to(at::kLong)
                                 .slice(0, p.window.top, p.window.top + p.window.height)
                                 .slice(1, p.window.left, p.window.left + p.window.width);
  truth.mask = at::full({p.tensor.height, p.tensor.width}, -1, at::kLong);
  truth.mask.slice(0, p.top, p.top + p.window.height)
      .slice(1, p.left, p.left + p.window.width)
      .copy_(resized);
  return truth;
}

at::Tensor shown_pixels(const network::Classifier& classifier, const imaging::Picture& picture,
                        const std::string& id) {
  const Slot slot{&picture, id};
  return pixels_of_input(classifier,
                         input_tensor(classifier, classifier.input(), {&slot, 1}).narrow(0, 0, 1))
      .clamp(0, 1)
      .contiguous();
}

}  // namespace assay::methods
