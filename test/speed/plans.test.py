#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""No statement of the store walks over a table that grows with flows, runs or requests.

Every constant statement of src/store is taken out of the preprocessed source and shown to EXPLAIN QUERY PLAN over the store's own schema. A SCAN is
allowed only where it is listed below, with its reason.
"""
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("SLUICE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
# Tables that stay small: one row, or as many as people register by hand.
SMALL = {"counter", "schema", "tenant"}
# (file, statement) → why it may walk.
ALLOWED = {
    ("audit.c", "WALK"): "verifies the whole chain, on request",
    ("nonces.c", "COUNT_NONCES"): "counts what is kept, at the start",
    ("nonces.c", "LIST_NONCES"): "loads what is kept, at the start",
    ("events.c", "*"): "folds every event, a check on request",
    ("runs.c", "LIST_UNFINISHED"): "walks a partial index that holds only what has not ended",
    ("run_load.c", "LIST_UNFINISHED"): "walks a partial index that holds only what has not ended",
    ("run_times.c", "LIST_TIMES"): "fills in every run once, when a store is brought up to date",
    ("backfills.c", "LIST_OPEN"): "walks a partial index that holds only rows under way, at the start",
    ("people.c", "COUNT_PEOPLE"): "stops at the first row",
    ("remains.c", "COUNT_TABLES"): "a look into a store before it is opened, once a start; the schema is small",
    ("remains.c", "COUNT_PEOPLE"): "a look into a store before it is opened, once a start",
}


def statements():
    flags = subprocess.run(["pkg-config", "--cflags", "glib-2.0", "jansson"], capture_output=True, text=True, check=True).stdout.split()
    for path in sorted((ROOT / "src/store").glob("*.c")):
        text = subprocess.run(["cc", "-E", "-P", "-D_GNU_SOURCE", f"-I{ROOT}/src", *flags, path], capture_output=True, text=True, check=True).stdout
        for name, body in re.findall(r"static const char (\w+)\[\] =\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+);", text):
            sql = "".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", body)).encode().decode("unicode_escape")
            if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", sql):
                yield path.name, name, sql


def schema():
    """The schema as the store makes it, with the migrations' scripts."""
    text = subprocess.run(["cc", "-E", "-P", "-D_GNU_SOURCE", f"-I{ROOT}/src",
                           *subprocess.run(["pkg-config", "--cflags", "glib-2.0", "jansson"], capture_output=True, text=True, check=True).stdout.split(),
                           ROOT / "src/store/migrations.c"], capture_output=True, text=True, check=True).stdout
    steps = text[text.rindex("steps[] = {"):]
    for name, body in re.findall(r"static const char (\w+)\[\] =\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+);", text):
        sql = "".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", body))
        if name == "CREATE_SCHEMA" or re.search(rf"\b{name}\b", steps):
            yield sql


def is_allowed(file, name):
    return (file, name) in ALLOWED or (file, "*") in ALLOWED


def main():
    base = sqlite3.connect(":memory:")
    for script in schema():
        base.executescript(script)
    count, problems = 0, []
    for file, name, sql in statements():
        count += 1
        try:
            numbers = [int(number) for number in re.findall(r"\?(\d+)", sql)]
            plan = base.execute("EXPLAIN QUERY PLAN " + sql, [None] * max(numbers, default=0)).fetchall()
        except sqlite3.Error as error:
            problems.append(f"{file} {name}: {error}")
            continue
        for *_, detail in plan:
            scan = re.match(r"SCAN (\w+)", detail)
            if not scan or scan.group(1) in SMALL or detail.startswith(("SCAN CONSTANT", "SCAN someone")):
                continue
            # The first row in the order of an index or of the key is no walk.
            is_first = sql.rstrip().endswith("LIMIT 1") and "ORDER BY" in sql and not any("TEMP B-TREE" in row[3] for row in plan)
            if not is_allowed(file, name) and not is_first:
                problems.append(f"{file} {name}: {detail}")
    for problem in problems:
        print(f"# {problem}")
    print(("not " if problems else "") + f"ok 1 none of {count} statements walks over a table that grows")
    print(("" if count > 150 else "not ") + "ok 2 the statements were found")
    # A test that can fail: the same look at a statement without an index.
    plan = base.execute("EXPLAIN QUERY PLAN SELECT id FROM run WHERE message = 'x'").fetchall()
    print(("" if plan[0][3].startswith("SCAN run") else "not ") + "ok 3 a statement without an index is seen")
    print("1..3")
    return 1 if problems or count <= 150 else 0


if __name__ == "__main__":
    sys.exit(main())
