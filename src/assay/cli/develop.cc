// assay develop RAW [--camera camera.yaml] [--sensor sensor.yaml] -o out.png

#include "assay/audit/camera_file.h"
#include "assay/base/file.h"
#include "assay/cli/command.h"
#include "assay/imaging/camera/development.h"
#include "assay/imaging/decode.h"
#include "assay/imaging/encode.h"
#include "assay/network/classifier.h"

namespace assay::cli {

namespace {

struct DevelopOptions {
  std::string raw, camera, sensor, out;
  bool as_recorded = false;
};

imaging::RawFrame frame_of(const DevelopOptions& options) {
  const bool raw = imaging::has_raw_extension(options.raw);
  const std::string bytes = raw ? read_file(options.raw, imaging::kMostFileBytes)
                                : imaging::read_picture_file(options.raw);
  if (options.sensor.empty()) return imaging::read_frame(bytes, options.raw, audit::read_sensor);
  return imaging::raw_of_mosaic(imaging::decode(bytes, options.raw),
                                audit::read_sensor(options.sensor), options.raw);
}

int develop(const DevelopOptions& options) {
  network::configure_numerics();
  const imaging::RawFrame frame = frame_of(options);
  const imaging::CameraChain chain = options.camera.empty()
                                         ? imaging::CameraChain(imaging::standard_stages(), "")
                                         : audit::named_camera("", options.camera, "--camera");
  const imaging::Picture picture =
      imaging::developed_picture(frame, chain, 0, {!options.as_recorded, false});
  write_file(options.out, imaging::encode_png(picture));
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
  command->add_option(
      "--camera", options->camera,
      "the stages: a file, or the name of a view such as menon-unsharp-gaussian (docs/camera.md); "
      "default: as shot, Menon 2007, sRGB's curve");
  command->add_option("--sensor", options->sensor, "the mosaic's levels, filter and matrix");
  command->add_option("-o,--out", options->out, "a PNG file")->required();
  command->add_flag("--as-recorded", options->as_recorded, "do not turn the picture upright");
  command->footer("Example: assay develop frame.dng --camera camera.yaml -o frame.png");
  command->callback([=, &action] { action = [=] { return develop(*options); }; });
}

}  // namespace assay::cli
