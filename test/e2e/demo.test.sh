#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo ends as it should, twice in a row, and leaves nothing behind.
# timeout: 180
# alone: yes
set -u
build=${SLUICE_BUILD:-build}
source=${SLUICE_SOURCE:-.}
number=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
report() {
    number=$((number + 1))
    [ "$1" -eq 0 ] && echo "ok $number - $2" || echo "not ok $number - $2"
}
echo 1..3
before=$(ls -d /var/tmp/sluice-demo.* 2>/dev/null | wc -l)
for time in first second; do
    "$source/scripts/demo.sh" "$build" >"$log" 2>&1 && grep -q 'The demo ended as it should' "$log"
    code=$?
    [ $code -eq 0 ] || sed 's/^/# /' "$log"
    report $code "the demo runs a $time time"
done
[ "$(ls -d /var/tmp/sluice-demo.* 2>/dev/null | wc -l)" -eq "$before" ]
report $? "the demo leaves no directory behind"
