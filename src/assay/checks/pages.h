// The checks' Markdown pages, embedded at build: one a .md file beside a check, called page_STEM.
#pragma once

#include <string_view>

namespace assay::embedded {

extern const std::string_view page_accuracy, page_calibration, page_corruption,
    page_drift_forensics, page_drift_synthesis, page_effect, page_faithfulness, page_focus,
    page_heatmap, page_input, page_misclassified, page_pictures, page_robustness, page_screening,
    page_segmentation, page_sensitivity, page_shortcut_search, page_tolerance, page_uncertainty;

}  // namespace assay::embedded
