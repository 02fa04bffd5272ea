#!/usr/bin/env bash
# Writes python/ember_ml/_core.pyi, or the file that is named, from the installed extension.
# Needs: pip install pybind11-stubgen
set -euo pipefail
out=$(realpath "${1:-"$(dirname "$0")/../../python/ember_ml/_core.pyi"}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && python -m pybind11_stubgen ember_ml._core -o .)
# run() and state_digest() take None where observations are not normalised, others for full noise; pybind11 does not say
# so of a pointer.
sed -e 's/statistics: ObservationStatistics\(, log\|) -> int\)/statistics: ObservationStatistics | None\1/' \
  -e 's/perturbation: Perturbation = None/perturbation: Perturbation | None = None/' \
  "$work/ember_ml/_core.pyi" >"$out"
