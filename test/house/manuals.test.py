#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`--help` and the manual of each program name the same options, with the same presets and choices, and the same commands."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
PRESET = re.compile(r"\(([\w.:/|-]+)(?: as root)?\)$", re.MULTILINE)


def help_of(program, *words):
    path = os.path.join(tap.BUILD, "src/main", program)
    return subprocess.run([path, *words, "--help"], check=True, capture_output=True, text=True, timeout=30).stdout


def entries_of(text):
    """Option -> what --help says of it; several options may share an entry."""
    found = {}
    for line in re.findall(r"^ {2,6}((?:-\w, )?--[a-z].*(?:\n {20,}\S.*)*)", text, re.MULTILINE):
        names = re.split(r" {2,}", line)[0]
        found.update({name: line for name in OPTION.findall(names)})
    return found


def manual(name):
    """The page's text, without its macros and fonts; the arguments of a macro become one line."""
    lines = []
    with open(os.path.join(tap.SOURCE, "docs/man", name), encoding="utf-8") as file:
        for line in file.read().replace("\\-", "-").splitlines():
            line = re.sub(r"\\f.", "", line)
            if line.startswith((".SH", ".TP")):
                lines.append(line)
            elif line.startswith('.\\"'):
                continue
            else:
                lines.append(join_arguments(line) if re.match(r"\.[BIR]{1,2} ", line) else line)
    return "\n".join(lines)


def join_arguments(line):
    macro, rest = line.split(" ", 1)
    words = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', rest)]
    return (" " if len(macro) == 2 else "").join(words)


def section(page, name):
    found = re.search(rf"^\.SH {name}\n(.*?)(?=^\.SH |\Z)", page, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def differences(program, said, written):
    return ([f"{program} --help has {option}, its manual has not" for option in sorted(said - written)] +
            [f"the manual of {program} has {option}, --help has not" for option in sorted(written - said)])


def daemon(program, page):
    """An internal or serving program: one list of options, each with its preset."""
    entries = entries_of(help_of(program))
    options = section(manual(page), "OPTIONS")
    found = differences(program, set(entries), set(OPTION.findall(tags(options))))
    for name, text in entries.items():
        preset = PRESET.search(text)
        entry = next((part for part in options.split(".TP\n") if name in OPTION.findall(part.split("\n", 1)[0])), "")
        if preset and not re.search(rf"(?<![\w.]){re.escape(preset.group(1))}(?![\w])", entry.split("\n", 1)[-1]):
            found.append(f"the manual of {program} does not say that {name} is {preset.group(1)} by itself")
    return found


def tags(text):
    return "\n".join(part.split("\n", 1)[0] for part in text.split(".TP\n")[1:])


def commands():
    return [(group, word) for group, word in re.findall(r"^  sluice (\w+) (\w+)", help_of("sluice").split("Options")[0], re.MULTILINE)]


def client():
    """The command line: options of all its commands, and the commands."""
    said = set(OPTION.findall(help_of("sluice").split("Options, ")[1].split("\n\n")[0]))
    page = manual("sluice.1")
    listed = set()
    for words in commands():
        words = words[:1] if words[0] == "call" else words
        said |= set(entries_of(help_of("sluice", *words).split("\nOptions:")[1]))
    for line in tags(section(page, "COMMANDS")).splitlines():
        group, word = re.match(r"(\w+) ([\w|]+)", line).groups()
        listed |= {(group, each) for each in word.split("|")}
    written = set(OPTION.findall(page))
    missing = {" ".join(c) for c in set(commands()) ^ listed}
    return differences("sluice", said, written) + [f"only one of --help and sluice.1 has the command {name}" for name in sorted(missing)]


def exits(program, page):
    """Exit codes: the numbers that --help names are those of the manual."""
    text = help_of(program)
    said = set(re.findall(r"(?:[:;,]|\n)\s*(\d{1,2}) ", text[text.index("Exit codes:"):].split("\n\n")[0]))
    text = re.sub(r"\.TP\n", "", section(manual(page), "EXIT STATUS"))
    written = set(re.findall(r"(?:^|; )(\d{1,2})(?= |$)", text, re.MULTILINE))
    return [f"exit code {code} stands in only one of {program} --help and {page}" for code in sorted(said ^ written)]


tap.run([("sluiced: options and presets", lambda: daemon("sluiced", "sluiced.8")),
         ("sluice-supervisor: options and presets", lambda: daemon("sluice-supervisor", "sluice-supervisor.8")),
         ("sluice: options and commands", client),
         ("sluiced: exit codes", lambda: exits("sluiced", "sluiced.8")),
         ("sluice: exit codes", lambda: exits("sluice", "sluice.1"))])
