#include "assay/audit/measure.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "assay/audit/keys.h"
#include "assay/imaging/data_set.h"
#include "assay/imaging/digest.h"
#include "assay/imaging/prefetch.h"
#include "assay/imaging/prepare.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::audit {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A check that runs the model, with its units so far.
struct Task {
  const checks::AnyCheck* check = nullptr;
  std::string name;
  std::vector<std::string> keep;   // graph values of the clean pass
  std::vector<RecordRef> records;  // the result, in the order of units
  std::map<std::string, std::vector<std::int64_t>>
      planned;                               // units ever planned, with the others that they read
  std::vector<std::size_t> round;            // indices into `records` of this round
  std::vector<std::vector<std::size_t>> at;  // this round's, by row
  double seconds = 0;
};

struct MissingUnits {
  std::size_t task = 0;
  std::vector<checks::Unit> units;
  std::vector<Key> keys;
};

// One micro-batch as the loading thread hands it over: decoded where something is to be run.
struct Batch {
  checks::Context context;
  std::vector<Key> clean_keys;
  std::vector<char> clean_missing;
  std::vector<MissingUnits> missing;
  bool idle = true;  // everything is stored
};

struct Group {
  std::vector<Batch> batches;
  std::int64_t rows = 0;
};

class Measurer {
 public:
  Measurer(const Plan& plan, const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
           const checks::Subject& subject, Store& store, const MeasureOptions& options,
           RunInfo& run)
      : plan_(plan), subject_(subject), store_(store), options_(options), run_(run) {
    const auto rows = subject.data.size();
    clean_.resize(rows);
    picture_keys_.resize(rows);
    row_keys_.resize(rows);
    readable_.assign(rows, 1);
    subject_key_ = subject_key(subject);
    demand_ = methods::demand_of(subject.classifier);
    for (std::size_t i = 0; i < checks.size(); ++i) {
      if (checks[i]->reads_clean_pass()) continue;
      Task task;
      task.check = checks[i].get();
      task.name = plan.checks[i].name;
      task.keep = kept_by(*task.check);
      tasks_.push_back(std::move(task));
    }
  }

  Measured run() {
    for (int round = 0; plan_round(round) || round == 0; ++round) {
      std::vector<std::int64_t> starts = groups(round);
      pass(starts, round == 0 ? "pictures" : "round " + std::to_string(round + 1));
      if (round == 0) refuse_all_unreadable();
      for (auto& task : tasks_) drop_unreadable(task);
    }
    return result();
  }

 private:
  std::int64_t micro() const { return subject_.classifier.micro_batch(); }
  std::int64_t group_rows() const {
    return std::max<std::int64_t>(1, (options_.batch + micro() - 1) / micro()) * micro();
  }

  // Asks every check for its next units; true when there are any.
  bool plan_round(int round) {
    bool any = false;
    for (auto& task : tasks_) {
      task.round.clear();
      task.at.assign(subject_.data.size(), {});
      std::vector<checks::StoredRecord> so_far;
      for (const auto& ref : task.records)
        so_far.push_back({{ref.unit, ref.row}, store_.find(ref.key).value()});
      for (const auto& unit : task.check->units(subject_, so_far)) {
        refuse_unreadable_others(unit, round);
        if (!is_row(unit.row)) throw BugError("a unit reads a row that does not exist");
        if (!readable_[unit.row] || !task.planned.emplace(unit.key, unit.others).second) continue;
        task.at[unit.row].push_back(task.records.size());
        task.round.push_back(task.records.size());
        task.records.push_back({unit.key, unit.row, {}});
        any = true;
      }
    }
    return any;
  }

  bool is_row(std::int64_t row) const {
    return row >= 0 && row < static_cast<std::int64_t>(subject_.data.size());
  }

  // Which pictures can be read is known after the first round only.
  void refuse_unreadable_others(const checks::Unit& unit, int round) const {
    for (const auto other : unit.others)
      if (round == 0 || !is_row(other) || !readable_[other])
        throw BugError("a unit reads another row that is not known to be readable");
  }

  // First rows of the groups that have work: all of them in the first round.
  std::vector<std::int64_t> groups(int round) const {
    std::vector<std::int64_t> starts;
    const auto rows = static_cast<std::int64_t>(subject_.data.size());
    for (std::int64_t start = 0; start < rows; start += group_rows()) {
      bool work = round == 0;
      for (const auto& task : tasks_)
        for (auto row = start; !work && row < std::min(rows, start + group_rows()); ++row)
          work = !task.at[row].empty();
      if (work) starts.push_back(start);
    }
    return starts;
  }

  Group load(std::int64_t start) {
    Group group;
    const auto rows = static_cast<std::int64_t>(subject_.data.size());
    const auto end = std::min(rows, start + group_rows());
    for (auto first = start; first < end; first += micro())
      group.batches.push_back(load_batch(first, std::min(end, first + micro())));
    group.rows = end - start;
    return group;
  }

  Batch load_batch(std::int64_t first, std::int64_t end) {
    Batch batch;
    auto& context = batch.context;
    std::vector<std::string> bytes(end - first);
    for (auto row = first; row < end; ++row) {
      context.rows.push_back(row);
      load_clean(row, bytes[row - first], batch);
    }
    find_missing(batch);
    batch.idle = batch.missing.empty() &&
                 std::none_of(batch.clean_missing.begin(), batch.clean_missing.end(),
                              [](char missing) { return missing; });
    context.pictures.resize(context.rows.size());
    if (batch.idle) return batch;
    const auto& input = subject_.classifier.input();
    for (std::size_t s = 0; s < context.rows.size(); ++s) {
      checks::CleanRecord& clean = context.clean[s];
      if (!clean.readable()) continue;
      try {
        const imaging::DecodeOptions how{input.upright, input.channels == Channels::kGray};
        context.pictures[s] = subject_.data.picture(context.rows[s], bytes[s], how);
        imaging::prepared_size(context.pictures[s], clean.id, input, demand_);
      } catch (const InputError& e) {
        unreadable(e.what(), clean);
        readable_[context.rows[s]] = 0;
      }
    }
    return batch;
  }

  void load_clean(std::int64_t row, std::string& bytes, Batch& batch) {
    const imaging::Row& source = subject_.data.rows()[row];
    checks::CleanRecord clean;
    clean.row = row;
    clean.id = source.id;
    clean.label = source.label;
    clean.cluster = source.cluster;
    std::string content;
    try {
      bytes = subject_.data.bytes(row);
      content = subject_.data.content_digest(static_cast<std::size_t>(row), bytes);
    } catch (const InputError& e) {
      unreadable(e.what(), clean);
      content = "unreadable: " + clean.problem;
    }
    picture_keys_[row] = picture_key(source, content);
    row_keys_[row] = row_key(picture_keys_[row], mask_content(row), source.groups);
    clean_[row] = {clean.id, row, clean_key(subject_key_, picture_keys_[row])};
    const auto stored = store_.find(clean_[row].key);
    if (stored) {
      clean = from_bytes<checks::CleanRecord>(*stored);
      clean.row = row;
      if (!clean.readable() && plan_.data.stop_on_error) throw InputError("", clean.problem);
    }
    readable_[row] = clean.readable();
    batch.clean_keys.push_back(clean_[row].key);
    batch.clean_missing.push_back(!stored);
    batch.context.clean.push_back(std::move(clean));
  }

  // A mask that cannot be read is no reason to leave the picture out: who needs it will say so.
  std::string mask_content(std::int64_t row) const {
    try {
      return subject_.data.mask_digest(row);
    } catch (const InputError& e) {
      return std::string("unreadable: ") + e.what();
    }
  }

  void unreadable(const std::string& why, checks::CleanRecord& clean) const {
    if (plan_.data.stop_on_error) throw InputError("", why);
    clean.problem = why;
    clean.logits.clear();
  }

  void find_missing(Batch& batch) {
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      Task& task = tasks_[t];
      MissingUnits missing{t, {}, {}};
      for (const auto row : batch.context.rows) {
        if (!readable_[row]) continue;
        for (const auto index : task.at[row]) {
          RecordRef& ref = task.records[index];
          const auto& others = task.planned.at(ref.unit);
          std::vector<Key> rows{row_keys_[row]};
          for (const auto other : others) rows.push_back(row_keys_[other]);
          ref.key = unit_key(subject_key_, rows, *task.check, ref.unit, subject_.facts.seed);
          if (store_.contains(ref.key)) {
            ++reused_;
          } else {
            missing.units.push_back({ref.unit, row, others});
            missing.keys.push_back(ref.key);
          }
        }
      }
      if (!missing.units.empty()) batch.missing.push_back(std::move(missing));
    }
  }

  void pass(const std::vector<std::int64_t>& starts, const std::string& phase) {
    const std::size_t threads = std::max(1, options_.threads);
    imaging::Prefetcher<Group> loaded(starts.size(), {.depth = threads + 1, .threads = 1},
                                      [&](std::size_t i) { return load(starts[i]); });
    std::mutex take, tell;
    std::atomic<bool> stop{false};
    std::exception_ptr failure;
    Progress progress{phase, 0, 0};
    progress.total = static_cast<std::int64_t>(starts.size()) * group_rows();
    progress.total = std::min<std::int64_t>(progress.total, subject_.data.size());
    const auto work = [&] {
      network::enter_kernel_thread();
      try {
        while (!stop) {
          std::optional<imaging::Prefetcher<Group>::Item> item;
          {
            const std::lock_guard lock(take);
            item = loaded.next();
          }
          if (!item) return;
          Group& group = item->get();
          measure_group(group);
          const std::lock_guard lock(tell);
          progress.done += group.rows;
          if (options_.progress) options_.progress(progress);
        }
      } catch (...) {
        const std::lock_guard lock(tell);
        if (!failure) failure = std::current_exception();
        stop = true;
      }
    };
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(work);
    for (auto& worker : workers) worker.join();
    if (failure) std::rethrow_exception(failure);
  }

  void measure_group(Group& group) {
    std::vector<KeyedRecord> records;
    for (auto& batch : group.batches)
      if (!batch.idle) measure_batch(batch, records);
    store_.put(records);
    const std::lock_guard lock(count_);
    run_.records_measured += static_cast<std::int64_t>(records.size());
  }

  void measure_batch(Batch& batch, std::vector<KeyedRecord>& records) {
    auto& context = batch.context;
    // A picture that turned out unreadable while decoding has no units.
    for (auto& missing : batch.missing)
      for (std::size_t i = missing.units.size(); i-- > 0;)
        if (!readable_[missing.units[i].row]) {
          missing.units.erase(missing.units.begin() + static_cast<std::ptrdiff_t>(i));
          missing.keys.erase(missing.keys.begin() + static_cast<std::ptrdiff_t>(i));
        }
    const bool any_readable = std::any_of(context.clean.begin(), context.clean.end(),
                                          [](const auto& c) { return c.readable(); });
    if (any_readable) run_clean_pass(batch);
    for (std::size_t s = 0; s < context.rows.size(); ++s)
      if (batch.clean_missing[s])
        records.push_back(
            {batch.clean_keys[s], "clean", context.clean[s].id, to_bytes(context.clean[s])});
    for (const auto& missing : batch.missing) {
      if (missing.units.empty()) continue;
      Task& task = tasks_[missing.task];
      const auto start = Clock::now();
      auto bytes = task.check->measure(subject_, missing.units, context);
      for (std::size_t i = 0; i < bytes.size(); ++i)
        records.push_back({missing.keys[i], task.name, missing.units[i].key, std::move(bytes[i])});
      const std::lock_guard lock(count_);
      task.seconds += seconds_since(start);
    }
  }

  // Asked before the first picture: what a check cannot have (a layer of an opaque model, masks) is
  // refused by the check's name.
  std::vector<std::string> kept_by(const checks::AnyCheck& check) const {
    try {
      return check.keep(subject_);
    } catch (const InputError& error) {
      throw InputError("checks." + std::string(check.info().name), error.what());
    }
  }

  void run_clean_pass(Batch& batch) {
    const auto start = Clock::now();
    auto& context = batch.context;
    context.input = std::make_shared<const at::Tensor>(input_tensor(context));
    std::vector<std::string> keep;
    for (const auto& missing : batch.missing)
      for (const auto& name : tasks_[missing.task].keep)
        if (std::find(keep.begin(), keep.end(), name) == keep.end()) keep.push_back(name);
    // Later rounds, and checks that were added, have the logits in the store.
    if (keep.empty() && std::none_of(batch.clean_missing.begin(), batch.clean_missing.end(),
                                     [](char missing) { return missing; }))
      return;
    network::Pass pass = subject_.classifier.forward(*context.input, keep);
    for (auto& [name, value] : pass.values)
      context.values[name] = std::make_shared<const at::Tensor>(std::move(value));
    const at::Tensor logits = pass.logits.contiguous();
    const auto classes = logits.size(1);
    for (std::size_t s = 0; s < context.rows.size(); ++s) {
      if (!context.clean[s].readable()) continue;
      if (!batch.clean_missing[s]) continue;
      const float* z = logits.data_ptr<float>() + static_cast<std::int64_t>(s) * classes;
      context.clean[s].logits.assign(z, z + classes);
    }
    const std::lock_guard lock(count_);
    clean_seconds_ += seconds_since(start);
  }

  at::Tensor input_tensor(const checks::Context& context) const {
    std::vector<methods::Slot> slots(context.rows.size());
    for (std::size_t s = 0; s < slots.size(); ++s)
      if (context.clean[s].readable()) slots[s] = {&context.pictures[s], context.clean[s].id};
    return methods::input_tensor(subject_.classifier, subject_.classifier.input(), slots);
  }

  void drop_unreadable(Task& task) {
    std::erase_if(task.records, [&](const RecordRef& ref) { return !readable_[ref.row]; });
  }

  void refuse_all_unreadable() const {
    if (clean_.empty()) throw InputError(plan_.data_as_written, "holds no picture");
    if (std::any_of(readable_.begin(), readable_.end(), [](char r) { return r; })) return;
    const auto first = from_bytes<checks::CleanRecord>(store_.find(clean_.front().key).value());
    throw InputError(plan_.data_as_written,
                     "none of the " + std::to_string(clean_.size()) +
                         " pictures could be read, the first: " + first.problem);
  }

  Measured result() {
    Measured measured;
    measured.clean = std::move(clean_);
    std::string all;
    for (const auto& key : row_keys_) all += key;
    measured.data_digest = imaging::sha256_hex(all);
    measured.unreadable = std::count(readable_.begin(), readable_.end(), 0);
    run_.check_seconds.emplace_back("clean pass", clean_seconds_);
    run_.records_reused += reused_;
    for (auto& task : tasks_) {
      run_.check_seconds.emplace_back(task.name, task.seconds);
      measured.measurements.push_back({task.name, std::string(task.check->info().name),
                                       task.check->info().version, task.check->measuring_config(),
                                       std::move(task.records)});
    }
    return measured;
  }

  const Plan& plan_;
  const checks::Subject& subject_;
  Store& store_;
  const MeasureOptions& options_;
  RunInfo& run_;
  imaging::ModelDemand demand_;
  Key subject_key_;
  std::vector<Task> tasks_;
  std::vector<RecordRef> clean_;
  std::vector<Key> picture_keys_, row_keys_;
  std::vector<char> readable_;  // char: rows are written by the loading thread one by one
  std::mutex count_;            // guards run_, seconds
  double clean_seconds_ = 0;
  std::int64_t reused_ = 0;  // loading thread only
};

}  // namespace

Measured measure(const Plan& plan, const std::vector<std::unique_ptr<checks::AnyCheck>>& checks,
                 const checks::Subject& subject, Store& store, const MeasureOptions& options,
                 RunInfo& run) {
  return Measurer(plan, checks, subject, store, options, run).run();
}

}  // namespace assay::audit
