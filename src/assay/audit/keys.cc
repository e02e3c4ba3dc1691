#include "assay/audit/keys.h"

#include "assay/audit/description.h"
#include "assay/imaging/digest.h"
#include "assay/network/classifier.h"

namespace assay::audit {

namespace {

// Each part with its length before it, so that no two lists of parts make the same text.
std::string list(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += std::to_string(part.size()) + ":" + part + ";";
  return text;
}

template <class... Parts>
Key digest(const Parts&... parts) {
  return imaging::sha256_hex(list({parts...}));
}

}  // namespace

Key subject_key(const checks::Subject& subject) {
  std::string description;
  for (const auto& [key, value] : describe(subject.classifier.input()))
    description += key + "=" + value + "\n";
  for (const auto& [key, value] : describe(subject.classifier.output()))
    description += key + "=" + value + "\n";
  if (subject.classifier.reading() == network::Reading::kOpaque) description += "opaque\n";
  return digest("assay.record/2", subject.classifier.sha256(), description,
                std::to_string(subject.classifier.classes()),
                std::to_string(subject.classifier.micro_batch()), network::numerics_version());
}

Key picture_key(const imaging::Row& row, const std::string& content) {
  return digest(row.id, std::to_string(row.label), row.cluster, content);
}

Key row_key(const Key& picture, const std::string& mask, const std::vector<std::string>& groups) {
  return digest(picture, mask, list(groups));
}

Key clean_key(const Key& subject, const Key& picture) { return digest("clean", subject, picture); }

Key unit_key(const Key& subject, const std::vector<Key>& rows, const checks::AnyCheck& check,
             const std::string& unit, std::uint64_t seed) {
  return digest(std::string(check.info().name), std::to_string(check.info().version),
                check.measuring_config(), std::to_string(seed), unit, subject, list(rows));
}

}  // namespace assay::audit
