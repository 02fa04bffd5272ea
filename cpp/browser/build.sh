#!/usr/bin/env bash
# Compiles the core for a web page, with one thread and 128-bit SIMD: build.sh OUTPUT.js
# Needs Emscripten (em++). The program is one file with the WebAssembly in it, compressed: so a page opened from disk
# works too, and is small wherever it is served from.
set -euo pipefail
output=$(realpath -m "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=c++17 -O3 -ffp-contract=off -fno-math-errno -fexceptions -msimd128 -Wno-pass-failed -I .)

sources=$(find core noise policy envs gym rollout update run browser -name '*.cpp' -not -path 'envs/mujoco/*')
compile() { # a kernel source belongs to a SIMD level: here there is one
  level=()
  case "$1" in *_kernels.cpp) level=(-DEMBER_LEVEL=base -DEMBER_LEVEL_base=1) ;; esac
  em++ "${flags[@]}" "${level[@]}" -c "$1" -o "$work/${1//\//_}.o"
}
for source in $sources; do
  compile "$source" &
  while [ "$(jobs -r | wc -l)" -ge "$(nproc)" ]; do wait -n; done
done
while [ "$(jobs -r | wc -l)" -gt 0 ]; do wait -n; done

# Debian keeps a module that em++ needs where a node from elsewhere does not look.
NODE_PATH=${NODE_PATH:-/usr/share/nodejs} em++ "${flags[@]}" "$work"/*.o -o "$work/ember.js" -sMODULARIZE=1 \
  -sEXPORT_NAME=EmberCore -sALLOW_MEMORY_GROWTH=1 -sFILESYSTEM=0 -sENVIRONMENT=web,node \
  -sEXPORTED_RUNTIME_METHODS=ccall,UTF8ToString
{
  cat "$work/ember.js"
  printf '\nconst EMBER_WASM_GZIP = "%s";\n' "$(gzip -9 -n -c "$work/ember.wasm" | base64 -w0)"
} >"$work/page.js"
mkdir -p "$(dirname "$output")"
mv "$work/page.js" "$output"
