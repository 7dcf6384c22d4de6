#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command and afterwards gives what it made in the checkout back to the checkout's owner, so that `sudo make
# check` leaves nothing that the same user's next `make` could not write.
# Usage: scripts/owned.sh COMMAND [ARGUMENT...]
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

give_back() {
    [ "$(id -u)" -eq 0 ] || return 0
    owner=$(stat -c %u:%g "$root")
    [ "$owner" != 0:0 ] || return 0
    for made in "$root/${SLUICE_BUILD_DIR:-build}" "$root"/build "$root"/build-asan "$root"/build-fuzz \
        "$root"/test/wire/node_modules; do
        [ ! -d "$made" ] || chown -R -h "$owner" "$made"
    done
    # Compiled Python lies beside its source.
    find "$root/scripts" "$root/test" -name __pycache__ -not -path '*/node_modules/*' \
        -exec chown -R -h "$owner" {} + 2>/dev/null
    return 0
}
trap 'exit 130' INT
trap 'exit 143' TERM
trap give_back EXIT
"$@"
