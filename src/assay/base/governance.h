// What findings are evidence for, in the words of those who must show it: the seven key requirements
// for trustworthy AI of the High-Level Expert Group (hleg2019ethics) and the headings of the
// technical documentation in Annex IV of the EU's AI Act (Regulation 2024/1689).
//
// Evidence for a requirement is not its fulfilment: which findings suffice, those decide who answer
// for the system.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace assay {

// Bits, in the documents' order.
enum KeyRequirement : std::uint32_t {
  kHumanAgency = 1U << 0,
  kRobustness = 1U << 1,
  kDataGovernance = 1U << 2,
  kTransparency = 1U << 3,
  kFairness = 1U << 4,
  kSocietal = 1U << 5,
  kAccountability = 1U << 6,
};
inline constexpr std::array<std::string_view, 7> kKeyRequirements{
    "human agency and oversight",
    "technical robustness and safety",
    "privacy and data governance",
    "transparency",
    "diversity, non-discrimination and fairness",
    "societal and environmental well-being",
    "accountability"};

enum AnnexIv : std::uint32_t {
  kGeneralDescription = 1U << 0,
  kDevelopment = 1U << 1,
  kControl = 1U << 2,
  kMetrics = 1U << 3,
  kRiskManagement = 1U << 4,
  kChanges = 1U << 5,
  kStandards = 1U << 6,
  kDeclaration = 1U << 7,
  kPostMarket = 1U << 8,
};
inline constexpr std::array<std::string_view, 9> kAnnexIv{
    "1. general description of the system",
    "2. elements of the system and process of its development, with data, validation and testing",
    "3. monitoring, functioning and control: capabilities, limitations, foreseeable unintended "
    "outcomes",
    "4. appropriateness of the performance metrics",
    "5. risk management system",
    "6. changes through the lifecycle",
    "7. harmonised standards applied",
    "8. EU declaration of conformity",
    "9. evaluation of performance in the post-market phase"};

struct EvidenceFor {
  std::uint32_t key_requirements = 0, annex_iv = 0;
};

}  // namespace assay
