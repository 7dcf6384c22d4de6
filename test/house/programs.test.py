#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The built programs are hardened, and link only the libraries that their part of the design allows."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

# What a program may need beside the C library: the table of docs/dependencies.md. The supervisor outlives everything, so it depends on
# nothing else.
LIBRARIES = {
    "sluiced": r"libglib-2|libjansson|libcrypto|libsqlite3|libgnutls|libpq",
    "sluice-supervisor": r"$never",
    "sluice-sql": r"libglib-2|libjansson|libcrypto|libsqlite3|libpq|libmariadb|libodbc",
    "sluice": r"libglib-2|libjansson|libcrypto|libsqlite3|libcurl",
}
C_LIBRARY = re.compile(r"^(libc|libm|libpthread|libdl|librt|ld-linux[\w-]*)\.so")


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], check=True, capture_output=True, text=True).stdout


def weaknesses(path):
    name = os.path.basename(path)
    head, dynamic, segments = readelf(path, "-h"), readelf(path, "-d"), readelf(path, "-l")
    found = []
    if not re.search(r"Type:\s+DYN", head):
        found.append("its addresses are fixed (no PIE)")
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        found.append("symbols are bound late")
    if "GNU_RELRO" not in segments:
        found.append("no RELRO")
    if re.search(r"GNU_STACK.*RWE", segments):
        found.append("its stack is executable")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        found.append("it searches libraries in a path of its own")
    if "__stack_chk_fail" not in readelf(path, "--dyn-syms"):
        found.append("no stack protector")
    return [f"{name}: {text}" for text in found]


def strangers(path, allowed):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", readelf(path, "-d"))
    return [f"{os.path.basename(path)} links {library}" for library in needed
            if not C_LIBRARY.match(library) and not re.match(allowed, library)]


def links_all_drivers(path):
    symbols = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    return re.search(r" [tT] sql_driver_find$", symbols, re.MULTILINE) is not None


def drivers():
    """The table of drivers for users' databases, and by it their client libraries, are in sluice-sql and nowhere else."""
    linked = [name for name in LIBRARIES if links_all_drivers(os.path.join(tap.BUILD, "src/main", name))]
    return [] if linked == ["sluice-sql"] else [f"the drivers are linked by {linked}"]


def check(name):
    path = os.path.join(tap.BUILD, "src/main", name)
    if not os.path.exists(path):
        return [f"{path} is not built"]
    return weaknesses(path) + strangers(path, LIBRARIES[name])


def refuses():
    with tap.tree({"a.c": "#include <stdio.h>\nint main(void) { puts(\"a\"); return 0; }\n"}) as root:
        path = os.path.join(root, "a")
        subprocess.run(["gcc", "-no-pie", "-z", "execstack", "-z", "norelro", "-z", "lazy", "-fno-stack-protector",
                        "-Wl,-rpath,/nowhere", "-Wl,--no-as-needed", path + ".c", "-o", path, "-lmicrohttpd"], check=True,
                       capture_output=True)
        found = weaknesses(path) + strangers(path, LIBRARIES["sluice"])
    return [] if len(found) == 7 else found


tap.run([(f"{name} is hardened and links what it may", lambda n=name: check(n)) for name in LIBRARIES] +
        [("the drivers of users' databases are in sluice-sql alone", drivers),
         ("a program without any protection is refused for each reason", refuses)])
