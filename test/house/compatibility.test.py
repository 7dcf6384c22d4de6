#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every decision that the code marks as proposed stands in docs/compatibility.md, and the page names no room that is gone."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("SLUICE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))


def main():
    page = (ROOT / "docs/compatibility.md").read_text("utf-8")
    named = set(re.findall(r"`((?:base|core|sql|store|exec|supervisor|engine|api|web|cli|sqlrun|main)(?:/\w+)+)`", page))
    marked = set()
    for path in sorted((ROOT / "src").glob("**/*.[ch]")):
        if "proposed" in path.read_text("utf-8"):
            marked.add(str(path.relative_to(ROOT / "src").with_suffix("")))
    missing = sorted(marked - named)
    gone = sorted(room for room in named if not (ROOT / "src" / f"{room}.c").exists())
    for room in missing:
        print(f"# {room} has a proposed decision that the page does not list")
    for room in gone:
        print(f"# the page names {room}, which is gone")
    print(("not " if missing else "") + "ok 1 every proposed decision is on the page")
    print(("not " if gone else "") + "ok 2 every room on the page exists")
    print(("" if len(marked) > 5 else "not ") + "ok 3 the marks were found")
    print("1..3")
    return 1 if missing or gone or len(marked) <= 5 else 0


if __name__ == "__main__":
    sys.exit(main())
