#include "model.h"

#include "network.h"

namespace fashion {

Parameters make_parameters(std::uint64_t seed) {
  Parameters made;
  training::MakingLayers making{made, seed};
  residual_network(making, training::MakingLayers::Value{});
  return made;
}

at::Tensor forward(Parameters& parameters, const at::Tensor& pictures, Mode mode) {
  training::RunningLayers running{parameters, mode};
  return residual_network(running, pictures.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace fashion
