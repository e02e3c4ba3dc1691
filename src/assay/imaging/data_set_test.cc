#include "assay/imaging/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include "assay/base/file.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/files_test.h"
#include "assay/imaging/overlay.h"

namespace assay::imaging {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class DataSetTest : public testing::Test {
 protected:
  void add(const std::string& path, const std::string& bytes) {
    fs::create_directories(fs::path(folder_ / path).parent_path());
    write_file(folder_ / path, bytes);
  }
  void add_picture(const std::string& path, int side = 4) {
    add(path, encode_png(sample_picture(side, side, 3)));
  }
  DataSet open_images(const Classes& classes, std::int64_t limit = 0, std::uint64_t seed = 1) {
    DataSource source;
    source.images = folder_.path();
    source.limit = limit;
    source.seed = seed;
    return DataSet::open(source, classes);
  }
  DataSet open_manifest(const std::string& text, const Classes& classes) {
    add("m.csv", text);
    DataSource source;
    source.manifest = folder_ / "m.csv";
    return DataSet::open(source, classes);
  }
  std::string manifest_error(const std::string& text, const Classes& classes) {
    const std::string error = error_of([&] { open_manifest(text, classes); });
    // Without the temporary folder's name.
    return error.starts_with(folder_.path()) ? error.substr(folder_.path().size() + 1) : error;
  }
  TemporaryFolder folder_;
};

std::vector<std::string> ids(const DataSet& set) {
  std::vector<std::string> all;
  for (const Row& row : set.rows()) all.push_back(row.id);
  return all;
}
std::vector<int> labels(const DataSet& set) {
  std::vector<int> all;
  for (const Row& row : set.rows()) all.push_back(row.label);
  return all;
}

using ClassFolders = DataSetTest;
using Manifest = DataSetTest;
using IdxSource = DataSetTest;
using Limit = DataSetTest;
using Unlabelled = DataSetTest;

TEST_F(ClassFolders, AreMatchedWithTheModelsLabelsByName) {
  add_picture("dog/b.png");
  add_picture("dog/a.png");
  add_picture("cat/deep/c.PNG");
  add("cat/notes.txt", "not a picture");
  add(".git/x.png", "hidden");
  add_picture("stray.png");
  const DataSet set = open_images({3, {"dog", "bird", "cat"}});
  EXPECT_THAT(ids(set), ElementsAre("cat/deep/c.PNG", "dog/a.png", "dog/b.png"));
  EXPECT_THAT(labels(set), ElementsAre(2, 0, 0));
  EXPECT_THAT(set.class_names(), ElementsAre("dog", "bird", "cat"));
  EXPECT_THAT(set.notes(), Contains(HasSubstr("1 have no folder: bird")));
  EXPECT_THAT(set.notes(), Contains(HasSubstr("for example cat/notes.txt")));
  EXPECT_THAT(set.notes(), Contains(HasSubstr("1 picture outside the class folders ignored")));
  EXPECT_EQ(set.picture(0).width, 4);
}

TEST_F(ClassFolders, AreTakenInByteWiseOrderWhereNoLabelsAreKnown) {
  for (const char* name : {"b", "a", "B"}) add_picture(std::string(name) + "/1.png");
  const DataSet set = open_images({3, {}});
  EXPECT_THAT(ids(set), ElementsAre("B/1.png", "a/1.png", "b/1.png"));
  EXPECT_THAT(labels(set), ElementsAre(0, 1, 2));
  EXPECT_THAT(set.class_names(), ElementsAre("B", "a", "b"));
  EXPECT_THAT(set.notes(), ElementsAre("No labels were given: the folders in byte-wise order were "
                                       "taken as classes 0 to 2 (B, a, b)."));
  EXPECT_EQ(error_of([&] {
              open_images({4, {}});
            }),
            folder_.path() + ": has 3 class folders, the model has 4 classes; give model.labels");
}

TEST_F(ClassFolders, WarnWhereNumbersFallOutOfOrder) {
  for (int i = 0; i < 11; ++i) add_picture(std::to_string(i) + "/1.png");
  const DataSet set = open_images({11, {}});
  EXPECT_THAT(set.notes()[0], HasSubstr("Beware: folder \"10\" became class 2"));
}

TEST_F(ClassFolders, ThatNoLabelNamesAreRefused) {
  add_picture("cat/1.png");
  add_picture("dgo/1.png");
  EXPECT_EQ(error_of([&] {
              open_images({2, {"cat", "dog"}});
            }),
            folder_ / "dgo" + ": no label names this class folder; did you mean \"dog\"?");
  EXPECT_THAT(error_of([&] {
                open_images({3, {"cat", "cat", "dgo"}});
              }),
              HasSubstr("the classes 0 and 1 are both called \"cat\""));
}

TEST_F(ClassFolders, MustHoldPictures) {
  add_picture("cat/1.png");
  add("dog/readme.txt", "none here");
  EXPECT_EQ(error_of([&] {
              open_images({2, {}});
            }),
            folder_ / "dog" + ": class folder without a picture");
  fs::remove_all(folder_ / "dog");
  fs::remove_all(folder_ / "cat");
  EXPECT_THAT(error_of([&] { open_images({2, {}}); }), HasSubstr("has no class folders"));
  fs::remove_all(folder_.path());
  EXPECT_EQ(error_of([&] { open_images({2, {}}); }), folder_.path() + ": no such folder");
}

TEST_F(ClassFolders, WithCircularLinksEnd) {
  add_picture("cat/1.png");
  fs::create_directory_symlink("..", folder_ / "cat/loop");
  EXPECT_THAT(error_of([&] { open_images({1, {}}); }), HasSubstr("do links form a circle?"));
}

TEST_F(ClassFolders, GiveUnreadablePicturesAsRows) {
  add("cat/zero.png", "");
  add("cat/text.jpg", "not a JPEG");
  fs::create_symlink("nowhere", folder_ / "cat/broken.png");
  const DataSet set = open_images({1, {}});
  ASSERT_EQ(set.size(), 3u);
  EXPECT_EQ(error_of([&] { set.picture(0); }), folder_ / "cat/broken.png" + ": no such file");
  EXPECT_THAT(error_of([&] { set.picture(1); }), HasSubstr("text.jpg: is not a JPEG"));
  EXPECT_THAT(error_of([&] { set.row_digest(2); }), HasSubstr("zero.png: is an empty file"));
}

TEST_F(Manifest, GivesLabelsMasksClustersAndGroups) {
  add_picture("a b.png", 5);
  add_picture("sub/c.png");
  add_picture("m.png");
  const DataSet set = open_manifest(
      "\xEF\xBB\xBFpath,label,mask,cluster,line,camera\r\n\"a b.png\",cat,m.png,u1,L1,left\r\n"
      "sub/c.png,1,,u2,L2,\r\n",
      {2, {"cat", "dog"}});
  ASSERT_EQ(set.size(), 2u);
  EXPECT_THAT(set.group_names(), ElementsAre("line", "camera"));
  const Row& a = set.rows()[0];
  EXPECT_EQ(a.id, "a b.png");
  EXPECT_EQ(a.label, 0);
  EXPECT_EQ(a.mask, folder_ / "m.png");
  EXPECT_EQ(a.cluster, "u1");
  EXPECT_THAT(a.groups, ElementsAre("L1", "left"));
  EXPECT_EQ(set.rows()[1].label, 1);
  EXPECT_EQ(set.rows()[1].mask, "");
  EXPECT_THAT(set.rows()[1].groups, ElementsAre("L2", ""));
  EXPECT_EQ(set.picture(0).width, 5);
  EXPECT_EQ(set.row_digest(0), sha256_hex(read_file(folder_ / "a b.png")));
}

TEST_F(Manifest, MasksAreShapesOrPictures) {
  add_picture("a.png");
  Picture mask{4, 4, 1, 8, std::vector<std::uint8_t>(16, 0)};
  mask.bytes[5] = 255;
  add("m.png", encode_png(mask));
  add("small.png", encode_png({1, 1, 1, 8, {255}}));
  add_picture("b.png");
  add_picture("c.png");
  add_picture("d.png");
  const DataSet set = open_manifest(
      "path,label,mask\na.png,0,m.png\nb.png,0,box:0 0 2 1\nc.png,1,\nd.png,1,small.png\n",
      {2, {}});
  EXPECT_EQ(set.mask(0, 4, 4)->marked, (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 1, 0, 0,  //
                                                                  0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(set.mask(1, 4, 4)->marked[1], 1);
  EXPECT_FALSE(set.mask(2, 4, 4));
  EXPECT_THAT(error_of([&] { set.mask(3, 4, 4); }),
              HasSubstr("small.png: the mask has 1 × 1 px, its picture d.png 4 × 4"));
  EXPECT_EQ(set.mask_digest(2), "");
  EXPECT_NE(set.mask_digest(0), set.mask_digest(1));
  const std::string before = set.mask_digest(0);
  mask.bytes[6] = 255;
  add("m.png", encode_png(mask));
  EXPECT_NE(set.mask_digest(0), before);
  EXPECT_THAT(manifest_error("path,label,mask\na.png,0,box:1 2 3\n", {2, {}}),
              HasSubstr("m.csv:2: the mask \"box:1 2 3\" wants box:LEFT TOP RIGHT BOTTOM"));
}

class MaskSources : public DataSetTest {
 protected:
  MaskSources() {
    add_picture("in/a.png");
    add_picture("in/deep/b.png");
    add("m.csv", "path,label,camera\nin/a.png,cat,left\nin/deep/b.png,dog,right\n");
  }
  DataSet open(const std::string& masks, const std::string& annotations = "") {
    DataSource source;
    source.manifest = folder_ / "m.csv";
    if (!masks.empty()) source.masks = folder_ / masks;
    if (!annotations.empty()) {
      add("coco.json", annotations);
      source.annotations = folder_ / "coco.json";
    }
    return DataSet::open(source, {2, {"cat", "dog"}});
  }
  void add_mask(const std::string& name, std::size_t marked) {
    Picture mask{4, 4, 1, 8, std::vector<std::uint8_t>(16, 0)};
    mask.bytes[marked] = 255;
    add(name, encode_png(mask));
  }
  // "....|.##.|…" of the row's mask.
  std::string drawn(const DataSet& set, std::size_t row) {
    std::string text;
    const auto mask = set.mask(row, 4, 4);
    for (std::size_t p = 0; p < 16; ++p) {
      text += mask->marked[p] ? '#' : '.';
      if (p % 4 == 3 && p < 15) text += '|';
    }
    return text;
  }
};

TEST_F(MaskSources, APatternIsFilledIn) {
  add_mask("one.png", 0);
  add_mask("left.png", 1);
  add_mask("right.png", 2);
  add_mask("cat.png", 3);
  add_mask("dog.png", 4);
  add_mask("of/in/a.png", 5);
  add_mask("of/in/deep/b.png", 6);
  add_mask("a_m.png", 7);
  add_mask("b_m.png", 8);
  EXPECT_EQ(drawn(open("one.png"), 1), "#...|....|....|....");
  EXPECT_EQ(drawn(open("{camera}.png"), 1), "..#.|....|....|....");
  EXPECT_EQ(drawn(open("{label}.png"), 0), "...#|....|....|....");
  EXPECT_EQ(drawn(open("of/{path}.png"), 1), "....|..#.|....|....");
  EXPECT_EQ(drawn(open("{stem}_m.png"), 0), "....|...#|....|....");
  EXPECT_THAT(error_of([&] { open("{camara}.png"); }), HasSubstr("did you mean {camera}?"));
  EXPECT_THAT(error_of([&] { open("{camera.png"); }), HasSubstr("without a '}'"));
  EXPECT_THAT(error_of([&] { open("{stem}.png"); }), HasSubstr("for in/a.png"));
  add("m.csv", "path,label,camera\nin/a.png,cat,../in/a\n");
  EXPECT_THAT(error_of([&] { open("{camera}.png"); }), HasSubstr("makes no file name"));
  add("m.csv", "path,label,mask\nin/a.png,cat,box:0 0 1 1\n");
  EXPECT_THAT(error_of([&] { open("one.png"); }), HasSubstr("give masks once"));
}

TEST_F(MaskSources, CocoAnnotationsAreTheUnionOfTheirShapes) {
  const std::string images =
      R"({"images": [{"id": 4, "file_name": "a.png"}, {"id": 5, "file_name": "in/deep/b.png"},
                     {"id": 6, "file_name": "elsewhere.png"}], "annotations": )";
  const auto shape = [](const std::string& what) {
    return R"([{"image_id": 4, )" + what + R"(}, {"image_id": 6, "bbox": [0, 0, 9, 9]}]})";
  };
  const DataSet boxes = open("", images + shape(R"("bbox": [1, 0, 2, 1])"));
  EXPECT_EQ(drawn(boxes, 0), ".##.|....|....|....");
  EXPECT_EQ(drawn(boxes, 1), "....|....|....|....") << "listed without annotations";
  EXPECT_EQ(drawn(open("", images + shape(R"("segmentation": [[0, 0, 2, 0, 2, 2, 0, 2],
                                                               [3, 3, 4, 3, 4, 4, 3, 4]])")),
                  0),
            "##..|##..|....|...#");
  EXPECT_EQ(drawn(open("", images + shape(R"("segmentation": {"size": [4, 4],
                                              "counts": [1, 2, 13]})")),
                  0),
            "....|#...|#...|....");
  // The same as COCO's tools compress it: 1, 2, 13 are '1', '2', '='; 4, 5, 4, 3 with the last one's
  // difference to 5 being −2, 'N'.
  EXPECT_EQ(
      drawn(open("", images + shape(R"("segmentation": {"size": [4, 4], "counts": "12="})")), 0),
      "....|#...|#...|....");
  EXPECT_EQ(
      drawn(open("", images + shape(R"("segmentation": {"size": [4, 4], "counts": "454N"})")), 0),
      ".##.|.#.#|.#.#|.#.#");
}

TEST_F(MaskSources, DamagedAnnotationsAreRefusedWithTheirPlace) {
  const auto error = [&](const std::string& text) { return error_of([&] { open("", text); }); };
  EXPECT_THAT(error("{"), HasSubstr("coco.json: is no JSON"));
  EXPECT_THAT(error("[]"), HasSubstr("no COCO annotations"));
  const std::string head = R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": )";
  EXPECT_THAT(error(head + R"([{"image_id": 2, "bbox": [0, 0, 1, 1]}]})"),
              HasSubstr("annotations[0]: no image has its \"image_id\""));
  EXPECT_THAT(error(head + R"([{"image_id": 1, "bbox": [0, 0, 1]}]})"), HasSubstr("four numbers"));
  EXPECT_THAT(error(head + R"([{"image_id": 1}]})"), HasSubstr("annotations[0]: "));
  EXPECT_THAT(error(head + R"([{"image_id": 1, "segmentation": [[0, 0, "x"]]}]})"),
              HasSubstr("annotations[0]: "));
  EXPECT_THAT(
      error(head +
            R"([{"image_id": 1, "segmentation": {"size": [4, 4], "counts": "PPPPPPPPPPP"}}]})"),
      HasSubstr("damaged run lengths"));
  EXPECT_THAT(error(R"({"images": [{"id": 1, "file_name": "z.png"}], "annotations": []})"),
              HasSubstr("lists none of the data set's pictures"));
}

TEST_F(Manifest, NamesTheLineOfEveryError) {
  add_picture("a.png");
  add_picture("b.png");
  const Classes named{2, {"cat", "dog"}}, counted{2, {}};
  EXPECT_EQ(manifest_error("path,label\na.png,zebra\n", named),
            "m.csv:2: no class is called \"zebra\"");
  EXPECT_EQ(manifest_error("path,label\na.png,cat\n\nb.png,Cat\n", named),
            "m.csv:4: no class is called \"Cat\"; did you mean \"cat\"?");
  EXPECT_EQ(manifest_error("path,label\na.png,2\n", named),
            "m.csv:2: label 2 is not one of the model's 2 classes (0 to 1)");
  EXPECT_THAT(manifest_error("path,label\na.png,-1\n", counted), HasSubstr("m.csv:2: label -1"));
  EXPECT_THAT(manifest_error("path,label\na.png,cat\n", counted),
              HasSubstr("m.csv:2: no class is called \"cat\"; the model's labels are not known"));
  EXPECT_THAT(manifest_error("path,label\na.png,99999999999999999999\n", counted),
              HasSubstr("m.csv:2: no class"));
  EXPECT_EQ(manifest_error("path,label\na.png,0\nc.png,0\n", counted),
            "m.csv:3: no file \"c.png\"");
  EXPECT_EQ(manifest_error("path,label,mask\na.png,0,x.png\n", counted),
            "m.csv:2: no file \"x.png\"");
  EXPECT_EQ(manifest_error("path,label\n.,0\n", counted), "m.csv:2: \".\" is a folder");
  EXPECT_EQ(manifest_error("path,label\na.png,0\na.png,1\n", counted),
            "m.csv:3: \"a.png\" again, first on line 2");
  EXPECT_EQ(manifest_error("path,label\na.png\n", counted),
            "m.csv:2: has 1 fields, the first line 2");
  EXPECT_EQ(manifest_error("path,label\n,0\n", counted), "m.csv:2: no path");
  EXPECT_EQ(manifest_error("path,label\na.png,\n", counted), "m.csv:2: no label");
  EXPECT_EQ(manifest_error("path,label,cluster\na.png,0,\n", counted), "m.csv:2: no cluster");
  EXPECT_THAT(manifest_error("path,lable\na.png,0\n", counted),
              HasSubstr("m.csv:1: no column \"label\"; is it \"lable\"?"));
  EXPECT_EQ(manifest_error("path,label,path\n", counted),
            "m.csv:1: two columns are called \"path\"");
  EXPECT_EQ(manifest_error("path,label,\n", counted), "m.csv:1: column 3 has no name");
  EXPECT_EQ(manifest_error("path,label\n", counted), "m.csv: names no picture");
  EXPECT_EQ(manifest_error("", counted), "m.csv: is empty");
  EXPECT_THAT(manifest_error("path,label\n\"a.png,0\n", counted), HasSubstr("m.csv:2: a quoted"));
}

TEST_F(Manifest, TakesNumbersAsNamesWhereClassesAreCalledByNumbers) {
  add_picture("a.png");
  const Classes reversed{3, {"2", "1", "7"}};
  EXPECT_THAT(labels(open_manifest("path,label\na.png,2\n", reversed)), ElementsAre(0));
  EXPECT_THAT(manifest_error("path,label\na.png,0\n", reversed),
              HasSubstr("no class is called \"0\""));
}

TEST_F(Manifest, OfTheSharedPicturesIsRead) {
  if (!shared_exists()) GTEST_SKIP() << "no shared reference files";
  // Absolute paths are allowed.
  const std::string root = shared_path("data/images/neu_steel/");
  const DataSet set = open_manifest(
      "path,label\n" + fs::absolute(root + "crazing/crazing_6.jpg").string() + ",0\n", {6, {}});
  EXPECT_EQ(set.picture(0).width, 200);
}

std::string idx_images(int count, int side) {
  std::string bytes("\0\0\x08\x03\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  bytes[7] = static_cast<char>(count);
  bytes[11] = bytes[15] = static_cast<char>(side);
  for (int i = 0; i < count * side * side; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST_F(IdxSource, IsRowsOfGreyPictures) {
  add("t-images-idx3-ubyte", idx_images(3, 2));
  add("t-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x03\x01\0\x01", 11));
  DataSource source;
  source.idx = folder_ / "t-images-idx3-ubyte";
  source.idx_labels = folder_ / "t-labels-idx1-ubyte";
  const DataSet set = DataSet::open(source, {2, {}});
  EXPECT_THAT(ids(set), ElementsAre("t-images#0", "t-images#1", "t-images#2"));
  EXPECT_THAT(labels(set), ElementsAre(1, 0, 1));
  const Picture p = set.picture(2);
  EXPECT_EQ(p.channels, 1);
  EXPECT_THAT(p.bytes, ElementsAre(8, 9, 10, 11));
  EXPECT_EQ(set.bytes(1), "\4\5\6\7");
  EXPECT_EQ(error_of([&] {
              DataSet::open(source, {1, {}});
            }),
            source.idx_labels + ": picture 0 has label 1, the model has 1 classes");
  add("t-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02\x01\0", 10));
  EXPECT_EQ(error_of([&] {
              DataSet::open(source, {2, {}});
            }),
            source.idx_labels + ": has 2 labels for 3 pictures");
}

TEST_F(IdxSource, ReadsFashionMnistAsDebianShipsIt) {
  const std::string folder = "/usr/share/datasets/fashion-mnist/";
  DataSource source;
  source.idx = folder + "t10k-images-idx3-ubyte.gz";
  source.idx_labels = folder + "t10k-labels-idx1-ubyte.gz";
  if (!fs::exists(source.idx)) GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
  source.limit = 500;
  const DataSet set = DataSet::open(source, {10, {}});
  EXPECT_EQ(set.found(), 10000u);
  EXPECT_EQ(set.size(), 500u);
  std::vector<int> counts(10);
  for (const Row& row : set.rows()) ++counts[static_cast<std::size_t>(row.label)];
  EXPECT_THAT(counts, testing::Each(50));  // 1,000 of each class
  const Picture p = set.picture(17);
  EXPECT_EQ(p.height, 28);
  EXPECT_GT(*std::max_element(p.bytes.begin(), p.bytes.end()), 100);
  // From several threads at once.
  std::vector<std::string> digests(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { digests[i] = set.row_digest(i % 2); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(digests[0], digests[6]);
  EXPECT_NE(digests[0], digests[1]);
}

TEST_F(Limit, GivesEachClassItsShareAndKeepsTheOrder) {
  for (int i = 0; i < 60; ++i) add("a/" + std::to_string(1000 + i) + ".png", "x");
  for (int i = 0; i < 30; ++i) add("b/" + std::to_string(1000 + i) + ".png", "x");
  for (int i = 0; i < 10; ++i) add("c/" + std::to_string(1000 + i) + ".png", "x");
  const DataSet set = open_images({3, {}}, 20, 7);
  EXPECT_EQ(set.found(), 100u);
  const auto l = labels(set);
  EXPECT_EQ(std::count(l.begin(), l.end(), 0), 12);
  EXPECT_EQ(std::count(l.begin(), l.end(), 1), 6);
  EXPECT_EQ(std::count(l.begin(), l.end(), 2), 2);
  const auto names = ids(set);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(ids(open_images({3, {}}, 20, 7)), names);
  EXPECT_NE(ids(open_images({3, {}}, 20, 8)), names);
  EXPECT_THAT(set.notes().back(), HasSubstr("20 of 100 pictures are used"));
  EXPECT_EQ(open_images({3, {}}, 100).size(), 100u);
  EXPECT_EQ(open_images({3, {}}, 1000).size(), 100u);
  EXPECT_EQ(open_images({3, {}}, 1).size(), 1u);
  EXPECT_THAT(error_of([&] { open_images({3, {}}, -1); }), HasSubstr("data.limit"));
}

TEST_F(Limit, DrawsEveryRowEquallyOften) {
  std::vector<Row> rows(30);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = std::to_string(i);
    rows[i].label = static_cast<int>(i % 10);
  }
  // 5 rows of 10 classes of 3: the classes tie and are drawn by lot, too.
  std::vector<int> drawn(30);
  const int repeats = 3000;
  for (int seed = 0; seed < repeats; ++seed) {
    const auto subset = stratified_subset(rows, 5, static_cast<std::uint64_t>(seed));
    ASSERT_EQ(subset.size(), 5u);
    std::set<int> classes;
    for (const Row& r : subset) {
      ++drawn[static_cast<std::size_t>(std::stoi(r.id))];
      classes.insert(r.label);
    }
    ASSERT_EQ(classes.size(), 5u);
  }
  // Binomial with p = 1/6: 500 ± 20; five standard deviations.
  for (const int n : drawn) EXPECT_NEAR(n, repeats / 6, 5 * 20.4);
}

TEST_F(Unlabelled, FilesAndFoldersAreTakenAsTheyCome) {
  add_picture("f/b.png");
  add_picture("f/sub/a.png");
  add("f/readme.txt", "x");
  add_picture("odd.name");
  add("t10k-images-idx3-ubyte", idx_images(2, 2));
  const DataSet set = DataSet::unlabelled(
      {folder_ / "odd.name", folder_ / "f", folder_ / "t10k-images-idx3-ubyte"});
  EXPECT_THAT(ids(set), ElementsAre(folder_ / "odd.name", folder_ / "f/b.png",
                                    folder_ / "f/sub/a.png", "t10k-images#0", "t10k-images#1"));
  EXPECT_THAT(labels(set), testing::Each(-1));
  EXPECT_EQ(set.picture(0).width, 4);
  EXPECT_EQ(set.picture(4).bytes[0], 4);
  EXPECT_EQ(error_of([&] { DataSet::unlabelled({folder_ / "none.png"}); }),
            folder_ / "none.png" + ": no such file or folder");
  fs::create_directories(folder_ / "empty");
  EXPECT_EQ(error_of([&] { DataSet::unlabelled({folder_ / "empty"}); }),
            folder_ / "empty" + ": folder without a picture");
}

TEST_F(DataSetTest, WantsExactlyOneSource) {
  DataSource none;
  none.where = "audit.yaml:7";
  EXPECT_EQ(error_of([&] {
              DataSet::open(none, {2, {}});
            }),
            "audit.yaml:7: data: give one of images, manifest and idx");
  none.idx = "x";
  EXPECT_EQ(error_of([&] {
              DataSet::open(none, {2, {}});
            }),
            "audit.yaml:7: data: idx and labels belong together");
}

}  // namespace
}  // namespace assay::imaging
