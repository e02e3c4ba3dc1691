#!/usr/bin/env bash
# run_tests.sh BUILD: runs every test of a build by ctest, then counts single tests and names the skipped ones, which
# ctest itself would pass over in silence. Exit 1 where one failed.
set -uo pipefail

results=$1/test-results
rm -rf "$results"
mkdir -p "$results"
GTEST_OUTPUT=xml:$(realpath "$results")/ ctest --test-dir "$1" --output-on-failure
status=$?

# GoogleTest writes one <testcase …> a line, and below it a <failure …> or <skipped message="FILE:LINE&#x0A;REASON">.
# A program that crashed wrote no file: ctest has said so above, and its status counts.
cat "$results"/*.xml 2>/dev/null | awk '
  function attribute(name,   rest) {
    rest = $0
    if (!sub(".*[[:space:]]" name "=\"", "", rest)) return ""
    sub(/".*/, "", rest)
    return rest
  }
  /<testcase / && attribute("status") == "run" {
    ++run
    failing = 0
    test = attribute("classname") "." attribute("name")
  }
  /<failure / {
    failed += !failing
    failing = 1
  }
  /<skipped / {
    ++skipped
    reason = attribute("message")
    sub(/^[^&]*&#x0A;/, "", reason)
    gsub(/&#x0A;/, " ", reason)
    print "SKIPPED: " test ": " reason
  }
  END { printf "== tests: %d passed, %d failed, %d skipped\n", run - failed - skipped, failed, skipped }'
exit $status
