#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the sources, with the flags of a build directory. Usage: scripts/lint.sh DIR
set -eu
cd "$(dirname "$0")/.."
find src -name '*.c' -print0 | xargs -0 -r -n 4 -P "$(nproc)" clang-tidy --quiet -p "$1"
