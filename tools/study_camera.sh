#!/usr/bin/env bash
# study_camera.sh BUILD OUT: the camera study on the weld example.
# Each part is skipped where it was finished, and goes on where it was stopped.
set -euo pipefail

build=$1 out=$2
plans=examples/weld/camera
mkdir -p "$out/models"

part() {  # part NAME COMMAND…: runs it unless OUT/NAME.done stands; 1 and 3 are verdicts, not failures
  local name=$1 status=0
  shift
  if [ -e "$out/$name.done" ]; then
    echo "== study: $name: done before"
    return
  fi
  echo "== study: $name: $*"
  "$@" || status=$?
  case $status in
    0 | 1 | 3) touch "$out/$name.done" ;;
    *) exit "$status" ;;
  esac
}

part draw-train "$build/weld-draw" --count 1200 --seed 501 -o "$out/train"
part draw-test "$build/weld-draw" --count 360 --seed 502 -o "$out/test"

views=()
for d in bilinear malvar menon; do
  for s in filter unsharp; do
    for n in median gaussian; do views+=("$d-$s-$n"); done
  done
done
part synthesise "$build/assay" synthesise "$out/train/manifest.csv" --raw "${views[@]/#/--camera=}" -o "$out/views"
for view in "${views[@]}"; do
  part "train-$view" "$build/weld-train" "$out/views" --only "developed_by=$view" --epochs 6 -o "$out/models/$view.onnx"
done

part synthesis "$build/assay" run "$plans/synthesis.yaml" -o "$out/synthesis"
part forensics "$build/assay" run "$plans/forensics.yaml" -o "$out/forensics"
part segmentation "$build/assay" run "$plans/segmentation.yaml" -o "$out/segmentation"
part low-light "$build/assay" optimise-camera "$plans/low-light.yaml" --train both --condition camera.low_light=8 \
  --steps 200 -o "$out/low-light"
part low-light-camera "$build/assay" optimise-camera "$plans/low-light.yaml" --train camera --condition camera.low_light=8 \
  --steps 200 -o "$out/low-light-camera"
part low-light-segmentation "$build/assay" optimise-camera "$plans/low-light-segmentation.yaml" --train both \
  --condition camera.low_light=8 --steps 100 -o "$out/low-light-segmentation"

for report in synthesis forensics segmentation; do echo "== report: $(realpath "$out/$report")/report.html"; done
for job in low-light low-light-camera low-light-segmentation; do echo "== results: $(realpath "$out/$job")/optimise-camera.json"; done
