#include "assay/audit/keys.h"

#include "assay/audit/description.h"
#include "assay/imaging/digest.h"
#include "assay/network/classifier.h"

namespace assay::audit {

namespace {

// Each part with its length before it, so that no two lists of parts make the same text.
template <class... Parts>
Key digest(const Parts&... parts) {
  std::string text;
  const auto add = [&](const std::string& part) {
    text += std::to_string(part.size()) + ":" + part + ";";
  };
  (add(parts), ...);
  return imaging::sha256_hex(text);
}

}  // namespace

Key subject_key(const checks::Subject& subject) {
  std::string description;
  for (const auto& [key, value] : describe(subject.classifier.input()))
    description += key + "=" + value + "\n";
  for (const auto& [key, value] : describe(subject.classifier.output()))
    description += key + "=" + value + "\n";
  if (subject.classifier.reading() == network::Reading::kOpaque) description += "opaque\n";
  return digest("assay.record/1", subject.classifier.sha256(), description,
                std::to_string(subject.classifier.classes()),
                std::to_string(subject.classifier.micro_batch()), network::numerics_version());
}

Key row_key(const imaging::Row& row, const std::string& content) {
  return digest(row.id, std::to_string(row.label), row.cluster, row.mask, content);
}

Key clean_key(const Key& subject, const Key& row) { return digest("clean", subject, row); }

Key unit_key(const Key& subject, const Key& row, const checks::AnyCheck& check,
             const std::string& unit, std::uint64_t seed) {
  return digest(std::string(check.info().name), std::to_string(check.info().version),
                check.measuring_config(), std::to_string(seed), unit, subject, row);
}

}  // namespace assay::audit
