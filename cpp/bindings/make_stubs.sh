#!/usr/bin/env bash
# Writes python/ember_ml/_core.pyi, or the file that is named, from the installed extension.
# Needs: pip install pybind11-stubgen
set -euo pipefail
out=$(realpath "${1:-"$(dirname "$0")/../../python/ember_ml/_core.pyi"}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && python -m pybind11_stubgen ember_ml._core -o .)
# What only tests call is left out. What pybind11 does not say: run() and state_digest() take None where observations are not normalised, others for full
# noise; what is in a dict or a tuple; the operands of the functions that are no pybind11 functions.
sed -e '/^from \. import testing$/d' -e "s/ 'testing',//" \
  -e 's/statistics: ObservationStatistics\(, log\|) -> int\)/statistics: ObservationStatistics | None\1/' \
  -e 's/perturbation: Perturbation = None/perturbation: Perturbation | None = None/' \
  -e 's/\([:>] \|\[\)dict\([],:) ]\)/\1dict[str, typing.Any]\2/g' -e 's/-> tuple:/-> tuple[typing.Any, ...]:/' \
  -e 's/-> list:/-> list[dict[str, typing.Any]]:/' -e 's/: tuple = /: tuple[str, ...] = /' \
  -e 's/__new__(type, \*args, \*\*kwargs)/__new__(cls, *args: typing.Any, **kwargs: typing.Any) -> Guard/' \
  -e 's/__call__(self, \*args, \*\*kwargs)/__call__(self, *args: typing.Any) -> typing.Any/' \
  -e 's/^def activate(activation, x):/def activate(activation: int, x: typing.Any) -> typing.Any:/' \
  -e 's/^def dense(x, weight, bias, activation):/def dense(x: typing.Any, weight: typing.Any, bias: typing.Any, activation: int) -> typing.Any:/' \
  "$work/ember_ml/_core/__init__.pyi" >"$out"
