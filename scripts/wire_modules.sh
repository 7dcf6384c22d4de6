#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the vendor's clients for the wire tests, in the exact versions of test/wire/package-lock.json, once.
set -eu
cd "$(dirname "$0")/../test/wire"
stamp=node_modules/.installed-for
wanted=$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)
[ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || exit 0
if ! command -v npm >/dev/null; then
    echo "wire tests: npm is missing" >&2
    exit 1
fi
echo "wire tests: installing the vendor's clients with npm"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Node brings its own list of authorities; behind a company's proxy only the system's list holds the one that counts.
system_list=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r $system_list ]; then
    export NODE_EXTRA_CA_CERTS=$system_list
fi
# No install scripts: nothing but the files of the packages is wanted.
if ! npm ci --ignore-scripts --no-audit --no-fund </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    echo "wire tests: npm could not install the clients" >&2
    exit 1
fi
echo "$wanted" >$stamp
