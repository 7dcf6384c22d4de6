#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Formats every C file of ours in place.
set -eu
cd "$(dirname "$0")/.."
find src test -path test/wire/node_modules -prune -o -name '*.[ch]' -print0 | xargs -0 -r clang-format -i
