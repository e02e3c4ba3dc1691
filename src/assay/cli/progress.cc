#include "assay/cli/progress.h"

#include <unistd.h>

#include <cstdio>

namespace assay::cli {

using Clock = std::chrono::steady_clock;

ProgressLine::ProgressLine(const Global& global)
    : shown_(!global.quiet && isatty(STDERR_FILENO)), start_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::operator()(const audit::Progress& progress) {
  if (!shown_ || progress.total <= 0) return;
  const auto now = Clock::now();
  if (progress.phase != phase_) {
    phase_ = progress.phase;
    start_ = now;
  }
  if (drawn_ && progress.done < progress.total && now - last_ < std::chrono::milliseconds(100))
    return;
  last_ = now;
  drawn_ = true;
  constexpr int kWidth = 30;
  const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
  std::string bar(kWidth, ' ');
  for (int i = 0; i < static_cast<int>(share * kWidth); ++i) bar[static_cast<std::size_t>(i)] = '=';
  std::fprintf(stderr, "\r\033[K%s [%s] %lld/%lld  %.0f/s  %.0f s left", phase_.c_str(),
               bar.c_str(), static_cast<long long>(progress.done),
               static_cast<long long>(progress.total), rate,
               rate > 0 ? static_cast<double>(progress.total - progress.done) / rate : 0.0);
  std::fflush(stderr);
}

}  // namespace assay::cli
