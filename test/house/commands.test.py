#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command line that pages, manuals and --help show is one that its program understands: `sluice` and `sluiced` read it themselves, far enough that
only the server is missing. What the examples do is for other tests (test/e2e/pages.test.sh)."""

import json
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages  # noqa: E402
import shell  # noqa: E402
import tap  # noqa: E402

OURS = re.compile(r"^(?:build/(?:src/main/)?)?(sluice|sluiced)$")
STARTERS = {"python3", "bash", "sh"}
SCRIPT = re.compile(r"^(?:scripts/|\.ci/)")
OPTION = re.compile(r"^--[a-z][a-z-]*")
NO_ANSWER, USAGE = 3, 2


def operations(root):
    found = {}
    for name in ("operations", "extensions"):
        for operation in json.loads(pages.text_of(root, f"spec/{name}.json"))["operations"]:
            found[operation["action"]] = [param["name"] for param in operation["params"] if param["required"]]
    return found


class Judge:
    """Programs that read a command line and have no server."""

    def __init__(self, root, scratch):
        self.root, self.scratch, self.operations = root, scratch, operations(tap.SOURCE)
        self.refuses = socket.socket()  # a port that nobody listens on
        self.refuses.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.refuses.getsockname()[1]}"
        for name, text in (("server.address", self.address + "\n"), ("credentials", "access_key_id = a\naccess_key_secret = b\n"),
                           ("config", "[sluiced]\n"), ("value", "1")):
            with open(os.path.join(scratch, name), "w", encoding="utf-8") as file:
                file.write(text)

    def run(self, program, words):
        environment = {"PATH": os.environ["PATH"], "HOME": self.scratch, "SLUICE_ENDPOINT": self.address, "ALIBABA_CLOUD_ACCESS_KEY_ID": "a",
                       "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b", "LC_ALL": "C.UTF-8"}
        # A sanitizer's settings are the build's, not the user's.
        environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        return subprocess.run([os.path.join(tap.BUILD, "src/main", program), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment,
                              cwd=self.scratch, timeout=60, check=False)

    def here(self, words):
        """Directories and files that exist only on the reader's machine."""
        out = list(words)
        for index, word in enumerate(words):
            if index and words[index - 1] in ("--data", "--config"):
                out[index] = self.scratch if words[index - 1] == "--data" else os.path.join(self.scratch, "config")
            elif re.match(r"\w+=@[^@]", word):
                out[index] = word.partition("=")[0] + "=@" + os.path.join(self.scratch, "value")
        return out

    def call(self, words):
        given = [word.partition("=")[0] for word in words if "=" in word and not word.startswith("-")]
        action = next((word for word in words[words.index("call") + 1:] if re.fullmatch(r"[A-Z]\w+", word)), None)
        if action is None:
            return []
        if action not in self.operations:
            return [f"there is no operation {action}"]
        return [f"{action} needs {name}" for name in self.operations[action]
                if name not in given and not any(word.startswith(name + ".") for word in given)]

    def sluice(self, words):
        words = self.here(words)
        if "audit" in words:  # it asks no server, so what it says depends on the files; the manual's test has its options
            known = self.run("sluice", ["audit", "verify", "--help"]).stdout
            return [f"audit verify has no {word}" for word in words if word.startswith("--") and word not in known]
        found = self.call(words) if "call" in words else []
        done = self.run("sluice", words)
        wanted = 0 if {"--help", "--version"} & set(words) and done.returncode == 0 else NO_ANSWER
        return found + ([] if done.returncode == wanted else [f"sluice ends with {done.returncode}: {done.stderr.strip()}"])

    def sluiced(self, words):
        done = self.run("sluiced", [*self.here(words), "--help"])
        return [] if done.returncode == 0 else [done.stderr.strip()]

    def script(self, words):
        path = os.path.join(self.root, words[0])
        text = pages.text_of(self.root, words[0]) if os.path.isfile(path) else ""
        return [f"{words[0]} has no {word}" for word in words[1:] if OPTION.match(word) and f'"{OPTION.match(word).group(0)}"' not in text]

    def unit_test(self, words):
        path = os.path.join(tap.BUILD, words[0].removeprefix("build/"))
        if not os.path.isfile(path):
            return [f"{words[0]} is not built"]
        listed = subprocess.run([path, "-l"], capture_output=True, text=True, timeout=60, check=True).stdout.split()
        return [f"{words[0]} has no test {words[2]}"] if words[1:2] == ["-p"] and words[2] not in listed else []

    def judge(self, words):
        while words and words[0] in STARTERS:
            words = words[1:]
        ours = OURS.match(words[0]) if words else None
        if ours:
            return self.sluice(words[1:]) if ours.group(1) == "sluice" else self.sluiced(words[1:])
        if words and SCRIPT.match(words[0]):
            return self.script(words)
        if words and words[0].startswith("build/test/"):
            return self.unit_test(words)
        return []


def shown_by_pages(root):
    """(where, shell text) of each block that is a shell's. In a block without a language only lines that begin with a program of ours are."""
    begin = re.compile(r"^(?:(?:python3|bash|sudo) )?(?:build/|scripts/|\.ci/|sluice|make)\S* ?.*", re.MULTILINE)
    for page in pages.pages(root):
        for info, content in pages.blocks(pages.text_of(root, page)):
            if info.split()[:1] == ["sh"]:
                yield page, content
            elif not info:
                yield page, "\n".join(line for line in begin.findall(content) if not line.startswith("sluiced ready"))


def shown_by_manuals(root):
    for name in sorted(os.listdir(os.path.join(root, "docs/man"))):
        text = pages.text_of(root, "docs/man/" + name).replace("\\-", "-")
        for block in re.findall(r"^\.nf\n(.*?)^\.fi", text, re.MULTILINE | re.DOTALL):
            yield "docs/man/" + name, block


def shown_by_help(judge):
    overview = judge.run("sluice", ["--help"]).stdout
    forms = re.findall(r"^  sluice (\w+)(?: ([a-z]+))?", overview.split("\nOptions")[0], re.MULTILINE)
    for words in [[], *[[word for word in form if word] for form in forms]]:
        text = judge.run("sluice", [*words, "--help"]).stdout
        lines = re.findall(r"^Examples?:\n((?:  .*\n?)+)", text, re.MULTILINE)
        yield f"sluice {' '.join(words)} --help", "\n".join(line.strip() for line in "".join(lines).splitlines())


def breaches(root, shown, least):
    with tap.tree({}) as scratch:
        judge, found, count = Judge(root, scratch), [], 0
        for where, text in shown(judge) if shown is shown_by_help else shown(root):
            for words in shell.commands(text):
                count += 1
                found += [f"{where}: {' '.join(words)[:150]}: {said}" for said in judge.judge(words)]
        judge.refuses.close()
    return found + ([] if count >= least else [f"only {count} commands were found"])


def examples_of_json():
    found, count = [], 0
    for page in pages.pages(tap.SOURCE):
        for info, content in pages.blocks(pages.text_of(tap.SOURCE, page)):
            if info.split()[:1] == ["json"]:
                count += 1
                try:
                    json.loads(content)
                except ValueError as error:
                    found.append(f"{page}: {error}: {content[:60]!r}")
    return found + ([] if count >= 20 else [f"only {count} examples were found"])


def refuses():
    bad = {"README.md": "```sh\nflow=$(sluice call CreateTaskFlow DagNmae=x | cat) && sluice run strat a >b # no ' comment\n"
                        "sluice --data /nowhere run log 1 \\\n  --nod x; sluice call Nothing; sluice run show 1\n```\n"
                        "```\nsluiced --data D --nonsense\nscripts/a --no=1 --yes\nsluiced ready on http://x\n'\n```\n",
           "scripts/a": 'add("--yes")\n'}
    with tap.tree(bad) as root:
        found = breaches(root, shown_by_pages, 8)
    expected = ["CreateTaskFlow needs DagName", "DagName", "strat", "no option --nod", "no operation Nothing", "--nonsense", "scripts/a has no --no=1"]
    return [] if len(found) == len(expected) and all(part in line for part, line in zip(expected, found)) else found


tap.run([("every command line of the pages is understood", lambda: breaches(tap.SOURCE, shown_by_pages, 40)),
         ("every command line of the manuals is understood", lambda: breaches(tap.SOURCE, shown_by_manuals, 4)),
         ("every example of --help is understood", lambda: breaches(tap.SOURCE, shown_by_help, 40)),
         ("every JSON of the pages is JSON", examples_of_json),
         ("command lines that nobody understands are refused", refuses)])
