# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, and their parts: prose, fenced blocks, code inside sentences."""

import os
import re

FENCE = re.compile(r"^(```|~~~)([^\n]*)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def pages(root):
    """README and its neighbours, and everything below docs/."""
    found = [name for name in os.listdir(root) if name.endswith(".md")]
    for folder, _, names in os.walk(os.path.join(root, "docs")):
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(".md")]
    return sorted(found)


def text_of(root, page):
    with open(os.path.join(root, page), encoding="utf-8") as file:
        return file.read()


def prose(text):
    """A page without its blocks of code."""
    return FENCE.sub("", text)


def blocks(text):
    """(info string, content) of every fenced block."""
    return [(info.strip(), content) for _, info, content in FENCE.findall(text)]


def spans(text):
    """Code inside sentences; a bar that a table has escaped is a bar."""
    return [span.replace("\\|", "|") for span in SPAN.findall(prose(text))]
