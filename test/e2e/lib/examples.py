# SPDX-License-Identifier: Apache-2.0
"""The examples of the pages, as they are printed, on a server of the test's own.

The blocks ```sh example of a page run one after the other in one shell, as a reader's would, which ends at the first command that fails; ```sh server is a
command that serves until it is ended.
```text output behind an example has lines that it prints, in this order; others may stand between them, and … stands for anything."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TEST = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TEST, "fault", "lib"), os.path.join(TEST, "house")]
import pages  # noqa: E402
from server import BUILD, PATIENCE, SOURCE, Server  # noqa: E402

DATA, ADDRESS = "/var/lib/sluice", "127.0.0.1:8080"  # as the pages print them


class Example:
    def __init__(self, page, number, text, output):
        self.page, self.number, self.text, self.output = page, number, text, output

    def name(self):
        return f"{self.page}: example {self.number} runs as printed" + (" and prints what it says" if self.output else "")


def examples(page):
    """(server command or None, examples) of a page."""
    found, server = [], None
    for info, content in pages.blocks(pages.text_of(SOURCE, page)):
        if info == "sh server":
            server = content.strip()
        elif info == "sh example":
            found.append(Example(page, len(found) + 1, content, None))
        elif info == "text output":
            found[-1].output = content
    return server, found


def pages_with_examples():
    return [page for page in pages.pages(SOURCE) if re.search(r"^```sh example$", pages.text_of(SOURCE, page), re.MULTILINE)]


class Place:
    """A folder that looks as the pages assume: build/ in it, a directory for databases, the programs on the PATH."""

    def __init__(self, name):
        self.server = Server(name)
        os.symlink(BUILD, os.path.join(self.server.scratch, "build"))

    def here(self, text):
        """The reader's directories become the test's."""
        return text.replace(DATA, self.server.data).replace("/srv/data", self.server.space).replace(ADDRESS, f"127.0.0.1:{self.server.port}")

    def serve_as_printed(self, command):
        """Uids are the test's own, so that others on this machine stay apart, and so is the key."""
        more = self.server.arguments[self.server.arguments.index("--server-uid"):] if "--server-uid" in self.server.arguments else []
        words = self.here(command).split()
        program = os.path.join(self.server.scratch, words[0])
        self.server.command = lambda *arguments: [program, *(words[1:] + more if "--listen" in arguments else ["--data", self.server.data, *arguments])]
        self.server.start()

    def run(self, page_examples):
        """Number of an example -> breaches."""
        mark = f"=== {os.urandom(8).hex()} "
        text = "".join(f"echo '{mark}{example.number}'\n{self.here(example.text)}" for example in page_examples)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SLUICE_ENDPOINT", "SLUICE_ZONE", "ALIBABA"))}
        environment.update(PATH=os.path.join(BUILD, "src", "main") + ":" + os.environ["PATH"], HOME=self.server.scratch, LC_ALL="C.UTF-8", TZ="Asia/Shanghai")
        script = os.path.join(self.server.scratch, "example.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(["sh", "-eu", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=200 * PATIENCE, check=False, env=environment, cwd=self.server.scratch)
        printed = dict(part.split("\n", 1) for part in done.stdout.split(mark)[1:])
        last, found = max(map(int, printed), default=0), {}
        for example in page_examples:
            said = printed.get(str(example.number))
            if said is None:
                found[example.number] = ["an example before it has failed"]
            elif done.returncode != 0 and example.number == last:
                found[example.number] = [f"ended with {done.returncode}", *said.splitlines()]
            else:
                found[example.number] = missing(self.here(example.output or ""), said)
        return found


def missing(wanted, printed):
    """Lines that are not there in this order. Blanks between words are as many as they like, since tables have the width of what is in them."""
    lines, found = [" ".join(line.split()) for line in printed.splitlines()], []
    for line in wanted.splitlines():
        pattern = re.escape(" ".join(line.split())).replace("…", ".*")
        at = next((index for index, said in enumerate(lines) if re.fullmatch(pattern, said)), None)
        if at is None:
            found.append(f"did not print: {line}")
        else:
            lines = lines[at + 1:]
    return found + (printed.splitlines() if found else [])
