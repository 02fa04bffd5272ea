#!/bin/bash
# Runs dieharder (Debian: apt-get install dieharder) on the raw words of the noise generator, in several orders of use.
#
#   benchmarks/noise_battery.sh OUTPUT_DIRECTORY [ORDER...]   one report per order; 3 minutes each on one core
#   ROUNDS=6 benchmarks/noise_battery.sh ...                  another number of rounds (6 and fewer should fail)
#   TESTS="0 1 2" benchmarks/noise_battery.sh ...             dieharder's test numbers (`dieharder -l`)
#   SAMPLES=10 SEED=5 benchmarks/noise_battery.sh ...         ten times as many samples, other words
#
# ORDER is one of noise_battery.cpp's, or "system" for the operating system's generator, as a control.
#
# docs/noise.md has the results. Left out: the tests that dieharder itself marks "suspect" (5, 6, 7) or "do not use" (14).
set -euo pipefail
output=$1
shift
orders=${*:-blocks directions generations seeds group hash}
tests=${TESTS:-0 1 2 3 4 8 9 10 11 12 13 15 16 17 100 101 102 202 204 205 206 207 208 209}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$output"
words=$output/noise_battery_${ROUNDS:-default}
"${CXX:-g++}" -std=c++17 -O3 ${ROUNDS:+-DROUNDS=$ROUNDS} -I "$here/../cpp" "$here/noise_battery.cpp" -o "$words"
for order in $orders; do
  report=$output/dieharder_${order}_${ROUNDS:-default}_${SAMPLES:-1}.txt
  : >"$report"
  for test in $tests; do
    # A fresh seed for every test, so that no two tests see the same words.
    if [ "$order" = system ]; then source=(cat /dev/urandom); else source=("$words" "$order" "$((1000 * test + ${SEED:-1}))"); fi
    ("${source[@]}" 2>/dev/null || true) | dieharder -g 200 -d "$test" -m "${SAMPLES:-1}" -D test_name -D ntuple \
      -D psamples -D pvalues -D assessment >>"$report"
  done
  echo "$order: $(grep -c PASSED "$report") passed, $(grep -c WEAK "$report") weak, $(grep -c FAILED "$report") failed"
done
