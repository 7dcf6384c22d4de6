#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone: it includes what it needs."""

import concurrent.futures
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import house  # noqa: E402

PACKAGES = ["glib-2.0", "jansson"]


def flags(root):
    found = subprocess.run(["pkg-config", "--cflags", *PACKAGES], check=True, capture_output=True, text=True)
    places = [os.path.join(root, "src"), os.path.join(tap.BUILD, "src")]
    return ["-I" + place for place in places] + found.stdout.split()


def compile_alone(root, path, options):
    """What the compiler says about a file that includes this header twice and nothing else."""
    line = f'#include "{os.path.relpath(path, "src")}"\n'
    result = subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused",
                             "-Wno-unused-parameter", "-fsyntax-only", "-x", "c", "-", *options], input=line * 2,
                            capture_output=True, text=True, check=False)
    return result.stderr.splitlines()[:10] if result.returncode else []


def check(root):
    options = flags(root)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        paths = house.walk(root, "src", (".h",))
        return [line for lines in pool.map(lambda path: compile_alone(root, path, options), paths) for line in lines]


def refuses(text):
    with tap.tree({"src/core/a.h": text}) as root:
        return [] if check(root) else ["the header passes"]


tap.run([("every header compiles alone", lambda: check(tap.SOURCE)),
         ("a header that lacks an include is refused", lambda: refuses("#pragma once\nbool f(void);\n")),
         ("a header without a guard is refused", lambda: refuses("struct a { int b; };\n"))])
