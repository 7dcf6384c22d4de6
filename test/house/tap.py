# SPDX-License-Identifier: Apache-2.0
"""TAP for tests written in Python, and small trees of files for them to work on."""

import contextlib
import os
import sys
import tempfile
import traceback

SOURCE = os.environ.get("SLUICE_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SLUICE_BUILD") or os.path.join(SOURCE, "build")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "scripts"))


class Skip(Exception):
    """Raised by a test that can not run here; the text says why."""


@contextlib.contextmanager
def tree(files):
    """A temporary folder that holds the given files (path -> text)."""
    with tempfile.TemporaryDirectory(prefix="sluice-house-", dir="/var/tmp") as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        yield root


def run(tests):
    """Runs (name, function) pairs. A function fails by an exception, or by returning a list of breaches."""
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            breaches = function()
            lines = breaches or []
        except Skip as reason:
            print(f"ok {number} {name} # SKIP {reason}")
            continue
        except Exception:  # noqa: every exception is this test's failure
            lines = traceback.format_exc().splitlines()
        print(f"{'not ' if lines else ''}ok {number} {name}")
        for line in lines:
            print(f"# {line}")
        failed += bool(lines)
        sys.stdout.flush()
    print(f"1..{len(tests)}")
    sys.exit(1 if failed else 0)
