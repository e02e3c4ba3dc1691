#include "assay/cli/program_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include "assay/base/seed.h"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

std::string slurp(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

std::string little_endian(std::uint32_t v) {
  std::string bytes = big_endian(v);
  return {bytes[3], bytes[2], bytes[1], bytes[0]};
}

// Blobs of different place and size: not clothes, but pictures that the network answers
// differently.
std::string pixels(int seed) {
  Stream stream(static_cast<std::uint64_t>(seed), "test picture");
  const double x0 = 6 + 16 * stream.uniform(), y0 = 6 + 16 * stream.uniform();
  const double wide = 3 + 8 * stream.uniform(), high = 3 + 8 * stream.uniform();
  std::string bytes;
  for (int y = 0; y < 28; ++y)
    for (int x = 0; x < 28; ++x) {
      const bool inside = std::abs(x - x0) < wide && std::abs(y - y0) < high;
      bytes += static_cast<char>(inside ? 120 + stream.below(120) : stream.below(20));
    }
  return bytes;
}

}  // namespace

Ran assay(const std::vector<std::string>& arguments, std::chrono::milliseconds kill_after) {
  const fs::path base = fs::temp_directory_path() / ("assay-out-" + std::to_string(getpid()));
  const std::string out = base.string() + ".out", err = base.string() + ".err";
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_RDONLY);
    const int o = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int e = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(null, 0);
    dup2(o, 1);
    dup2(e, 2);
    std::vector<char*> argv;
    std::string program = ASSAY_BINARY_DIR "/assay";
    argv.push_back(program.data());
    std::vector<std::string> copies = arguments;
    for (auto& a : copies) argv.push_back(a.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  if (kill_after.count() > 0) {
    std::this_thread::sleep_for(kill_after);
    kill(child, SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Ran ran;
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.out = slurp(out);
  ran.err = slurp(err);
  fs::remove(out);
  fs::remove(err);
  return ran;
}

std::string fashion_model() { return ASSAY_SOURCE_DIR "/examples/fashion/fashion.onnx"; }

ProgramTest::ProgramTest()
    : folder_(fs::temp_directory_path() / ("assay-program-" + std::to_string(getpid()))) {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
}

ProgramTest::~ProgramTest() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string ProgramTest::write(const std::string& name, const std::string& bytes) const {
  fs::create_directories((folder_ / name).parent_path());
  std::ofstream(path(name), std::ios::binary) << bytes;
  return path(name);
}

std::string ProgramTest::read(const std::string& name) const { return slurp(path(name)); }

void ProgramTest::write_idx(int count) const {
  std::string images = big_endian(0x803) + big_endian(count) + big_endian(28) + big_endian(28);
  std::string labels = big_endian(0x801) + big_endian(count);
  for (int i = 0; i < count; ++i) {
    images += pixels(i);
    labels += static_cast<char>(i % 10);
  }
  write("images-idx3-ubyte", images);
  write("labels-idx1-ubyte", labels);
}

std::string bmp(int seed) {
  constexpr std::uint32_t kRow = 28 * 3, kSize = 54 + kRow * 28;
  std::string bytes = "BM" + little_endian(kSize) + little_endian(0) + little_endian(54) +
                      little_endian(40) + little_endian(28) + little_endian(28) +
                      little_endian(1 | 24 << 16) + little_endian(0) + little_endian(kRow * 28) +
                      std::string(16, '\0');
  const std::string grey = pixels(seed);
  for (int y = 27; y >= 0; --y)
    for (int x = 0; x < 28; ++x) bytes.append(3, grey[static_cast<std::size_t>(y * 28 + x)]);
  return bytes;
}

void ProgramTest::write_folders(int each) const {
  for (int k = 0; k < 10; ++k)
    for (int i = 0; i < each; ++i)
      write("val/" + std::to_string(k) + "/" + std::to_string(i) + ".bmp", bmp(k * 100 + i));
}

void ProgramTest::write_plan(const std::string& checks, const std::string& data) const {
  write("audit.yaml",
        "assay: 1\nmodel: {file: " + fashion_model() +
            ", input: {channels: gray, mean: 0.2860, std: 0.3530}}\ndata: " +
            (data.empty() ? "{idx: images-idx3-ubyte, labels: labels-idx1-ubyte}" : data) +
            "\nchecks:\n" + checks);
}

}  // namespace assay::cli
