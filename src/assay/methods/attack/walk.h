// One picture's attack, written as if it had the model to itself: a coroutine that asks for a point and goes on with the answer.
//
//   Walk bim(const Target& t, …) {
//     for (…) {
//       const Answer here = co_await ask(x, objective);
//       x = t.ball.stepped(x, here.slope, step);
//     }
//   }
//
// Whoever runs several of them (attacked.h) puts their questions into one micro-batch, and drops one when its picture has fallen.
// References handed to a walk must outlive it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "assay/methods/attack/ball.h"
#include "assay/methods/attack/objective.h"

namespace assay::methods {

struct Target {
  Ball ball;
  int channels = 0, height = 0, width = 0;
  int label = 0;
  int goal = -1;              // the class that is to be said; −1: any other than the label
  std::vector<double> clean;  // logits
  std::uint64_t item = 0;     // of the draws
};

struct Query {
  Pixels pixels;
  Objective objective;
  bool with_slope = true;
};
struct Answer {
  std::vector<double> logits;
  double value = 0;          // of the objective
  std::vector<float> slope;  // in the pixels; empty where not asked for
};

class Walk {
 public:
  struct promise_type {
    const Query* query = nullptr;
    Answer answer;
    std::exception_ptr error;

    Walk get_return_object() {
      return Walk(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
  };

  explicit Walk(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Walk(Walk&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Walk& operator=(Walk&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Walk() {
    if (handle_) handle_.destroy();
  }

  // To the next question; null at the end.
  const Query* advance() {
    handle_.promise().query = nullptr;
    handle_.resume();
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return handle_.promise().query;
  }
  void tell(Answer answer) { handle_.promise().answer = std::move(answer); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

class Ask {
 public:
  explicit Ask(Query query) : query_(std::move(query)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<Walk::promise_type> handle) {
    promise_ = &handle.promise();
    promise_->query = &query_;
  }
  Answer await_resume() { return std::move(promise_->answer); }

 private:
  Query query_;
  Walk::promise_type* promise_ = nullptr;
};

// With the slope, or the logits alone.
inline Ask ask(Pixels pixels, const Objective& objective) {
  return Ask({std::move(pixels), objective, true});
}
inline Ask ask(Pixels pixels) { return Ask({std::move(pixels), {}, false}); }

}  // namespace assay::methods
