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
# A machine without a way to npm still runs all that needs none of the vendor's clients, and counts the rest as skipped.
if ! { scripts/deps.sh node && scripts/wire_modules.sh; }; then
    export SLUICE_WITHOUT_CLIENTS="npm could not bring the vendor's clients"
    echo "check: $SLUICE_WITHOUT_CLIENTS; the tests that need them are skipped"
fi
exec python3 scripts/run_tests.py --build "$dir" "$@"
