#!/usr/bin/env bash
# run_tests.sh BUILD: runs every test of a build by ctest, then counts single tests and names the skipped ones, which
# ctest itself would pass over in silence. Exit 1 where one failed.
set -uo pipefail

results=$1/test-results
rm -rf "$results"
mkdir -p "$results"
GTEST_OUTPUT=xml:$(realpath "$results")/ ctest --test-dir "$1" --output-on-failure
status=$?

# GoogleTest writes one <testcase …> a line, with result="skipped" or a <failure> below it. A program that crashed
# wrote no file: ctest has said so above, and its status counts.
cat "$results"/*.xml 2>/dev/null | awk '
  function attribute(name,   rest) {
    rest = $0
    if (!sub(".*[[:space:]]" name "=\"", "", rest)) return ""
    sub(/".*/, "", rest)
    return rest
  }
  /<testcase / {
    if (attribute("status") != "run") next
    ++run
    failing = 0
    if (attribute("result") == "skipped") {
      ++skipped
      names[skipped] = attribute("classname") "." attribute("name")
    }
  }
  /<failure / { failed += !failing; failing = 1 }
  END {
    for (i = 1; i <= skipped; ++i) print "SKIPPED: " names[i]
    if (skipped)
      print "SKIPPED: " skipped " tests did not run; most want the reference data under ASSAY_SHARED (default ../shared)."
    printf "== tests: %d passed, %d failed, %d skipped\n", run - failed - skipped, failed, skipped
  }'
exit $status
