// A plan, to its checks and requirements.
#include "assay/audit/plan.h"
#include "assay/audit/plan_text.h"
#include "assay/base/error.h"
#include "assay/base/seed_corpus_test.h"

using namespace assay;

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  write_seeds({*arguments, *arguments + *count},
              {"assay: 1\nmodel: {file: m.onnx, labels: [cat, dog], input: imagenet}\n"
               "data: {images: val/, limit: 500, seed: 7}\nchecks:\n"
               "  accuracy: {require: {top1: \">= 0.90\"}}\n"
               "  calibration: {bins: 15, require: {ece: {at_most: 0.05, confidence: 0.9}}}\n",
               "assay: 1\nmodel:\n  file: m.onnx\n  input: {resize: [8, 9], mean: [0.5, 0.5, 0.5], "
               "std: [1, 1, 1], channels: bgr, range: 255, layout: nhwc}\n"
               "  output: {value: y, kind: probabilities}\n"
               "data: {idx: a, labels: b, on_error: stop}\nchecks:\n  mine: {check: accuracy}\n",
               "base: &base {file: m.onnx}\nmodel: *base\ndata: {manifest: m.csv}\n"
               "checks:\n  accuracy:\n"});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const audit::Plan plan =
        audit::parse_plan(std::string(reinterpret_cast<const char*>(data), size), "audit.yaml");
    audit::plan_text(plan);
  } catch (const InputError&) {
  }
  return 0;
}
