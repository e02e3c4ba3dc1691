#include "assay/methods/attribution/eigen_cam.h"

namespace assay::methods {

Attribution EigenCam::explain(const Question& question, const Params&) {
  const at::Tensor value = layer_value(question);
  at::Tensor map = at::zeros({value.size(0), value.size(2), value.size(3)});
  for (std::int64_t i = 0; i < value.size(0); ++i) {
    const at::Tensor places = value[i].flatten(1).t().to(at::kDouble);  // [h·w, C]
    if (!at::isfinite(places).all().item<bool>()) {
      map[i].fill_(std::numeric_limits<float>::quiet_NaN());
      continue;
    }
    const at::Tensor centred = places - places.mean({0}, /*keepdim=*/true);
    // The smaller of the two Gram matrices; eigenvalues come in rising order.
    const bool by_place = centred.size(0) < centred.size(1);
    const at::Tensor gram = by_place ? centred.mm(centred.t()) : centred.t().mm(centred);
    const at::Tensor last = std::get<1>(at::linalg_eigh(gram, "L")).select(1, -1);
    at::Tensor shown = by_place ? last * gram.mv(last).norm().sqrt() : centred.mv(last);
    if ((shown * places.sum(1)).sum().item<double>() < 0) shown = -shown;
    map[i].copy_(shown.reshape({value.size(2), value.size(3)}));
  }
  return {map, {}, {}};
}

}  // namespace assay::methods
