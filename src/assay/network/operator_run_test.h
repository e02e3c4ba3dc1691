// Runs small models of one input x for tests of operators.
#pragma once

#include <string>
#include <vector>

#include "assay/network/executor.h"
#include "assay/network/onnx_builder_test.h"
#include "assay/network/onnx_reader.h"

namespace assay::network {

// Runs a model whose only graph input is x.
inline std::vector<at::Tensor> run(const OnnxBuilder& b, const at::Tensor& x) {
  const TestFolder folder;
  const OnnxModel model = read_onnx(b.write(folder));
  const auto executor = make_differentiable_executor(model.graph);
  Request request;
  request.given = {{model.graph->find("x"), x}};
  request.wanted = model.graph->outputs();
  request.input_shapes = {{x.sizes().begin(), x.sizes().end()}};
  return executor->run(request);
}

inline OnnxBuilder taking(const at::Tensor& x, int opset,
                          const std::vector<std::string>& outputs = {"y"}) {
  OnnxBuilder b(opset);
  b.input("x", Dims(x.sizes().begin(), x.sizes().end()));
  for (const std::string& name : outputs) b.output(name);
  return b;
}

// The values of a tensor as a plain list.
inline std::vector<float> list(const at::Tensor& t) {
  const at::Tensor flat = t.to(at::kFloat).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace assay::network
