#!/usr/bin/env bash
# ci.sh VERB…: one verb a job, run in the order given; the last line counts them. Without verbs: what there is.
set -uo pipefail
cd "$(dirname "$0")"

readonly ALL=(packages format layering words headers test release operators install demo)
JOBS=${JOBS:-$(nproc)}

sources() { git ls-files '*.h' '*.cc'; }

packages() { tools/install_packages.sh packages.txt; }  # install what packages.txt lists

format() {  # every source file is as clang-format 14 would write it
  local version wrong
  version=$(clang-format --version | grep -oE '[0-9]+' | head -n 1)
  if [ "$version" != 14 ]; then
    echo "clang-format $version writes other files than 14, the one that this project uses: nothing checked"
    return 0
  fi
  wrong=$(sources | xargs -r clang-format --dry-run 2>&1 |
    sed -nE 's/^([^:]+):[0-9]+:.*clang-format.*/\1/p' | sort -u)
  [ -z "$wrong" ] || { echo "run clang-format -i on:" $wrong; return 1; }
}

layering() { tools/check_layering.sh --self-test && tools/check_layering.sh; }  # who may include what

words() {  # nothing that holds on one machine only
  ! git grep -nIE '/home/[a-z]+/|/work/|/tmp/[a-z]+[-_/]|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:[0-9]+|snapshot\.debian' \
    -- . ':!ci.sh' ':!LICENSE'
}

# Header by header, without linking. libtorch's own headers are read once, into a precompiled one.
headers() {  # every header compiles alone
  local all torch=src/assay/network/torch.h before= out=build/headers
  mkdir -p "$out"
  all=$(git ls-files 'src/*.h')
  while [ "$torch" != "$before" ]; do  # those that include it, directly or through another
    before=$torch
    torch=$(printf '%s\n' src/assay/network/torch.h \
      $(echo "$torch" | sed 's|^src/|"|; s|$|"|' | grep -lFf - $all) | sort -u)
  done
  local compile="g++ -std=c++20 -Wall -Wextra -DONNX_ML=1 -DONNX_NAMESPACE=onnx -DASSAY_SOURCE_DIR=__FILE__ -Isrc"
  compile+=" -isystem /usr/include/opencv4 -isystem /usr/include/eigen3"
  local alone="echo '#include \"{}\"' | sed 's|\"src/|\"|' | $compile -fsyntax-only"
  comm -23 <(echo "$all" | sort) <(echo "$torch") |
    xargs -P "$JOBS" -I{} bash -c "$alone -x c++ - || { echo '{} does not compile alone'; exit 1; }" || return 1
  echo '#include "assay/network/torch.h"' > "$out/torch.h"
  $compile -x c++-header "$out/torch.h" -o "$out/torch.h.gch" || return 1
  echo "$torch" |
    xargs -P "$JOBS" -I{} bash -c "$alone -include $out/torch.h -x c++ - || { echo '{} does not compile alone'; exit 1; }"
}

test() {  # the README's own test command
  local command
  command=$(grep -oE '^ *make test\b' README.md | head -n 1)
  [ -n "$command" ] || { echo 'README.md does not say "make test"'; return 1; }
  $command
}

release() { make release; }  # the program, the examples and the benchmarks compile

operators() {  # docs/operators.md is what the table of operators says, with what was measured of architectures
  cmake --preset release > /dev/null && cmake --build build/release --target operators_table > /dev/null &&
    build/release/operators_table | cat - tools/architectures.md | diff - docs/operators.md ||
    { echo 'build/release/operators_table | cat - tools/architectures.md > docs/operators.md writes it anew'; return 1; }
}

demo() { make demo; }  # the example's audit ends in a report

install() {  # the installed program runs; a program outside Assay builds against the installed package and runs
  local prefix out=build/consumer
  prefix=$(realpath -m build/prefix)
  rm -rf "$prefix" "$out"
  cmake --install build/release --prefix "$prefix" > /dev/null &&
    cmake -S tests/consumer -B "$out" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" > /dev/null &&
    cmake --build "$out" && "$out/consumer" && "$prefix/bin/assay" --version
}

tidy() {  # clang-tidy on the .cc files that differ from TIDY_BASE (origin's main, else the commit before)
  local base changed
  base=${TIDY_BASE:-$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD~1)}
  changed=$(git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'examples/*.cc' 'benchmarks/*.cc')
  [ -n "$changed" ] || { echo "no .cc file differs from $base"; return 0; }
  cmake --preset tidy > /dev/null && echo "$changed" |
    xargs -P "$JOBS" -n 1 clang-tidy --quiet --warnings-as-errors='*' \
      --extra-arg=-Wno-unknown-warning-option -p build/tidy
}

fuzz() {  # [SECONDS]: every libFuzzer target, 600 s each unless said: executions, coverage, findings (docs/hostile.md)
  cmake --preset fuzz > /dev/null && nice cmake --build --preset fuzz --parallel "$JOBS" &&
    tools/run_fuzz.sh build/fuzz "${FUZZ_SECONDS:-600}"
}

hostile() {  # every constructed attack, cuts at every 1 % and 10,000 byte flips of each small file
  local program failed=0
  cmake --preset debug > /dev/null && cmake --build --preset debug --parallel "$JOBS" || return 1
  for program in network imaging audit; do
    ASAN_OPTIONS=detect_leaks=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ASSAY_HOSTILE_FLIPS=10000 \
      "build/debug/assay_${program}_test" --gtest_brief=1 --gtest_filter='Hostile*' || failed=1
  done
  return $failed
}

help() {
  echo "Usage: ./ci.sh VERB…   (all: ${ALL[*]})"
  sed -nE 's/^([a-z]+)\(\) \{.*  # (.*)/  \1: \2/p' "$0"
}

[ $# -gt 0 ] || { help; exit 0; }
verbs=("$@")
[ "$1" = all ] && verbs=("${ALL[@]}")
passed=() failed=()
for verb in "${verbs[@]}"; do
  [[ $verb =~ ^[0-9]+$ ]] && FUZZ_SECONDS=$verb
done
for verb in "${verbs[@]}"; do
  [[ $verb =~ ^[0-9]+$ ]] && continue
  if ! help | grep -q "^  $verb:"; then
    echo "ci.sh: no verb \"$verb\"" >&2
    help >&2
    exit 2
  fi
  echo "=== $verb"
  start=$SECONDS
  if "$verb"; then
    passed+=("$verb") result=passed
  else
    failed+=("$verb") result=FAILED
  fi
  echo "=== $verb $result in $((SECONDS - start)) s"
done
echo "jobs passed: ${passed[*]:-none}; jobs failed: ${failed[*]:-none}"
echo "${#passed[@]} passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
