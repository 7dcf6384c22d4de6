#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Configures (once) and builds. Usage: scripts/build.sh DIR [meson option...]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ -n "${SLUICE_OWNED:-}" ] || SLUICE_OWNED=1 exec "$root/scripts/owned.sh" "$0" "$@"
cd "$root"
dir=$1
shift

if [ -e "$dir" ] && [ -n "$(find "$dir" -maxdepth 2 ! -writable -print -quit)" ]; then
    echo "build: $dir holds files of another user; remove it (sudo rm -rf $dir) or choose another: make BUILD=build-mine" >&2
    exit 1
fi
for tool in meson ninja; do
    if ! command -v $tool >/dev/null; then
        echo "build: $tool is missing; 'make deps' installs what is needed" >&2
        exit 1
    fi
done
# Test programs and folders are found when meson configures, so a new one asks for a new configuration.
files=$(find test/unit test/fuzz src -name '*_test.c' -o -name '*_fuzz.c' -o -name meson.build | sort)
configure() {
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    meson setup "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
    echo "$files" >"$dir/.configured-for"
}
if [ ! -f "$dir/build.ninja" ]; then
    configure "$dir" "$@"
elif [ "$files" != "$(cat "$dir/.configured-for" 2>/dev/null)" ]; then
    configure --reconfigure "$dir" "$@"
fi
# On a terminal ninja draws its own line; elsewhere a sentence says that the minute of silence is work.
if [ -t 1 ]; then
    NINJA_STATUS='build: %p ' ninja -C "$dir"
else
    steps=$(ninja -C "$dir" -n | grep -c '^\[' || :)
    [ "$steps" -lt 20 ] || echo "build: $steps steps"
    ninja -C "$dir" --quiet
fi
# Where users and the documentation look for the programs.
for program in sluiced sluice sluice-sql sluice-supervisor; do
    ln -sfn "src/main/$program" "$dir/$program"
done
