#include "assay/methods/attribution/catalogue.h"

#include <algorithm>
#include <cctype>

#include "assay/base/error.h"
#include "assay/methods/attribution/attention_rollout.h"
#include "assay/methods/attribution/cam.h"
#include "assay/methods/attribution/eigen_cam.h"
#include "assay/methods/attribution/extremal.h"
#include "assay/methods/attribution/input_gradient.h"
#include "assay/methods/attribution/integrated_gradients.h"
#include "assay/methods/attribution/legrad.h"
#include "assay/methods/attribution/occlusion.h"
#include "assay/methods/attribution/rise.h"
#include "assay/methods/attribution/score_cam.h"
#include "assay/methods/attribution/smooth_grad.h"

namespace assay::methods {

namespace {

// One class after the other.
template <class M>
at::Tensor maps_of_classes(const Question& question, const typename M::Params& params) {
  if constexpr (requires { M::explain_all(question, params); }) {
    return M::explain_all(question, params);
  } else {
    std::vector<at::Tensor> maps;
    Question of_class = question;
    for (int k = 0; k < question.classifier.classes(); ++k) {
      std::fill(of_class.targets.begin(), of_class.targets.end(), k);
      maps.push_back(M::explain(of_class, params).map);
    }
    return at::stack(maps, 1);
  }
}

template <class M>
Method row() {
  return {M::kInfo, [] { return field_infos<M>(); },
          [](const Question& question, const Settings& settings) {
            return M::explain(question, params_of<M>(settings));
          },
          [](const Question& question, const Settings& settings) {
            return maps_of_classes<M>(question, params_of<M>(settings));
          }};
}

// "GradCAM" and "grad-cam" are grad_cam.
std::string letters(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (c != '_' && c != '-')
      plain.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  return plain;
}

}  // namespace

std::span<const Method> attribution_methods() {
  static const std::vector<Method> methods{
      row<HiResCam>(),
      row<Cam>(),
      row<GradCam>(),
      row<GradCamPlusPlus>(),
      row<XGradCam>(),
      row<LayerCam>(),
      row<EigenCam>(),
      row<ScoreCam>(),
      row<AblationCam>(),
      row<AttentionRollout>(),
      row<LeGrad>(),
      row<InputGradient>(),
      row<GradientTimesInput>(),
      row<IntegratedGradients>(),
      row<SmoothGrad>(),
      row<VarGrad>(),
      row<GuidedBackprop>(),
      row<Occlusion>(),
      row<Rise>(),
      row<Extremal>(),
  };
  return methods;
}

std::vector<std::string> attribution_names() {
  std::vector<std::string> names;
  for (const Method& method : attribution_methods()) names.emplace_back(method.info.name);
  return names;
}

const Method& attribution_named(const std::string& name, const std::string& where) {
  for (const Method& method : attribution_methods())
    if (letters(method.info.name) == letters(name)) return method;
  const std::string near = nearest(name, attribution_names());
  throw InputError(where, "there is no method \"" + name + "\"" +
                              (near.empty() ? "; `assay explain --help` lists them"
                                            : ", did you mean " + near + "?"));
}

}  // namespace assay::methods
