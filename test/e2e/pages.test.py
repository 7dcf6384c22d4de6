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
    """One test for each example; the first one runs them all."""
    page_examples, found = book.examples(page)[1], {}

    def breaches(number):
        if not found:
            found.update(place.run(page_examples))
        return found[number]
    return [(example.name(), lambda example=example: breaches(example.number)) for example in page_examples]


def refuses(place):
    """An example that fails in its middle, and one that prints something else."""
    found = place.run([book.Example("x", 1, "value=1; echo b $value  x; echo a\n", "a\nb …\n"), book.Example("x", 2, "echo b $value  x; echo; echo a\n", "b 1 x\na\n"),
                       book.Example("x", 3, "true\nfalse\ntrue\n", None), book.Example("x", 4, "true\n", None)])
    wanted = {1: ["did not print: b …", "b 1 x", "a"], 2: [], 3: ["ended with 1"], 4: ["an example before it has failed"]}
    return [] if found == wanted else [str(found)]


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
