#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing, and says nothing when none is.
# Usage: scripts/deps.sh GROUP...   (build: compile and run; test: every test but those of the vendor's clients; node: those; fuzz: the fuzzers)
set -eu

build_packages="gcc libc6-dev meson ninja-build pkg-config python3 sqlite3 \
 libglib2.0-dev libmicrohttpd-dev libjansson-dev libsqlite3-dev libssl-dev libcurl4-openssl-dev libgnutls28-dev"
clang_packages="clang libclang-rt-14-dev llvm"
test_packages="$clang_packages clang-format ca-certificates binutils openssl slowhttptest wrk"

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# A newer node than Debian's may be there already, from elsewhere; it brings its own npm.
has_node() {
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
    [ "$major" -ge 18 ]
}

missing=
want() {
    for package in "$@"; do
        is_installed "$package" || missing="$missing $package"
    done
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "deps: not a Debian system; please provide what docs/dependencies.md names" >&2
    exit 0
fi
for group in "${@:-build}"; do
    case $group in
    build) want $build_packages ;;
    test) want $test_packages ;;
    node) has_node || want nodejs npm ;;
    fuzz) want $clang_packages ;;
    *)
        echo "deps: no group named $group" >&2
        exit 2
        ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: as root, please run: apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    as_root=sudo
    # Without a terminal nobody can type a password: fail at once instead of waiting for one.
    [ -t 0 ] && [ -z "${CI:-}" ] || as_root="sudo -n"
fi


echo "deps: installing$missing"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

# Shows what apt tells of its progress among its output ("dlstatus:…:PERCENT:TEXT", then "pmstatus:…"): on a terminal one line that is drawn
# again, elsewhere a line for each quarter. The rest goes to the log.
show_progress() {
    shown=
    while IFS= read -r line; do
        case $line in
        dlstatus:*) phase=download ;;
        pmstatus:*) phase=install ;;
        *)
            printf '%s\n' "$line" >>"$log"
            continue
            ;;
        esac
        percent=$(expr "$line" : '[a-z]*:.*:\([0-9]*\)\.[0-9]*:') || continue
        if [ -t 1 ]; then
            printf '\rdeps: %-8s %3s %%  %-50.50s' "$phase" "$percent" "${line##*:}"
        elif [ "$shown" != "$phase $((percent / 25))" ]; then
            shown="$phase $((percent / 25))"
            echo "deps: $phase $((percent / 25 * 25)) %"
        fi
    done
    [ ! -t 1 ] || printf '\r%79s\r' ''
}

# apt_get ARGUMENT...: with progress. The exit code travels by a file, since a pipe keeps only the last one's.
apt_get() {
    {
        code=0
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null 2>>"$log" || code=$?
        echo $code >"$scratch/code"
    } | show_progress
    return "$(cat "$scratch/code")"
}
install_missing() {
    # Status on descriptor 1: sudo closes every higher one.
    # shellcheck disable=SC2086
    apt_get install -y -q --no-install-recommends -o APT::Status-Fd=1 -o Dpkg::Use-Pty=0 $missing
}

# The package lists of a fresh machine are empty or old; they are fetched only when the first try fails.
if install_missing; then
    exit 0
fi
: >"$log"
echo "deps: fetching the package lists"
if apt_get update -q && install_missing; then
    exit 0
fi
cat "$log" >&2
echo "deps: installation failed; missing:$missing" >&2
exit 1
