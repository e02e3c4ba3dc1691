// Pictures as the model takes them and the maps of their classes: what the checks have in common
// that look where the evidence lies and then change the picture there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/checks/check.h"
#include "assay/imaging/picture.h"
#include "assay/imaging/prepare.h"
#include "assay/methods/attribution/question.h"
#include "assay/methods/batch.h"

namespace assay::checks {

// A picture and the class that is asked about.
struct Shown {
  at::Tensor picture;  // [1,C,H,W] float32, in the numbers that the model takes
  int target = -1;
  std::string id;
};

imaging::Picture decoded(const Subject& subject, std::int64_t row);
// Shown's `picture` of a row.
at::Tensor prepared_picture(const Subject& subject, std::int64_t row,
                            const imaging::Picture& picture);

// What of its picture the model's input covers, in the record's left, top, right and bottom, as
// fractions.
template <class Record>
void set_covered_box(const Subject& subject, const imaging::Picture& picture, Record& record) {
  const imaging::Box box = imaging::covered_box(picture, subject.classifier.input(),
                                                methods::demand_of(subject.classifier));
  record.left = box.left;
  record.top = box.top;
  record.right = box.right;
  record.bottom = box.bottom;
}

methods::Question question_of(const network::Classifier& classifier, std::span<const Shown> shown,
                              std::uint64_t seed);
// HiResCAM of the targets at a layer: [N,h,w]. Cost: a forward, and a backward from the logits.
at::Tensor class_maps(const network::Classifier& classifier, std::span<const Shown> shown,
                      const std::string& layer, std::uint64_t seed);
// `named`, else the default layer; empty with the reason in `why` where there is none. InputError
// for a name that is no value of the graph.
std::string map_layer(const network::Classifier& classifier, const std::string& named,
                      std::string& why);

// The class with the largest logit of [K]; -1 where one is not a number or none is finite.
int class_said(const at::Tensor& logits);
// A class's logit less the largest of the others; not a number where one of them is not.
double margin_of(std::span<const float> logits, int label);
double margin_of(const at::Tensor& logits, int label);  // [K]

}  // namespace assay::checks
