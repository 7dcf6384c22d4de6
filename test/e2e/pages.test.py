#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""Every example of README and docs/ that says `sh example` runs as it is printed; README's quick start on a server that is started as printed, too."""

import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"), os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "house")]
import examples as book  # noqa: E402
import tap  # noqa: E402


def trials(place, page):
    return [(example.name(), lambda example=example: place.run(example)) for example in book.examples(page)[1]]


def refuses(place):
    """An example that fails in its middle, and one that prints something else."""
    fails = place.run(book.Example("x", 1, "true\nfalse\ntrue\n", None))
    order = place.run(book.Example("x", 2, "echo b 1  x; echo a\n", "a\nb …\n"))
    right = place.run(book.Example("x", 3, "echo b 1  x; echo; echo a\n", "b … x\na\n"))
    return [] if fails == ["ended with 1"] and order[:1] == ["did not print: b …"] and not right else [str(fails), str(order), str(right)]


def main():
    quick, shared = book.Place("quick"), book.Place("pages")
    command, _ = book.examples("README.md")
    tests = [("README: the server starts as printed", lambda: quick.serve_as_printed(command)), *trials(quick, "README.md"),
             ("and is stopped", lambda: [] if quick.server.stop_all() == 0 else ["--stop-all failed"]),
             ("a server for the other pages", lambda: shared.server.start() and None)]
    for page in book.pages_with_examples():
        tests += trials(shared, page) if page != "README.md" else []
    tests.append(("an example that fails, or prints something else, is told", lambda: refuses(shared)))
    tests.append(("and it is stopped", lambda: [] if shared.server.stop_all() == 0 else ["--stop-all failed"]))
    tap.run(tests)


if __name__ == "__main__":
    main()
