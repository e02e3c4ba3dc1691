// What a finished measurement consists of: enough to summarise and judge it again without model and
// pictures.
#pragma once

#include <string>
#include <vector>

#include "assay/audit/store.h"
#include "assay/base/outcome.h"
#include "assay/checks/check.h"

namespace assay::audit {

struct RecordRef {
  std::string unit;
  std::int64_t row = 0;
  Key key;
  template <class A>
  void archive(A& a) {
    a(unit, row, key);
  }
};

// A check's measurement. Checks of the clean pass have none: they read `Outline::clean`.
struct Measurement {
  std::string name;   // the plan's
  std::string check;  // the catalogue's
  int version = 1;
  std::string measuring_config;
  std::vector<RecordRef> records;  // in the order of units
  template <class A>
  void archive(A& a) {
    a(name, check, version, measuring_config, records);
  }
};

struct Outline {
  std::string plan_subject;  // the plan's model and data parts, as text: `judge` refuses others
  ModelInfo model;
  DataInfo data;
  checks::Facts facts;
  std::vector<RecordRef> clean;  // one a row, unreadable ones too
  std::vector<Measurement> measurements;
  std::string plan_file, plan_text;

  template <class A>
  void archive(A& a) {
    std::vector<std::string> names, values;
    for (const auto& [name, value] : model.description) {
      names.push_back(name);
      values.push_back(value);
    }
    a(plan_subject, model.file, model.sha256, model.labels, names, values, model.numerics,
      data.source, data.digest, data.rows, data.used, data.unreadable, data.notes, facts.labels,
      facts.seed, facts.groupings, clean, measurements, plan_file, plan_text);
    model.description.clear();
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i)
      model.description.emplace_back(names[i], values[i]);
  }
};

}  // namespace assay::audit
