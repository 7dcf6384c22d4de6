#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzzer for the given number of seconds; what it finds is left in build-fuzz/findings and fails the run.
# Usage: scripts/fuzz.sh SECONDS [NAME...]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ -n "${SLUICE_OWNED:-}" ] || SLUICE_OWNED=1 exec "$root/scripts/owned.sh" "$0" "$@"
cd "$root"
seconds=$1
shift
scripts/deps.sh build fuzz
CC=clang scripts/build.sh build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
    -Dc_args=-fsanitize=fuzzer-no-link
failed=0
ran=0
for program in build-fuzz/test/fuzz/*_fuzz; do
    [ -x "$program" ] || continue
    name=$(basename "$program" _fuzz)
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    ran=$((ran + 1))
    grown=build-fuzz/corpus/$name
    mkdir -p "$grown" build-fuzz/findings
    echo "fuzz: $name for $seconds s"
    if ! "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/findings/$name-" "$grown" "test/fuzz/corpus/$name" >"$grown.log" 2>&1; then
        tail -40 "$grown.log"
        failed=$((failed + 1))
    fi
    grep -a -E 'number_of_executed_units|average_exec_per_sec' "$grown.log" || :
done
echo "$((ran - failed)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$ran" -gt 0 ]
