#include "assay/audit/audit.h"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <set>

#include "assay/audit/camera_file.h"
#include "assay/audit/conclude.h"
#include "assay/audit/description.h"
#include "assay/audit/exhibits.h"
#include "assay/base/archive.h"
#include "assay/base/file.h"
#include "assay/imaging/data_set.h"
#include "assay/methods/batch.h"
#include "assay/network/classifier.h"
#include "assay/network/pass.h"
#include "assay/network/torch.h"

namespace assay::audit {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStoreFile = "records.sqlite";
constexpr double kTypicalRecordBytes = 500;  // a map of 7 × 7 with its names

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

imaging::DataSet open_data(const Plan& plan, int classes) {
  imaging::DataSource source;
  source.images = plan.data.images;
  source.manifest = plan.data.manifest;
  source.idx = plan.data.idx;
  source.idx_labels = plan.data.idx_labels;
  source.masks = plan.data.masks;
  source.annotations = plan.data.annotations;
  source.truth = plan.data.truth;
  source.camera = plan.data.camera;
  source.read_sensor = read_sensor;
  source.limit = plan.data.limit;
  source.seed = plan.seed;
  source.where = plan.file;
  return imaging::DataSet::open(source, {classes, plan.labels});
}

network::Classifier open_model(const Plan& plan) {
  network::configure_numerics();
  return network::Classifier::open(plan.model, plan.input, plan.output, plan.labels, plan.reading);
}

checks::Facts facts_of(const Plan& plan, const network::Classifier& classifier,
                       const imaging::DataSet& data) {
  checks::Facts facts;
  facts.seed = plan.seed;
  facts.labels = data.class_names().empty() ? classifier.labels() : data.class_names();
  for (std::size_t g = 0; g < data.group_names().size(); ++g) {
    std::set<std::string> values;
    for (const imaging::Row& row : data.rows()) {
      values.insert(row.groups[g]);
      if (values.size() > checks::kMostGroups) break;
    }
    if (values.size() <= checks::kMostGroups)
      facts.groupings.push_back({data.group_names()[g], {values.begin(), values.end()}});
  }
  return facts;
}

// What a model cannot give is said before the first picture is read.
void refuse_unable(const Plan& plan, const network::Classifier& classifier) {
  if (classifier.reading() != network::Reading::kOpaque) return;
  for (const auto& planned : plan.checks)
    if (planned.entry->info.needs != checks::Needs::kLogits)
      throw InputError(planned.where,
                       "checks." + planned.name +
                           " needs gradients inside the model, which one that is run as a black "
                           "box (opaque: true) does not give");
}

void make_directory(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw InputError(directory, "cannot be made: " + error.message());
  if (!fs::is_directory(directory)) throw InputError(directory, "is not a folder");
}

std::string in(const std::string& directory, const char* name) {
  return (fs::path(directory) / name).string();
}

}  // namespace

Opened open(const Plan& plan) {
  network::Classifier classifier = open_model(plan);
  imaging::DataSet data = open_data(plan, classifier.classes());
  return {std::move(classifier), std::move(data)};
}

Audited run(const Plan& plan, const std::string& directory, const MeasureOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Audited done;
  done.run.started = utc_now();
  done.run.threads = options.threads;
  done.run.batch = options.batch;

  const network::Classifier classifier = open_model(plan);
  const imaging::DataSet data = open_data(plan, classifier.classes());
  const checks::Subject subject{classifier, data, facts_of(plan, classifier, data)};
  const auto checks = configure(plan);
  refuse_unable(plan, classifier);
  refuse_unknown_findings(plan, checks, subject.facts);
  make_directory(directory);
  Store store(in(directory, kStoreFile), Store::Mode::kCreate);

  const std::uint64_t before = classifier.fingerprint();
  const std::int64_t run_before = classifier.pictures_run();
  Measured measured = measure(plan, checks, subject, store, options, done.run);
  done.run.forwards_run = classifier.pictures_run() - run_before;
  if (classifier.fingerprint() != before)
    throw BugError("a check changed the audited model, so nothing that was measured counts");
  Outline outline;
  outline.plan_subject = plan_subject(plan);
  outline.model.file = plan.model_as_written;
  outline.model.sha256 = classifier.sha256();
  outline.model.labels = subject.facts.labels;
  for (const auto& [key, value] : describe(classifier.input()))
    outline.model.description.emplace_back("input." + key, value);
  for (const auto& [key, value] : describe(classifier.output()))
    outline.model.description.emplace_back("output." + key, value);
  outline.model.numerics = network::numerics_version();
  outline.data = {plan.data_as_written,
                  measured.data_digest,
                  static_cast<std::int64_t>(data.found()),
                  static_cast<std::int64_t>(data.size()),
                  measured.unreadable,
                  data.notes()};
  outline.facts = subject.facts;
  outline.clean = std::move(measured.clean);
  outline.measurements = std::move(measured.measurements);
  outline.plan_file = fs::absolute(plan.file).lexically_normal().string();
  outline.plan_text = plan.text;
  store.set_outline(to_bytes(outline));

  done.outcome = conclude(plan, checks, outline, store);
  write_exhibits(done.outcome, &data, directory);
  done.run.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return done;
}

Audited judge(const std::string& directory, const std::string& plan_file,
              std::optional<std::uint64_t> seed) {
  const auto start = std::chrono::steady_clock::now();
  if (!fs::exists(in(directory, kStoreFile)))
    throw InputError(directory, "holds no records.sqlite; `assay run` makes one");
  Store store(in(directory, kStoreFile), Store::Mode::kExisting);
  const auto bytes = store.outline();
  if (!bytes) throw InputError(directory, "holds no finished run; finish it with `assay run`");
  const auto outline = from_bytes<Outline>(*bytes);

  Plan plan =
      plan_file.empty() ? parse_plan(outline.plan_text, outline.plan_file) : read_plan(plan_file);
  if (plan_file.empty()) plan.seed = outline.facts.seed;
  if (seed) plan.seed = *seed;
  if (plan_subject(plan) != outline.plan_subject)
    throw InputError(plan.file,
                     "names another model, data set or description than the stored run; judging "
                     "takes changes of requirements and summarising parameters only");
  const auto checks = configure(plan);
  refuse_unknown_findings(plan, checks, outline.facts);
  Audited done;
  done.run.started = utc_now();
  done.run.records_reused = static_cast<std::int64_t>(outline.clean.size());
  for (const auto& m : outline.measurements)
    done.run.records_reused += static_cast<std::int64_t>(m.records.size());
  done.outcome = conclude(plan, checks, outline, store);
  try {
    const imaging::DataSet data = open_data(plan, static_cast<int>(outline.facts.labels.size()));
    write_exhibits(done.outcome, data.size() == outline.clean.size() ? &data : nullptr, directory);
  } catch (const InputError&) {  // judged away from the pictures
    write_exhibits(done.outcome, nullptr, directory);
  }
  done.run.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return done;
}

std::vector<Estimate> estimate(const Plan& plan) {
  const network::Classifier classifier = open_model(plan);
  const imaging::DataSet data = open_data(plan, classifier.classes());
  const checks::Subject subject{classifier, data, facts_of(plan, classifier, data)};
  const auto checks = configure(plan);
  refuse_unable(plan, classifier);
  refuse_unknown_findings(plan, checks, subject.facts);

  // One forward of the first readable picture's micro-batch, timed; the second of two, when all
  // shapes are known.
  const auto micro = static_cast<std::size_t>(classifier.micro_batch());
  const auto& input = classifier.input();
  double seconds_each = 0;
  for (std::size_t row = 0; row < data.size() && seconds_each == 0; ++row) {
    try {
      const auto picture = data.picture(row, {input.upright, input.channels == Channels::kGray});
      const std::vector<methods::Slot> slots(micro, {&picture, data.rows()[row].id});
      const at::Tensor tensor = methods::input_tensor(classifier, input, slots);
      classifier.forward(tensor);
      const auto start = std::chrono::steady_clock::now();
      classifier.forward(tensor);
      seconds_each =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
          static_cast<double>(micro);
    } catch (const InputError&) {  // the next picture may be readable
    }
  }

  const auto rows = static_cast<std::int64_t>(data.size());
  std::vector<Estimate> all;
  all.push_back({"clean pass", rows, 0, static_cast<double>(rows) * seconds_each,
                 static_cast<double>(rows * (classifier.classes() * 4 + 256)) / 1e6});
  for (std::size_t i = 0; i < checks.size(); ++i) {
    Estimate e;
    e.name = plan.checks[i].name;
    if (!checks[i]->reads_clean_pass()) {
      // Of the first round: later ones depend on what it finds.
      const auto units = checks[i]->units(subject, {});
      for (const auto& unit : units) {
        const Cost cost = checks[i]->cost(unit.key);
        e.forwards += cost.forwards;
        e.backwards += cost.backwards;
      }
      e.seconds = static_cast<double>(e.forwards + 2 * e.backwards) * seconds_each;
      e.megabytes = static_cast<double>(units.size()) * kTypicalRecordBytes / 1e6;
    }
    all.push_back(e);
  }
  return all;
}

}  // namespace assay::audit
