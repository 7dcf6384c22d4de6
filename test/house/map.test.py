#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/ARCHITECTURE.md names every room of src, and no room that is gone."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("SLUICE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))


def main():
    page = (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8")
    table = page[page.index("### Rooms"):page.index("Foreign libraries")]
    rooms = {path.stem for path in (ROOT / "src").rglob("*.c")}
    rows = re.findall(r"^\| *[\w/]* *\| ([^|]*) \|", table, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    headers = {path.stem for path in (ROOT / "src").rglob("*.h")}
    missing, gone = sorted(rooms - named), sorted(named - rooms - headers)
    for room in missing:
        print(f"# the map does not show {room}")
    for room in gone:
        print(f"# the map shows {room}, which is gone")
    print(("not " if missing else "") + f"ok 1 the map shows each of {len(rooms)} rooms")
    print(("not " if gone else "") + "ok 2 it shows nothing that is gone")
    print(("" if len(rooms) > 100 else "not ") + "ok 3 the rooms were found\n1..3")
    return 1 if missing or gone or len(rooms) <= 100 else 0


if __name__ == "__main__":
    sys.exit(main())
