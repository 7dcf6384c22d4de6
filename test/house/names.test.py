#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README, CONTRIBUTING and docs/ name is there: targets and variables of the Makefile, files of the source, options, variables of the environment; and
the numbers of operations are those of spec/."""

import functools
import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages  # noqa: E402
import tap  # noqa: E402

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
PLACE = re.compile(r"(?<![\w./-])((?:\.ci|docs|scripts|spec|src|test)/[\w.*/-]*)")
ENVIRONMENT = re.compile(r"\bSLUICE_[A-Z_]+")
# What make itself, or a program that it starts, takes from the environment.
OUTSIDE_MAKE = {"CC"}
# Options of programs that are not ours.
FOREIGN = re.compile(r"^(aliyun|apt-get|curl|journalctl|meson|systemctl)\b|^--(force|insecure)$")
WORDS = {"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15}


def read(root, page):
    """A page, and the code in it: lines of blocks, and code inside sentences. The changelog tells of what is gone, too."""
    text = pages.text_of(root, page)
    return text, [content for _, content in pages.blocks(text)] + pages.spans(text)


def told(root):
    return [page for page in pages.pages(root) if page != "CHANGELOG.md"]


# ---- make ----

def makefile(root):
    text = pages.text_of(root, "Makefile")
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE)), set(re.findall(r"\b([A-Z_]+)(?=[,)]| \?=)", text))


def make_breaches(root):
    targets, variables = makefile(root)
    found = []
    for page in told(root):
        for code in read(root, page)[1]:
            for line in re.findall(r"(?:^|[`(;&]|sudo )\s*make\b([^\n;&#`]*)", code, re.MULTILINE):
                for word in line.split():
                    name, is_variable, _ = word.partition("=")
                    if name not in (variables | OUTSIDE_MAKE if is_variable else targets):
                        found.append(f"{page} says make {word}, which the Makefile has not")
    return found


# ---- files of the source ----

def place_breaches(root):
    """Capital letters stand for any name (`test/unit/FOLDER/NAME_test.c`)."""
    found = []
    for page in told(root):
        for code in read(root, page)[1]:
            for place in PLACE.findall(code):
                pattern = re.sub(r"\b[A-Z]{2,}(?=[/_.]|$)", "*", place.rstrip("."))
                if not os.path.exists(os.path.join(root, place)) and not glob.glob(os.path.join(root, pattern)):
                    found.append(f"{page} speaks of {place}, which is not there")
    return found


# ---- options ----

@functools.cache
def help_of(program, *words):
    path = os.path.join(tap.BUILD, "src/main", program)
    return subprocess.run([path, *words, "--help"], check=True, capture_output=True, text=True, timeout=30).stdout


@functools.cache
def forms():
    """(group, word) of each command of sluice; word is empty where there is none."""
    lines = re.findall(r"^  sluice (\w+)(?: ([a-z]+))?", help_of("sluice").split("Options")[0], re.MULTILINE)
    return [(group, word or "") for group, word in lines]


@functools.cache
def all_options():
    text = help_of("sluiced") + help_of("sluice-supervisor") + "".join(help_of("sluice", *filter(None, form)) for form in forms())
    for folder, _, names in os.walk(os.path.join(tap.SOURCE, "scripts")):
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                text += "".join(re.findall(r'"--[a-z-]+"|^ *--[a-z-]+\)', file.read(), re.MULTILINE))
    return set(OPTION.findall(text))


def form_breaches(code):
    """`sluice run list [FLOW]`, `sluice key enable|disable KEY`: the command is there, and has the options."""
    program, *words = code.split()
    words = [word for word in words if word != "…"]
    if program in ("sluiced", "sluice-supervisor"):
        return [f"{option} is no option of {program}" for option in OPTION.findall(code) if option not in OPTION.findall(help_of(program))]
    names = [word for word in words if re.fullmatch(r"[a-z|]+", word)]
    chosen = [form for form in forms() if names and form[0] == names[0] and (not form[1] or len(names) < 2 or form[1] in names[1].split("|"))]
    if names and not chosen:
        return [f"sluice has no command {' '.join(names[:2])}"]
    known = set(OPTION.findall("".join(help_of("sluice", *filter(None, form)) for form in chosen) or help_of("sluice")))
    return [f"{option} is no option of {program} {' '.join(names[:2])}" for option in OPTION.findall(code) if option not in known]


def option_breaches(root):
    found = []
    for page in told(root):
        for code in pages.spans(pages.text_of(root, page)):
            if FOREIGN.match(code):
                continue
            if re.match(r"(sluice|sluiced|sluice-supervisor) ", code):
                found += [f"{page}: `{code}`: {text}" for text in form_breaches(code)]
            else:
                found += [f"{page}: {option} is an option of nothing of ours" for option in OPTION.findall(code) if option not in all_options()]
    return found


# ---- variables of the environment, numbers ----

def environment_breaches(root):
    known = set()
    for folder in ("src", "scripts", "Makefile"):
        for path in [os.path.join(root, folder)] if os.path.isfile(os.path.join(root, folder)) else glob.glob(os.path.join(root, folder, "**"), recursive=True):
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    known |= set(ENVIRONMENT.findall(file.read()))
    return [f"{page}: nothing reads or sets {name}" for page in told(root) for name in sorted(set(ENVIRONMENT.findall(read(root, page)[0]))) if name not in known]


def number_breaches(root):
    text = re.sub(r"\s+", " ", pages.text_of(root, "README.md"))
    said = re.search(r"All (\d+) operations of the task-orchestration API, and (\w+) of ours", text)
    counts = [len(json.loads(pages.text_of(root, f"spec/{name}.json"))["operations"]) for name in ("operations", "extensions")]
    if not said or [int(said.group(1)), WORDS.get(said.group(2))] != counts:
        return [f"README does not say that there are {counts[0]} operations and {counts[1]} of ours: {said and said.group(0)}"]
    return []


# ---- ----

def refuses():
    bad = {"Makefile": "BUILD ?= build\nall:\n\tx $(or $(MINUTES),1)\n", "scripts/there.sh": "",
           "README.md": "`make all BUILD=x CC=clang`, `make al`, `make all BILD=y` `MAKE=1`\n```\nmake al2 && make all MINUTES=1  # make nothing\n```\n",
           "docs/cli.md": "`scripts/there.sh`, `scripts/gone.sh`, `scripts/NAME.sh`, `test/NAME.sh` `--nonsense` `sluice run strat` `sluice run show --node`\n"
                        "`sluice run log --node N` `sluiced --datum` SLUICE_NOBODY\n"}
    with tap.tree(bad) as root:
        found = make_breaches(root) + place_breaches(root) + option_breaches(root) + environment_breaches(root)
    expected = ["README.md says make al2, which the Makefile has not", "README.md says make al, which the Makefile has not",
                "README.md says make BILD=y, which the Makefile has not", "docs/cli.md speaks of scripts/gone.sh, which is not there",
                "docs/cli.md speaks of test/NAME.sh, which is not there", "docs/cli.md: --nonsense is an option of nothing of ours",
                "docs/cli.md: `sluice run strat`: sluice has no command run strat", "docs/cli.md: `sluice run show --node`: --node is no option of sluice run show",
                "docs/cli.md: `sluiced --datum`: --datum is no option of sluiced", "docs/cli.md: nothing reads or sets SLUICE_NOBODY"]
    return [] if found == expected else found


if __name__ == "__main__":
    tap.run([("every target and variable of make that a page names is there", lambda: make_breaches(tap.SOURCE)),
             ("every file of the source that a page names is there", lambda: place_breaches(tap.SOURCE)),
             ("every option and command that a page names is one of our programs'", lambda: option_breaches(tap.SOURCE)),
             ("every variable of the environment that a page names is read or set", lambda: environment_breaches(tap.SOURCE)),
             ("README counts the operations as spec/ does", lambda: number_breaches(tap.SOURCE)),
             ("names that are not there are refused", refuses)])
