#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the source and the pages cite of docs/spec is there: "behaviour §2.3" is a section of behaviour.md, "reliability G10" a mark of reliability.md, and
"reliability, Audit" a heading or words of it. A bare "§2.4" is of the page that was named last. And the page of operations has every operation of spec/."""

import functools
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages  # noqa: E402
import tap  # noqa: E402
import house  # noqa: E402

FOLDER = "docs/spec"
NAMES = "operations|behaviour|protocol|reliability"
# A page by its file's name, or by its word with a place behind it; a section; sections of other people's documents, which are skipped.
TOKEN = re.compile(rf'(?P<other>\bRFC \d+,?\s+§[\d.]+)|(?<![\w-])(?P<page>{NAMES})(?:\.md\b|(?=`?,?\s+(?:§|[RGT]\d|AuthN\b|")))`?'
                   r"|(?:(?P<word>\w+(?:\.md)?)`?,?\s+)?§(?P<section>\d+(?:\.\d+)*)")
JOINING = {"and", "by", "from", "in", "of", "or", "see", "to"}
BARE = re.compile(rf"(?<![\w-])(?:{NAMES})\.md`?,?\s+(?:section\s+)?\d")
# What stands behind "reliability": marks, quoted words, headings, joined by commas.
TAIL = re.compile(r'[,:]?\s+((?:table\s+)?(?:"[^"]*"|[RGT]\d+|AuthN[^,;:)."]*|[A-Z][^,;:)."]*)(?:,\s+(?:"[^"]*"|[RGT]\d+|AuthN[^,;:)."]*|[A-Z][^,;:)."]*))*)')
SUFFIXES = (".c", ".h", ".py", ".mjs", ".js", ".sh", ".sql", ".build", ".json")


def flat(text):
    return re.sub(r"\s+", " ", text)


@functools.cache
def places(text):
    """(section numbers, marks, headings without numbers) of a page."""
    headings = [re.sub(r" \([^)]*\)$", "", heading) for heading in re.findall(r"^#+ (.*?)\s*$", text, re.MULTILINE)]
    sections = {match.group(1) for match in (re.match(r"(\d+(?:\.\d+)*)\.? ", heading) for heading in headings) if match}
    return sections, set(re.findall(r'<a id="([^"]+)">', text)), set(headings)


def section_text(text, heading):
    body = re.split(rf"^#+ {re.escape(heading)}.*$", text, maxsplit=1, flags=re.MULTILINE)[-1]
    return re.split(r"^## ", body, maxsplit=1, flags=re.MULTILINE)[0]


def stands_in(text, place):
    """Is there such a place on the page of reliability?"""
    _, marks, headings = places(text)
    place = re.sub(r"^table ", "", flat(place).strip())
    numbered = re.fullmatch(r"AuthN(?: rule)? (\d+)", place)
    if numbered or re.fullmatch(r"[RGT]\d+", place):
        return (f"AuthN-{numbered.group(1)}" if numbered else place) in marks
    if place.startswith('"'):
        return place.strip('"') in flat(text)
    heading, number = re.fullmatch(r"(.*?)(?: (\d+))?", place).groups()
    return heading in headings and (not number or re.search(rf"^{number}\. ", section_text(text, heading), re.MULTILINE))


def citations(text):
    """(position, page, place) of each; the page is None where nothing says it, or a word that is no page. A place that is no section is what stands behind
    "reliability"."""
    page = None
    for match in TOKEN.finditer(text):
        if match.group("page"):
            page = match.group("page")
            tail = TAIL.match(text, match.end()) if page == "reliability" else None
            for place in re.split(r',\s+(?=["A-Z])', tail.group(1)) if tail else []:
                yield match.start(), page, place
        elif match.group("section"):
            word = match.group("word")
            known = word is None or word in JOINING or word.removesuffix(".md") in NAMES.split("|") or not re.fullmatch(r"[a-z]+(\.md)?", word)
            yield match.start(), page if known else word, "§" + match.group("section")


def breach(root, page, place):
    path = os.path.join(root, FOLDER, f"{page}.md")
    if page is None:
        return f"{place} is of no page"
    if page not in NAMES.split("|") or not os.path.isfile(path):
        return f"cites {page} {place}, and {FOLDER} has no such page"
    text = pages.text_of(root, f"{FOLDER}/{page}.md")
    is_there = place[1:] in places(text)[0] if place.startswith("§") else stands_in(text, place)
    return None if is_there else f"cites {page} {flat(place)}, which {FOLDER}/{page}.md has not"


def files(root):
    for below in ("src", "test", "scripts", "docs", ".ci"):
        for path in house.walk(root, below, ""):
            name = os.path.basename(path)
            is_text = name.endswith((*SUFFIXES, ".md")) or "." not in name
            if is_text and not os.path.samefile(os.path.join(root, path), __file__):
                yield path
    yield from (page for page in pages.pages(root) if not page.startswith("docs/"))


def breaches(root):
    found, count = [], 0
    for path in files(root):
        # Comments that go on in the next line are one text; lines keep their numbers.
        text = re.sub(r"^[ \t]*(?://|\*|#) ?", lambda match: " " * len(match.group(0)), house.read(root, path), flags=re.MULTILINE)
        said = [(position, breach(root, page, place)) for position, page, place in citations(text)]
        said += [(match.start(), f'"{flat(match.group(0))}…" is written with §') for match in BARE.finditer(text)]
        count += len(said)
        found += [f"{path}:{house.line_of(text, position)}: {what}" for position, what in sorted(said, key=lambda one: one[0]) if what]
    return found, count


def kept():
    found, count = breaches(tap.SOURCE)
    return found + ([] if count >= 200 else [f"only {count} citations were found"])


# ---- the page of operations and spec/operations.json ----

def operation_breaches(root):
    page, found = pages.text_of(root, f"{FOLDER}/operations.md"), []
    parts = dict(re.findall(r"^#### (\w+)\n(.*?)(?=^#{2,4} |\Z)", page, re.MULTILINE | re.DOTALL))
    operations = {one["action"]: one["params"] for one in json.loads(pages.text_of(root, "spec/operations.json"))["operations"]}
    found += [f"the page has no {action}" for action in sorted(operations.keys() - parts.keys())]
    found += [f"the page has {action}, which spec/operations.json has not" for action in sorted(parts.keys() - operations.keys())]
    for action in sorted(operations.keys() & parts.keys()):
        line = re.search(r"^- In: (.*)$", parts[action], re.MULTILINE)
        named = {(name, bool(mark)) for name, mark in re.findall(r"`(\w+)`(!?)", line.group(1) if line else "") if name != "Tid"}
        wanted = {(param["name"], bool(param["required"])) for param in operations[action] if param["name"] != "Tid"}
        found += [f"{action}: {name} is not as spec/operations.json has it" for name in sorted({name for name, _ in named ^ wanted})]
    return found


def refuses():
    bad = {"docs/spec/behaviour.md": "# Behaviour\n## 1. One (not built yet)\n### 1.2 Two\n#### 1.2.3 Three\n", "docs/spec/operations.md": "## 4. Four\n",
           "docs/spec/reliability.md": '<a id="G1"></a>G1 is kept\n## Task supervision\n1. one\n### HTTP\n## Tests (in part)\n<a id="AuthN-2"></a>\n',
           "README.md": "§7 behaviour §1.2, §1.2.3 and §1.3\n",
           "docs/cli.md": "[behaviour](spec/behaviour.md): no place of it; `operations.md` §4, `behaviour.md` section 1.2\n",
           "src/a.c": "// One (behaviour.md §1) of\n// behaviour.md\n// §1.2; operations.md §5; behaviour.md 1.2; protocol.md §1. RFC 9636 §3.3 and design §2.\n"
                      "// Steps of §9. The protocol, and what a protocol means, is no page.\n",
           "src/b.h": '/* reliability.md G1, T32; reliability.md,\n * "is kept"; reliability.md, "is lost"; reliability.md, Task supervision 1; reliability.md, Task supervision 2;\n'
                      " * (reliability.md, HTTP, AuthN rule 2); reliability, AuthN 3; reliability.md, Tests; reliability.md, Nothing. */\n"}
    with tap.tree(bad) as root:
        found, count = breaches(root)
    expected = ['src/a.c:3: cites operations §5, which docs/spec/operations.md has not', 'src/a.c:3: "behaviour.md 1…" is written with §',
                "src/a.c:3: cites protocol §1, and docs/spec has no such page", "src/a.c:3: cites design §2, and docs/spec has no such page",
                "src/a.c:4: cites protocol §9, and docs/spec has no such page", "src/b.h:1: cites reliability T32, which docs/spec/reliability.md has not",
                'src/b.h:2: cites reliability "is lost", which docs/spec/reliability.md has not',
                "src/b.h:2: cites reliability Task supervision 2, which docs/spec/reliability.md has not",
                "src/b.h:3: cites reliability AuthN 3, which docs/spec/reliability.md has not",
                "src/b.h:3: cites reliability Nothing, which docs/spec/reliability.md has not",
                'docs/cli.md:1: "behaviour.md` section 1…" is written with §', "README.md:1: §7 is of no page",
                "README.md:1: cites behaviour §1.3, which docs/spec/behaviour.md has not"]
    return [] if found == expected and count == 24 else [*found, f"{count} citations"]


def refuses_operations():
    bad = {"docs/spec/operations.md": "#### A\n- In: `X`! s · `Y` s\n#### B\n- In: —\n",
           "spec/operations.json": '{"operations": [{"action": "A", "params": [{"name": "X", "required": false}, {"name": "Tid", "required": false}]},'
                                   ' {"action": "C", "params": []}]}'}
    with tap.tree(bad) as root:
        found = operation_breaches(root)
    expected = ["the page has no C", "the page has B, which spec/operations.json has not", "A: X is not as spec/operations.json has it",
                "A: Y is not as spec/operations.json has it"]
    return [] if found == expected else found


tap.run([("every section, mark and heading of docs/spec that is cited is there", kept),
         ("the page of operations has the operations and parameters of spec/operations.json", lambda: operation_breaches(tap.SOURCE)),
         ("a citation of what is not there is refused", refuses),
         ("a page of operations that differs from spec/ is refused", refuses_operations)])
