// assay develop RAW [--camera camera.yaml] [--sensor sensor.yaml] -o out.png

#include <filesystem>

#include "assay/audit/camera_file.h"
#include "assay/base/file.h"
#include "assay/cli/command.h"
#include "assay/imaging/camera/chain.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/encode.h"
#include "assay/methods/visualisation/pixels.h"
#include "assay/network/classifier.h"

namespace assay::cli {

namespace {

struct DevelopOptions {
  std::string raw, camera, sensor, out;
  bool as_recorded = false;
};

imaging::RawFrame frame_of(const DevelopOptions& options) {
  if (imaging::has_raw_extension(options.raw) && options.sensor.empty())
    return imaging::read_raw(read_file(options.raw, imaging::kMostFileBytes), options.raw);
  std::filesystem::path beside(options.raw);
  beside.replace_extension(".yaml");
  const std::string sensor = options.sensor.empty() ? beside.string() : options.sensor;
  if (!std::filesystem::exists(sensor))
    throw InputError(options.raw, "is no camera RAW file by its name, and no " + sensor +
                                      " says what its sensor was; give --sensor");
  return imaging::raw_of_mosaic(
      imaging::decode(imaging::read_picture_file(options.raw), options.raw),
      audit::read_sensor(sensor), options.raw);
}

// As the camera was held; LibRaw's numbers.
at::Tensor upright(const at::Tensor& picture, int flip) {
  if (flip == 3) return picture.rot90(2, {2, 3});
  if (flip == 5) return picture.rot90(1, {2, 3});
  if (flip == 6) return picture.rot90(-1, {2, 3});
  return picture;
}

int develop(const DevelopOptions& options) {
  network::configure_numerics();
  const imaging::RawFrame frame = frame_of(options);
  const imaging::CameraChain chain = options.camera.empty()
                                         ? imaging::CameraChain(imaging::standard_stages(), "")
                                         : audit::read_camera(options.camera);
  at::Tensor picture = chain(frame.visible(), frame.sensor);
  if (!options.as_recorded) picture = upright(picture, frame.flip);
  write_file(options.out, imaging::encode_png(methods::picture_of(picture)));
  return kPass;
}

}  // namespace

void add_develop(CLI::App& app, const Global&, Action& action) {
  auto* command =
      app.add_subcommand("develop", "a picture of a RAW frame, by a camera's chain of stages");
  auto options = std::make_shared<DevelopOptions>();
  command
      ->add_option("RAW", options->raw,
                   "a camera's RAW file, or a 16-bit mosaic with a sidecar of the same name, .yaml")
      ->required();
  command->add_option("--camera", options->camera,
                      "the stages (docs/camera.md); default: as shot, Menon 2007, sRGB's curve");
  command->add_option("--sensor", options->sensor, "the mosaic's levels, filter and matrix");
  command->add_option("-o,--out", options->out, "a PNG file")->required();
  command->add_flag("--as-recorded", options->as_recorded, "do not turn the picture upright");
  command->footer("Example: assay develop frame.dng --camera camera.yaml -o frame.png");
  command->callback([=, &action] { action = [=] { return develop(*options); }; });
}

}  // namespace assay::cli
