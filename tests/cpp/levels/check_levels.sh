#!/usr/bin/env bash
# Whether training gives the same bits on x86-64 (base, AVX2, and AVX-512 where this processor has it) and on AArch64
# (base, NEON), the latter under qemu; also runs the native tests there. Needs cmake, ninja, a C++ compiler, aarch64-linux-gnu-g++ and qemu-aarch64
# (Debian: g++-aarch64-linux-gnu and qemu-user).
#
#   tests/cpp/levels/check_levels.sh [folder to build in]
set -euo pipefail
cd "$(dirname "$0")/../../.."
work=${1:-$(mktemp -d)}
mkdir -p "$work"
common=(-S . -G Ninja -DEMBER_BINDINGS=OFF -DEMBER_TESTS=ON)
cmake "${common[@]}" -B "$work/here" >/dev/null
cmake --build "$work/here" --target ember_checksum -- -j2 >"$work/build.log"
cmake "${common[@]}" -B "$work/aarch64" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_NM="$(command -v aarch64-linux-gnu-nm)" >/dev/null
cmake --build "$work/aarch64" -- -j2 >>"$work/build.log"

qemu=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
levels="base avx2"
grep -q avx512bw /proc/cpuinfo && levels="$levels avx512"
for level in $levels; do EMBER_SIMD=$level "$work/here/ember_checksum" >"$work/x86-64.$level"; done
for level in base neon; do
  EMBER_SIMD=$level "${qemu[@]}" "$work/aarch64/ember_checksum" >"$work/aarch64.$level"
done
EMBER_SIMD=neon "${qemu[@]}" "$work/aarch64/ember_tests"

# One checksum an environment and size, whatever the processor, level, layout and number of threads.
runs=$(($(echo "$levels base neon" | wc -w) * 48))
sort -u "$work"/x86-64.* "$work"/aarch64.*
[ "$(sort -u "$work"/x86-64.* "$work"/aarch64.* | wc -l)" = 4 ] || { echo "the results differ"; exit 1; }
[ "$(cat "$work"/x86-64.* "$work"/aarch64.* | wc -l)" = "$runs" ] || { echo "a result is missing"; exit 1; }
echo "the same on x86-64 $levels, AArch64 base and neon; 3 layouts, 1, 2, 3 and 8 threads"
