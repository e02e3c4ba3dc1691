// The pictures that other cameras would have made: RAW frames, or pictures by an approximate frame, developed by each of several
// chains and written as PNG files, DIRECTORY/CAMERA/NAME.png.
//
// A task is a few pictures, a step one of them by every camera. Cost: a development a picture and camera.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "assay/imaging/camera/chain.h"
#include "assay/jobs/job.h"

namespace assay::jobs {

struct SourcePicture {
  std::string file;  // to read
  std::string name;  // where it goes below DIRECTORY/CAMERA/, without extension
};

class Synthesise : public Job {
 public:
  using Cameras = std::vector<std::pair<std::string, imaging::CameraChain>>;
  // `raw`: the files are RAW frames; `read_sensor` reads a mosaic's sidecar.
  Synthesise(std::vector<SourcePicture> pictures, Cameras cameras, bool raw,
             std::function<imaging::Sensor(const std::string&)> read_sensor, std::string directory);

  std::string name() const override { return "synthesise"; }
  std::string key() const override;
  std::vector<std::int64_t> plan() const override;
  std::unique_ptr<Task> start(std::size_t task) const override;

  // "CAMERA/NAME.png"
  static std::string file_of(const std::string& camera, const std::string& name);
  const std::vector<SourcePicture>& pictures() const { return pictures_; }
  // Reads one picture and writes it by every camera.
  void develop(std::size_t picture) const;

 private:
  std::vector<SourcePicture> pictures_;
  Cameras cameras_;
  bool raw_;
  std::function<imaging::Sensor(const std::string&)> read_sensor_;
  std::string directory_;
};

}  // namespace assay::jobs
