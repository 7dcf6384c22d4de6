#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 60
"""The test runner counts what happened: a test that says nothing, stops early, hangs or crashes is a failure."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import run_tests  # noqa: E402

STREAMS = [
    ("a clean stream", "ok 1 a\nok 2 b\n1..2\n", 0, (2, 0, 0)),
    ("a failure", "ok 1 a\nnot ok 2 b\n1..2\n", 1, (1, 1, 0)),
    ("a skipped test", "1..2\nok 1 a\nok 2 b # SKIP no root\n", 0, (1, 0, 1)),
    ("a whole file skipped", "1..0 # SKIP no database\n", 0, (0, 0, 1)),
    ("a crash after the last result", "ok 1 a\n1..1\n", -11, (1, 1, 0)),
    ("an end before the plan", "ok 1 a\n", 0, (1, 1, 0)),
    ("fewer results than planned", "1..3\nok 1 a\n", 0, (1, 1, 0)),
    ("no output", "", 0, (0, 1, 0)),
    ("a bail-out", "1..1\nok 1 a\nBail out! broken\n", 1, (1, 1, 0)),
]

SH = "#!/bin/sh\n"
# Does what a sanitizer in some child process would do: leaves a report where the options say.
REPORTS = SH + 'echo broken > "${ASAN_OPTIONS##*log_path=}.1"; echo ok 1 a; echo 1..1\n'
FILES = {
    "test/house/good.test.sh": SH + "echo ok 1 a; echo ok 2 b; echo 1..2\n",
    "test/house/hangs.test.sh": SH + "# timeout: 1\necho ok 1 a; echo 1..1; exec sleep 1000\n",
    "test/house/plain.test.sh": SH + "# sanitizers: no\necho ok 1 a; echo 1..1\n",
    "test/wire/bad.test.py": "print('not ok 1 wrong')\nprint('1..1')\nraise SystemExit(1)\n",
    "b/meson-info/intro-tests.json": "[]",
    # A run of all wire tests ends with the coverage of the API.
    "scripts/coverage.py": "print('ok 1 covered')\nprint('1..1')\n",
}


def counts(text, code, expected):
    found = run_tests.parse_tap(text, code)
    return [] if found[:3] == expected else [f"counted {found}"]


def run(files, *options, **extra):
    with tap.tree(files) as root:
        result = subprocess.run([sys.executable, "-B", os.path.join(tap.SOURCE, "scripts/run_tests.py"), "--source",
                                 root, "--build", os.path.join(root, "b"), *options], capture_output=True, text=True,
                                check=False, timeout=50, env={**os.environ, **extra})
    return result.returncode, result.stdout.splitlines()[-1]


def expect(files, options, code, line, **extra):
    found = run(files, *options, **extra)
    return [] if found == (code, line) else [f"ended with {found}"]


tap.run([(f"{about} counts as {expected}", lambda t=text, c=code, e=expected: counts(t, c, e))
         for about, text, code, expected in STREAMS] +
        [("a hanging file is ended and counts as failed",
          lambda: expect(FILES, ["--filter", "hangs"], 1, "1 passed, 2 failed")),
         ("everything is found and added up", lambda: expect(FILES, [], 1, "5 passed, 3 failed")),
         ("a chosen suite runs alone", lambda: expect(FILES, ["--filter", "good"], 0, "2 passed, 0 failed")),
         ("what is not for sanitizers is left out of their pass",
          lambda: expect(FILES, ["--filter", "plain", "--sanitized"], 1, "0 passed, 0 failed")),
         ("a sanitizer's report fails a test that says it passed",
          lambda: expect({**FILES, "test/wire/leaks.test.sh": REPORTS}, ["--filter", "leaks", "--sanitized"], 1,
                         "1 passed, 1 failed")),
         ("without npm the tests of the vendor's clients count as skipped, the others run, and the coverage is not judged",
          lambda: expect({"test/house/good.test.sh": FILES["test/house/good.test.sh"], "b/meson-info/intro-tests.json": "[]",
                          "test/wire/calls.test.mjs": "throw new Error('must not run')\n",
                          "scripts/coverage.py": "raise SystemExit(1)\n"}, [], 0, "2 passed, 0 failed, 1 skipped",
                         SLUICE_WITHOUT_CLIENTS="no npm")),
         ("nothing run is no success", lambda: expect(FILES, ["--suites", "none"], 1, "0 passed, 0 failed"))])
