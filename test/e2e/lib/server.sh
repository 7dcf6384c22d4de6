# SPDX-License-Identifier: Apache-2.0
# For tests of the command line: a server of their own on a scratch directory, and one way to state what a command must do. To be sourced:
#   . "$(dirname "$0")/lib/server.sh"
# Sets sluice, sluiced, scratch, data, server (the pid) and number (of results); ends what it started when the test ends.
build=${SLUICE_BUILD:-build}
program() {
    for candidate in "$build/$1" "$build/src/main/$1"; do
        [ ! -x "$candidate" ] || { echo "$candidate"; return; }
    done
}
sluice=$(program sluice)
sluiced=$(program sluiced)
scratch=$(mktemp -d "/var/tmp/sluice-e2e.XXXXXX")
chmod 0711 "$scratch"
data=$scratch/server
number=0

start_server() {
    : >"$scratch/ready" # here, not only by the job below, which may come later than the first look for the word of a server before
    "$sluiced" --data "$data" --listen 127.0.0.1:0 --attempt-room 0 >"$scratch/ready" 2>>"$scratch/log" &
    server=$!
    tries=600
    while ! grep -q ready "$scratch/ready" && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
}
clean_up() {
    "$sluiced" --data "$data" --stop-all >/dev/null 2>&1
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    rm -rf "$scratch"
}

# expect WHAT WANTED-CODE PATTERN COMMAND…: the exit code, and a pattern in output and errors together.
expect() {
    what=$1 wanted=$2 pattern=$3
    shift 3
    number=$((number + 1))
    "$@" >"$scratch/out" 2>&1
    code=$?
    if [ $code -eq "$wanted" ] && grep -q -e "$pattern" "$scratch/out"; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        echo "# exit code $code, expected $wanted with: $pattern"
        sed 's/^/# /' "$scratch/out"
    fi
}

trap clean_up EXIT
start_server
