#!/usr/bin/env bash
# run_fuzz.sh BUILD SECONDS [TARGET…]: runs libFuzzer targets (all of BUILD by default), SECONDS each, and says
# of each: executions, coverage, findings. A finding (anything but an answer or an InputError: a crash, another exception,
# a pass of more than a minute, an allocation beyond the budget) is kept under BUILD/fuzz/TARGET/findings and does
# not end the run. Exit 1 where there was one.
set -uo pipefail

build=$1 seconds=$2
shift 2
[ $# -gt 0 ] || set -- $(cd "$build" && ls | grep '_fuzz$')
# Debian's libtorch, protobuf and OpenCV are not instrumented: containers that they and Assay both fill look overflown.
# Children that a reader forks inherit what the parent holds.
export ASAN_OPTIONS=detect_leaks=0:detect_container_overflow=0:suppressions=$PWD/tools/fuzz_asan.supp
export UBSAN_OPTIONS=print_stacktrace=1:suppressions=$PWD/tools/fuzz_ubsan.supp
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
status=0

for target in "$@"; do
  place=$build/fuzz/$target
  mkdir -p "$place"/{corpus,seeds,findings}
  before=$(ls "$place/findings" | wc -l)
  executions=0 coverage=0 start=$SECONDS
  while left=$((seconds - (SECONDS - start))) && [ "$left" -gt 0 ]; do
    "$build/$target" -max_total_time="$left" -timeout=60 -rss_limit_mb=4096 -malloc_limit_mb=512 -max_len=65536 \
      -print_final_stats=1 -artifact_prefix="$place/findings/" "$place/corpus" "$place/seeds" > "$place/log" 2>&1 && break
    [ -n "$(sed -n 's/^stat::number_of_executed_units: *//p' "$place/log")" ] || { tail -n 5 "$place/log"; status=1; break; }
    executions=$((executions + $(sed -n 's/^stat::number_of_executed_units: *//p' "$place/log" | tail -n 1)))
    grep -m 1 -E 'ERROR: |runtime error: ' "$place/log"
    cp "$place/log" "$place/findings/log-$(ls "$place/findings" | wc -l)"
    status=1
    [ $(($(ls "$place/findings" | wc -l) - before)) -lt 20 ] || break
  done
  executions=$((executions + $(sed -n 's/^stat::number_of_executed_units: *//p' "$place/log" | tail -n 1)))
  coverage=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$place/log" | tail -n 1)
  found=$(ls "$place/findings" | grep -cE '^(crash|oom|timeout|leak)-')
  took=$((SECONDS - start))
  echo "$target: $executions executions in $took s ($((executions / (took > 0 ? took : 1))) a second)," \
    "coverage ${coverage:-0} edges, $(ls "$place/corpus" | wc -l) inputs kept, findings $found"
done
exit $status
