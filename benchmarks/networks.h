// Well-known architectures with random weights, for timing: ResNet-18 (with squeeze-and-excitation
// too), VGG-16, MobileNetV2 and SqueezeNet 1.1 as torchvision has them, batch normalisation as nodes
// of its own, and a vision transformer of DeiT-tiny's sizes; 1,000 classes.
#pragma once

#include <memory>
#include <string>

#include "assay/network/graph.h"

namespace assay::benchmarks {

// [batch,3,224,224] → [batch,1000]; batch is free.
std::shared_ptr<const network::Graph> resnet18();
std::shared_ptr<const network::Graph> se_resnet18();
std::shared_ptr<const network::Graph> vgg16();
std::shared_ptr<const network::Graph> mobilenet_v2();
std::shared_ptr<const network::Graph> squeezenet1_1();
std::shared_ptr<const network::Graph> vit_tiny();

}  // namespace assay::benchmarks
