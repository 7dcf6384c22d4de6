#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts Debian's own Node beside whatever node a machine has, and prints the folder to put first into PATH; prints nothing when /usr/bin/node is
# Debian's already. For CI: what a newcomer's Node 18 lacks must not pass unnoticed on a machine with a newer one. Needs root.
# Usage: scripts/debian_node.sh DIR
set -eu
dir=$1
debian_version=$(apt-cache madison nodejs | awk '$3 ~ /\+dfsg/ { print $3; exit }')
[ -n "$debian_version" ] || { echo "debian_node: no package list offers Debian's nodejs; apt-get update" >&2; exit 1; }
[ "$(dpkg-query -W -f '${Version}' nodejs 2>/dev/null)" != "$debian_version" ] || exit 0

mkdir -p "$dir/packages"
cd "$dir/packages"
# Downloaded and unpacked, not installed: another node package may hold the name.
apt-get download -q "nodejs=$debian_version" libnode108 node-undici node-acorn node-cjs-module-lexer libuv1 libc-ares2 \
    libnghttp2-14 libicu72 libbrotli1 >../download.log 2>&1 || { cat ../download.log >&2; exit 1; }
for package in *.deb; do
    dpkg -x "$package" ../root
done
cd ..
# Debian's node reads parts of itself from this path. A link that leads nowhere is of a run that was killed.
[ -e /usr/share/nodejs ] || ln -sfn "$PWD/root/usr/share/nodejs" /usr/share/nodejs
mkdir -p bin
libraries=$PWD/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
cat >bin/node <<END
#!/bin/sh
LD_LIBRARY_PATH=$libraries exec $PWD/root/usr/bin/node "\$@"
END
chmod 755 bin/node
bin/node --version >&2
echo "$PWD/bin"
