#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make check`: installs what the tests need, builds, runs every test. The last line is the count.
# Usage: scripts/check.sh DIR [argument of run_tests.py...]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ -n "${SLUICE_OWNED:-}" ] || SLUICE_OWNED=1 exec "$root/scripts/owned.sh" "$0" "$@"
cd "$root"
dir=$1
shift
scripts/deps.sh build test
scripts/build.sh "$dir"
scripts/wire_modules.sh
exec python3 scripts/run_tests.py --build "$dir" "$@"
