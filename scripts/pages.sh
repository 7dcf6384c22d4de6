#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the tables of docs/ that are made of the server's own; the tests compare. Usage: pages.sh [BUILD_DIR]
# docs/api-coverage.md is made of a run of the wire tests: scripts/coverage.py.
set -eu
cd "$(dirname "$0")/.."
SLUICE_WRITE_DOCS=1 SLUICE_SOURCE=. "${1:-build}/test/unit/api-gate-test" -p /gate/the_operations_of_each_class_are_the_documented_ones >/dev/null
