#include "assay/jobs/synthesise.h"

#include <algorithm>
#include <filesystem>

#include "assay/base/archive.h"
#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/seed.h"
#include "assay/imaging/camera/development.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/encode.h"

namespace assay::jobs {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPerTask = 16;

// A few pictures, one after the other.
class SomePictures : public Task {
 public:
  SomePictures(const Synthesise& job, std::size_t first, std::size_t count)
      : job_(job), first_(first), count_(static_cast<std::int64_t>(count)) {}
  bool finished() const override { return done_ == count_; }
  void step() override { job_.develop(first_ + static_cast<std::size_t>(done_++)); }
  std::int64_t steps_done() const override { return done_; }
  std::string save() const override {
    State state{done_};
    return to_bytes(state);
  }
  void load(std::string_view bytes) override {
    const auto state = from_bytes<State>(std::string(bytes));
    if (state.done < 0 || state.done > count_) throw InputError("", "damaged record");
    done_ = state.done;
  }
  std::string result() const override { return {}; }

 private:
  struct State {
    std::int64_t done = 0;
    template <class A>
    void archive(A& a) {
      a(done);
    }
  };
  const Synthesise& job_;
  std::size_t first_;
  std::int64_t count_, done_ = 0;
};

}  // namespace

Synthesise::Synthesise(std::vector<SourcePicture> pictures, Cameras cameras, bool raw,
                       std::function<imaging::Sensor(const std::string&)> read_sensor,
                       std::string directory)
    : pictures_(std::move(pictures)),
      cameras_(std::move(cameras)),
      raw_(raw),
      read_sensor_(std::move(read_sensor)),
      directory_(std::move(directory)) {
  if (pictures_.empty()) throw InputError("", "there is no picture to develop");
  std::error_code error;
  for (const auto& [camera, chain] : cameras_)
    for (const SourcePicture& p : pictures_) {
      const fs::path folder = (fs::path(directory_) / file_of(camera, p.name)).parent_path();
      fs::create_directories(folder, error);
      if (error) throw InputError(folder.string(), "cannot be made: " + error.message());
    }
}

std::string Synthesise::file_of(const std::string& camera, const std::string& name) {
  return camera + "/" + name + ".png";
}

std::string Synthesise::key() const {
  std::string text = "synthesise/1";
  for (const auto& [name, chain] : cameras_) text += "\n" + name + " " + chain.text();
  for (const SourcePicture& p : pictures_) {
    text += "\n" + p.name + " " + imaging::sha256_hex(imaging::read_picture_file(p.file));
    if (const std::string sidecar = imaging::sidecar_of(p.file); raw_ && fs::exists(sidecar))
      text += " " + imaging::sha256_hex(imaging::read_picture_file(sidecar));
  }
  return imaging::sha256_hex(text);
}

std::vector<std::int64_t> Synthesise::plan() const {
  std::vector<std::int64_t> steps;
  for (std::size_t first = 0; first < pictures_.size(); first += kPerTask)
    steps.push_back(static_cast<std::int64_t>(std::min(kPerTask, pictures_.size() - first)));
  return steps;
}

std::unique_ptr<Task> Synthesise::start(std::size_t task) const {
  const std::size_t first = task * kPerTask;
  return std::make_unique<SomePictures>(*this, first, std::min(kPerTask, pictures_.size() - first));
}

void Synthesise::develop(std::size_t at) const {
  const SourcePicture& p = pictures_[at];
  const std::string bytes = imaging::read_picture_file(p.file);
  const std::uint64_t draw = hash_name(p.name);
  const imaging::Recorded recorded =
      raw_ ? imaging::Recorded(imaging::read_frame(bytes, p.file, read_sensor_), draw)
           : imaging::Recorded(imaging::decode(bytes, p.file, {true, false}), draw);
  for (const auto& [camera, chain] : cameras_)
    write_file((fs::path(directory_) / file_of(camera, p.name)).string(),
               imaging::encode_png(recorded.by(chain, {true, false})));
}

}  // namespace assay::jobs
