#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/configuration.md has every option of sluiced with the value, the default and the limits of the table in src/main/config.c; its files are accepted; and
where another page names an option with a default, it is the same."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages  # noqa: E402
import tap  # noqa: E402

PAGE = "docs/configuration.md"
ROW = re.compile(r'\{ "([a-z-]+)",\s*OPTION_(TEXT|NUMBER|SWITCH|LIST),\s*AT\(\w+\),\s*([\w]+),\s*([\w]+),\s*(NULL|"[^"]*"),\s*(NULL|"[^"]*"),')
HEAD = "| Option | Value | Default | Limits |"
NUMBERS = {"INT32_MAX": str(2**31 - 1)}
ELSEWHERE = re.compile(r"^\| `--([a-z-]+)(?: [A-Z]+)?` \| ([^|]+) \|", re.MULTILINE)


def table():
    """Option -> (value, default, limits), as the page has to write them."""
    found = {}
    for name, kind, low, high, preset, value in ROW.findall(pages.text_of(tap.SOURCE, "src/main/config.c")):
        preset = None if preset == "NULL" else preset[1:-1]
        cells = ("switch" if kind == "SWITCH" else f"`{value[1:-1]}`",
                 "off" if kind == "SWITCH" else f"`{preset}`" if preset else "none",
                 f"{NUMBERS.get(low, low)} to {NUMBERS.get(high, high)}" if kind == "NUMBER" else "")
        found[name] = cells
    return found


def documented(text):
    found = {}
    for rows in re.findall(rf"^{re.escape(HEAD)}.*\n\| ---.*\n((?:\|.*\n)*)", text, re.MULTILINE):
        for row in rows.splitlines():
            name, *cells = [cell.strip().replace("\0", "|") for cell in row.replace("\\|", "\0").strip("|").split("|")]
            found[name.strip("`")] = tuple(cells)
    return found


def differences(text):
    options, rows = table(), documented(text)
    found = [f"{PAGE} lacks {name}; its row begins | `{name}` | {' | '.join(cells)} |" for name, cells in options.items() if name not in rows]
    found += [f"{PAGE} has {name}, which is no option" for name in rows if name not in options]
    for name, cells in options.items():
        if name in rows and rows[name][:3] != cells:
            found.append(f"{PAGE}: {name} has {rows[name][:3]}, the table of options {cells}")
    return found + [f"{PAGE} does not say what {name} is for" for name, cells in rows.items() if len(cells) != 4 or len(cells[3]) < 10]


def every_option():
    """The rows were read as the program has them, too."""
    said = subprocess.run([os.path.join(tap.BUILD, "src/main/sluiced"), "--help"], check=True, capture_output=True, text=True, timeout=30).stdout
    names = set(re.findall(r"^  --([a-z-]+)", said, re.MULTILINE)) - {"config"}
    return [f"{name} was not found in src/main/config.c" for name in sorted(names ^ set(table()))] + differences(pages.text_of(tap.SOURCE, PAGE))


def files():
    found, count = [], 0
    for page in pages.pages(tap.SOURCE):
        for info, content in pages.blocks(pages.text_of(tap.SOURCE, page)):
            if info == "ini" and "[sluiced]" in content:
                count += 1
                with tap.tree({"sluiced.conf": content}) as root:
                    done = subprocess.run([os.path.join(tap.BUILD, "src/main/sluiced"), "--config", os.path.join(root, "sluiced.conf"), "--help"],
                                          capture_output=True, text=True, timeout=30, check=False)
                found += [f"{page}: {done.stderr.strip()}"] if done.returncode else []
    return found + ([] if count else ["no file was found"])


def elsewhere():
    options, count, found = table(), 0, []
    for page in pages.pages(tap.SOURCE):
        for name, default in ELSEWHERE.findall(pages.text_of(tap.SOURCE, page)):
            count += 1
            if default.strip(" `") != options[name][1].strip("`"):
                found.append(f"{page}: the default of {name} is {options[name][1]}, not {default}")
    return found + ([] if count >= 4 else [f"only {count} rows were found"])


def refuses():
    text = pages.text_of(tap.SOURCE, PAGE)
    bad = re.sub(r"^\| `grace`.*\n", "", text, flags=re.MULTILINE).replace("| 8 to 20000 |", "| 8 to 2000 |").replace("| `zh` | |", "| `en` | |")
    bad = bad.replace("| `access-log` | switch | off |", "| `acces-log` | switch | off |")
    found = differences(bad)
    words = ["lacks grace", "lacks access-log", "has acces-log", "connections-max has", "language has"]
    return [] if len(found) == len(words) and all(word in line for word, line in zip(words, found)) else found


tap.run([("every option stands on the page, with value, default and limits", every_option),
         ("the files of the pages are accepted", files),
         ("defaults on other pages are the same", elsewhere),
         ("missing, unknown and wrong rows are refused", refuses)])
