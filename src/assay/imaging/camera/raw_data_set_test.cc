#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "assay/base/error.h"
#include "assay/base/file.h"
#include "assay/base/section.h"
#include "assay/imaging/camera/development.h"
#include "assay/imaging/camera/sample_raw_test.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/encode.h"
#include "assay/imaging/files_test.h"

namespace assay::imaging {
namespace {

using testing::HasSubstr;

class RawDataSet : public testing::Test {
 protected:
  RawDataSet() {
    write_file(folder_.path() + "/a.dng", sample_dng(24, 26));
    Picture mosaic{24, 24, 1, 16, {}};
    for (int i = 0; i < 24 * 24; ++i) {
      mosaic.bytes.push_back(static_cast<std::uint8_t>(i * 7));
      mosaic.bytes.push_back(static_cast<std::uint8_t>(4 + i % 11));
    }
    write_file(folder_.path() + "/b.png", encode_png(mosaic));
    write_file(folder_.path() + "/b.yaml", "256");
    Picture mask{24, 26, 1, 8, std::vector<std::uint8_t>(24 * 26, 255)};
    write_file(folder_.path() + "/mask.png", encode_png(mask));
    write_file(folder_.path() + "/m.csv",
               "path,raw,label,defect\npictures/a.png,a.dng,1,mask.png\npictures/"
               "b.png,b.png,0,mask.png\n");
  }
  DataSource source(const std::string& camera) const {
    DataSource s;
    s.manifest = folder_.path() + "/m.csv";
    s.camera = camera;
    s.read_sensor = [](const std::string&) {
      Sensor sensor;
      sensor.black = {256, 256, 256, 256};
      sensor.white = 4095;
      return sensor;
    };
    return s;
  }
  std::string error(const DataSource& s) const {
    try {
      DataSet::open(s, {2, {}});
    } catch (const InputError& e) {
      return e.what();
    }
    return "nothing";
  }

  TemporaryFolder folder_;
};

TEST_F(RawDataSet, DevelopsTheFramesOfTheColumnRaw) {
  const DataSet data = DataSet::open(source("standard"), {2, {}});
  ASSERT_TRUE(data.is_raw());
  EXPECT_EQ(data.rows()[0].id, "pictures/a.png");
  EXPECT_EQ(data.rows()[0].label, 1);
  const Picture picture = data.picture(0);
  EXPECT_EQ(picture.channels, 3);
  EXPECT_EQ(picture.bits, 8);
  const RawFrame frame = data.frame(0, data.bytes(0));
  EXPECT_EQ(picture.bytes, developed_picture(frame, data.camera(), 0, {}).bytes);
  EXPECT_EQ(data.picture(1).width, 24);  // a described mosaic
  // By another camera: exact, for there is a frame.
  const CameraChain malvar = CameraChain::parse("malvar-filter-median", "");
  EXPECT_EQ(data.picture_by(malvar, 0, data.bytes(0)).bytes,
            developed_picture(frame, malvar, 0, {}).bytes);
}

TEST_F(RawDataSet, ThePicturesNameIncludesCameraAndSidecar) {
  const auto digests = [&](const std::string& camera) {
    const DataSet data = DataSet::open(source(camera), {2, {}});
    return std::pair{data.row_digest(0), data.row_digest(1)};
  };
  const auto one = digests("standard");
  EXPECT_EQ(digests("standard"), one);
  EXPECT_NE(digests("menon-filter-median").first, one.first);
  write_file(folder_.path() + "/b.yaml", "257");
  EXPECT_EQ(digests("standard").first, one.first);
  EXPECT_NE(digests("standard").second, one.second);
}

TEST_F(RawDataSet, ShowsAFrameWithItsCameraDrifting) {
  const DataSet data = DataSet::open(source("standard"), {2, {}});
  Shift shift;
  shift.border = "reflect";
  const Picture own = data.shifted(0, shift);
  EXPECT_EQ(own.bytes, data.picture(0).bytes);
  shift.factors = {{"camera.exposure", -2}};
  EXPECT_NE(data.shifted(0, shift).bytes, own.bytes);
  shift.factors = {{"camera.exposure", 0}};
  EXPECT_EQ(data.shifted(0, shift).bytes, own.bytes);
  shift.camera = "bilinear-unsharp-gaussian";
  shift.factors.clear();
  EXPECT_EQ(data.shifted(0, shift).bytes,
            data.picture_by(CameraChain::parse(shift.camera, ""), 0, data.bytes(0)).bytes);
}

TEST_F(RawDataSet, TakesAColumnOfMasksForTheTruth) {
  DataSource s = source("standard");
  s.truth = "defect";
  const DataSet data = DataSet::open(s, {2, {}});
  EXPECT_EQ(data.rows()[0].label, -1);
  EXPECT_EQ(data.truth(0, 24, 26)->bytes[5], 255);
  EXPECT_THROW(data.truth(1, 24, 24), InputError);  // of another size
  EXPECT_NE(data.mask_digest(0), "");
  s.truth = "defects";
  EXPECT_THAT(error(s), HasSubstr("is it \"defect\"?"));
  write_file(folder_.path() + "/m.csv", "path,raw,defect\na.png,a.dng,\n");
  s.truth = "defect";
  EXPECT_THAT(error(s), HasSubstr("m.csv:2: no mask"));
}

TEST_F(RawDataSet, RefusesWhatIsNoCamera) {
  EXPECT_THAT(error(source("standart")), HasSubstr("did you mean \"standard\""));
  EXPECT_THAT(error(source("demosaic menon | tone srgb | set camera.tint 1")),
              HasSubstr("does not have"));
}

}  // namespace
}  // namespace assay::imaging
