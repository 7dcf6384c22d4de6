#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the vendor's clients for the wire tests, in the exact versions of test/wire/package-lock.json, once.
set -eu
cd "$(dirname "$0")/../test/wire"
stamp=node_modules/.installed-for
wanted=$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)
[ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || exit 0
echo "wire tests: installing the vendor's clients with npm"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# No install scripts: nothing but the files of the packages is wanted.
if ! npm ci --ignore-scripts --no-audit --no-fund </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    echo "wire tests: npm could not install the clients" >&2
    exit 1
fi
echo "$wanted" >$stamp
