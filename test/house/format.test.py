#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C file looks as clang-format writes it. Another major version than Debian 12's writes otherwise."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import house  # noqa: E402


def need_version_14():
    if not shutil.which("clang-format"):
        raise tap.Skip("clang-format is not installed")
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    if not re.search(r"version 14\.", version):
        raise tap.Skip(f"another version: {version.strip()}")


def badly_formatted(root):
    need_version_14()
    paths = [path for below in ("src", "test") for path in house.walk(root, below, (".c", ".h"))
             if not house.is_generated(house.read(root, path))]
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=root, capture_output=True, text=True,
                            check=False)
    if result.returncode == 0:
        return []
    return sorted(set(re.findall(r"^(\S+?:\d+):\d+: error", result.stderr, re.MULTILINE))) or [result.stderr]


def refuses():
    style = house.read(tap.SOURCE, ".clang-format")
    with tap.tree({".clang-format": style, "src/core/a.c": "int  a( void ){return 1;}\n"}) as root:
        return [] if badly_formatted(root) else ["a badly formatted file passes"]


tap.run([("every C file is formatted", lambda: badly_formatted(tap.SOURCE)),
         ("a badly formatted file is refused", refuses)])
