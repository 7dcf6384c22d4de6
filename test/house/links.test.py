#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every relative link of the documentation leads to a file that is there, and every anchor to a heading or mark of its page."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from pages import pages, prose, text_of  # noqa: E402

LINK = re.compile(r"\]\(([^()\s]+)\)")
MARK = re.compile(r'<a (?:id|name)="([^"]+)">')
OUTSIDE = re.compile(r"^[a-z]+:")


def slug(heading):
    """The anchor that a heading gets where the pages are shown: small letters, no punctuation, blanks as dashes."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(text):
    found, counts = set(MARK.findall(text)), {}
    for heading in re.findall(r"^#+\s+(.*?)\s*#*$", text, re.MULTILINE):
        name = slug(heading)
        number = counts.get(name, 0)
        counts[name] = number + 1
        found.add(f"{name}-{number}" if number else name)
    return found


def breach(root, page, link):
    target, _, anchor = link.partition("#")
    path = os.path.normpath(os.path.join(root, os.path.dirname(page), target)) if target else os.path.join(root, page)
    if not os.path.exists(path):
        return f"{page} links {link}: there is no such file"
    if anchor and anchor not in (anchors(prose(text_of(os.path.dirname(path), os.path.basename(path)))) if path.endswith(".md") else set()):
        return f"{page} links {link}: the page has no such anchor"
    return None


def broken(root):
    found = []
    for page in pages(root):
        text = re.sub(r"`[^`\n]*`(?!\])", "", prose(text_of(root, page)))
        found += [breach(root, page, link) for link in LINK.findall(text) if not OUTSIDE.match(link)]
    return [text for text in found if text]


def unlinked(root):
    """Pages below docs/ that README does not reach by following links."""
    reached, left = set(), ["README.md"]
    while left:
        page = left.pop()
        if page in reached or not os.path.isfile(os.path.join(root, page)):
            continue
        reached.add(page)
        for link in LINK.findall(prose(text_of(root, page))):
            target = link.partition("#")[0]
            if target.endswith(".md") and not OUTSIDE.match(link):
                left.append(os.path.normpath(os.path.join(os.path.dirname(page), target)))
    return [f"{page} is reached from no page" for page in pages(root) if page not in reached]


def unlisted(root):
    """Pages below docs/ that its index does not link itself."""
    linked = {link.partition("#")[0] for link in LINK.findall(prose(text_of(root, "docs/README.md")))}
    below = [page.removeprefix("docs/") for page in pages(root) if page.startswith("docs/") and page != "docs/README.md"]
    return [f"docs/README.md does not list {page}" for page in below if page not in linked]


def named(root):
    """Pages that code, tests and scripts speak of and that are not there."""
    found = set()
    for folder in ("src", "test", "scripts"):
        for path, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders if name != "node_modules"]
            for name in names:
                full = os.path.join(path, name)
                if not name.endswith((".c", ".h", ".py", ".mjs", ".sh")) or full == os.path.abspath(__file__):
                    continue
                with open(full, encoding="utf-8") as file:
                    for page in re.findall(r"\bdocs/[\w/-]+\.md\b", file.read()):
                        if not os.path.exists(os.path.join(root, page)):
                            found.add(f"{os.path.relpath(full, root)} speaks of {page}, which is not there")
    return sorted(found)


def refuses():
    bad = {"README.md": "# A b\n[x](docs/gone.md) [y](docs/a.md#none) [z](#a-b) [w](docs/a.md#here) [v](docs/a.md#twice-1)\n",
           "docs/a.md": '```\n# none\n```\n<a id="here"></a>\n## Twice\n## Twice\n',
           "docs/alone.md": "nobody links this\n", "docs/README.md": "[a](a.md#here) ../README.md\n"}
    with tap.tree(bad) as root:
        found = broken(root) + unlinked(root) + unlisted(root)
    expected = ["README.md links docs/gone.md: there is no such file",
                "README.md links docs/a.md#none: the page has no such anchor",
                "docs/README.md is reached from no page",
                "docs/alone.md is reached from no page",
                "docs/README.md does not list alone.md"]
    return [] if found == expected else found


tap.run([("every link leads somewhere", lambda: broken(tap.SOURCE)),
         ("every page is reached from README", lambda: unlinked(tap.SOURCE)),
         ("every page below docs/ is listed in its index", lambda: unlisted(tap.SOURCE)),
         ("every page that the code speaks of is there", lambda: named(tap.SOURCE)),
         ("a bad link, a bad anchor and a page that nobody links are refused", refuses)])
