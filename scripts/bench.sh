#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make bench`: figures of this server against the floors of this machine. Usage: scripts/bench.sh BUILD [argument of bench.py…]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-build} in
/*) build=$1 ;;
*) build=$root/${1:-build} ;;
esac
[ $# -eq 0 ] || shift
exec python3 "$root/scripts/bench.py" --build "$build" "$@"
