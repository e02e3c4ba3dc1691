// The one shape of a check, and the wrapper that lets the runner treat all checks alike.
//
// A check is a struct of static members:
//
//   static constexpr CheckInfo kInfo{…};
//   struct Params;  static constexpr auto fields();      // base/field.h
//   struct Record;                                       // plain data with archive(); base/archive.h
//   struct Result;                                       // plain data
//   static Result summarise(std::span<const Record>, const Params&, const Facts&);   // pure
//   static std::vector<Finding> findings(const Result&);
//   static Section present(const Result&);
//
// A check that runs the model adds
//
//   static std::vector<Unit> units(const Subject&, const Params&, std::span<const Record> so_far);
//   static std::vector<Record> measure(const Subject&, const Params&, std::span<const Unit>,
//                                      const Context&);
//   static Cost cost(const Params&, std::string_view unit);  // of the unit with this key, in
//                                                            // forwards and backwards of one image
//   static std::vector<std::string> keep(const Subject&, const Params&);  // optional: graph values
//                                                                         // of the clean pass
//
// and one whose `Record` is CleanRecord has none of these: it reads the stored clean pass and
// nothing else.
//
// Rules: `measure` is the only function that runs the model, keeps nothing, and gives one record a
// unit, in order. What a record may depend on is its unit's rows, so a unit that reads more pictures
// than its own names them. `units` is asked again after each round with all records so far; an empty answer
// ends the check. Units that read an unreadable picture are never measured and must not be waited
// for. `summarise` sees records in the order of units.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/base/archive.h"
#include "assay/base/estimate.h"
#include "assay/base/field.h"
#include "assay/base/outcome.h"
#include "assay/base/section.h"
#include "assay/checks/other_models.h"

namespace at {
class Tensor;
}
namespace assay::network {
class Classifier;
}
namespace assay::imaging {
class DataSet;
struct Picture;
}  // namespace assay::imaging

namespace assay::checks {

// What a check asks of the model besides its logits.
enum class Needs {
  kLogits,
  kGradients,  // of the logits with respect to values inside
  kLayer,      // a 4-D value with extent, and gradients
};

struct CheckInfo {
  std::string_view name;      // the key in audit.yaml, [a-z_-]+
  std::string_view question;  // one sentence, ends in "?"
  std::string_view source;    // key in docs/references.bib
  Needs needs = Needs::kLogits;
  int version = 1;  // raised when measure() changes what it records: stored records of older ones
                    // are not used
};

// A column with more values is a measurement, not a grouping.
inline constexpr std::size_t kMostGroups = 100;

// One of the data set's group columns ("line", "camera") with the values that its rows have.
struct Grouping {
  std::string column;
  std::vector<std::string> values;  // each once, sorted
  template <class A>
  void archive(A& a) {
    a(column, values);
  }
};

// What is known of the audit without the model: enough to summarise stored records.
struct Facts {
  std::vector<std::string> labels;  // class names, one a class
  std::uint64_t seed = 0;
  std::vector<Grouping> groupings = {};  // columns of at most kMostGroups values
};

struct Unit {
  std::string key;       // unique in the check
  std::int64_t row = 0;  // of the data set: the picture that measure() reads
  // Rows that it reads besides, in an order of its own; readable ones, so only in rounds after the
  // first.
  std::vector<std::int64_t> others = {};
};

// The clean pass over one row of the data set; unreadable pictures are rows too.
struct CleanRecord {
  std::int64_t row = 0;  // set by the runner, not stored
  std::string id;        // the row's name: its path as the data set gives it
  int label = -1;        // -1: unlabelled
  std::string cluster;   // rows of one cluster are not independent; empty: a cluster of its own
  std::string problem;   // why the picture could not be read; empty: it could
  std::vector<float> logits;  // [classes]; empty when unreadable; may be non-finite

  bool readable() const { return problem.empty(); }
  template <class A>
  void archive(A& a) {
    a(id, label, cluster, problem, logits);
  }
};

// What the model is audited on. Shared by all threads, never changed.
struct Subject {
  const network::Classifier& classifier;
  const imaging::DataSet& data;
  Facts facts;
  std::shared_ptr<OtherModels> others = std::make_shared<OtherModels>();
};

// One micro-batch: decoded pictures, their input tensor and the clean pass, shared by all checks.
// Slot s holds row rows[s]; slots of unreadable pictures hold zeros.
struct Context {
  std::vector<std::int64_t> rows;
  std::vector<imaging::Picture> pictures;   // [rows]
  std::vector<CleanRecord> clean;           // [rows]
  std::shared_ptr<const at::Tensor> input;  // [micro_batch, …]; rows.size() slots are in use
  std::map<std::string, std::shared_ptr<const at::Tensor>>
      values;  // the kept ones, [micro_batch, …]

  std::size_t slot(std::int64_t row) const;  // BugError when the row is not here
};

template <class C>
concept Check = requires(std::span<const typename C::Record> records,
                         const typename C::Params& params, const typename C::Result& result,
                         const Facts& facts) {
  { C::kInfo } -> std::convertible_to<CheckInfo>;
  C::fields();
  { C::summarise(records, params, facts) } -> std::same_as<typename C::Result>;
  { C::findings(result) } -> std::same_as<std::vector<Finding>>;
  { C::present(result) } -> std::same_as<Section>;
};

template <class C>
concept MeasuringCheck = Check<C> && !std::same_as<typename C::Record, CleanRecord> &&
                         requires(const Subject& subject, const typename C::Params& params,
                                  std::span<const typename C::Record> so_far,
                                  std::span<const Unit> units, const Context& context) {
  { C::units(subject, params, so_far) } -> std::same_as<std::vector<Unit>>;
  { C::measure(subject, params, units, context) } -> std::same_as<std::vector<typename C::Record>>;
  { C::cost(params, std::string_view()) } -> std::same_as<Cost>;
};

// A record as the store holds it, with the unit that it answers.
struct StoredRecord {
  Unit unit;
  std::string bytes;
};

struct Conclusion {
  std::vector<Finding> findings;
  Section section;
};

// A configured check, whatever its type.
class AnyCheck {
 public:
  virtual ~AnyCheck() = default;
  virtual CheckInfo info() const = 0;
  virtual std::vector<std::pair<std::string, FieldValue>> config() const = 0;
  // The measuring parameters as one text: part of every record's key.
  virtual std::string measuring_config() const = 0;
  virtual bool reads_clean_pass()
      const = 0;  // true: the members below up to measure() are not to be called
  virtual Cost cost(std::string_view unit) const = 0;
  virtual std::vector<std::string> keep(const Subject& subject) const = 0;
  virtual std::vector<Unit> units(const Subject& subject,
                                  std::span<const StoredRecord> so_far) const = 0;
  virtual std::vector<std::string> measure(const Subject& subject, std::span<const Unit> units,
                                           const Context& context) const = 0;
  // Over the check's own records, or the clean pass's where reads_clean_pass().
  virtual Conclusion conclude(std::span<const StoredRecord> records, const Facts& facts) const = 0;
};

template <Check C>
class Configured final : public AnyCheck {
 public:
  explicit Configured(const Settings& settings) : params_(params_of<C>(settings)) {}

  CheckInfo info() const override { return C::kInfo; }

  std::vector<std::pair<std::string, FieldValue>> config() const override {
    std::vector<std::pair<std::string, FieldValue>> all;
    for (const auto& f : field_infos<C>()) all.emplace_back(f.name, get_field<C>(params_, f.name));
    return all;
  }

  std::string measuring_config() const override {
    std::string text;
    for (const auto& f : field_infos<C>())
      if (f.stage == Stage::kMeasuring)
        text += f.name + "=" + to_text(get_field<C>(params_, f.name)) + "\n";
    return text;
  }

  bool reads_clean_pass() const override { return !MeasuringCheck<C>; }

  Cost cost([[maybe_unused]] std::string_view unit) const override {
    if constexpr (MeasuringCheck<C>)
      return C::cost(params_, unit);
    else
      return {};
  }

  std::vector<std::string> keep([[maybe_unused]] const Subject& subject) const override {
    if constexpr (requires { C::keep(subject, params_); })
      return C::keep(subject, params_);
    else
      return {};
  }

  std::vector<Unit> units([[maybe_unused]] const Subject& subject,
                          [[maybe_unused]] std::span<const StoredRecord> so_far) const override {
    if constexpr (MeasuringCheck<C>)
      return C::units(subject, params_, read(so_far));
    else
      throw BugError("a check of the clean pass has no units");
  }

  std::vector<std::string> measure([[maybe_unused]] const Subject& subject,
                                   [[maybe_unused]] std::span<const Unit> units,
                                   [[maybe_unused]] const Context& context) const override {
    if constexpr (MeasuringCheck<C>) {
      const auto records = C::measure(subject, params_, units, context);
      if (records.size() != units.size())
        throw BugError(std::string(C::kInfo.name) + ": one record a unit was promised");
      std::vector<std::string> bytes;
      for (const auto& record : records) bytes.push_back(to_bytes(record));
      return bytes;
    } else {
      throw BugError("a check of the clean pass measures nothing");
    }
  }

  Conclusion conclude(std::span<const StoredRecord> records, const Facts& facts) const override {
    const auto result = C::summarise(read(records), params_, facts);
    return {C::findings(result), C::present(result)};
  }

 private:
  static std::vector<typename C::Record> read(std::span<const StoredRecord> stored) {
    std::vector<typename C::Record> records;
    records.reserve(stored.size());
    for (const auto& s : stored) {
      records.push_back(from_bytes<typename C::Record>(s.bytes));
      if constexpr (requires { records.back().row = s.unit.row; }) records.back().row = s.unit.row;
    }
    return records;
  }

  typename C::Params params_;
};

}  // namespace assay::checks
