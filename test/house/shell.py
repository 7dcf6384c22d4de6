# SPDX-License-Identifier: Apache-2.0
"""The command lines of a shell text, as the examples of the documentation need it: quotes, comments, substitutions, lists and redirections. No loops, no
functions: an example that needs them is too long."""

import re
import shlex

SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
VARIABLE = re.compile(r"\$\{\w+\}|\$\w+")
ASSIGNMENT = re.compile(r"\w+=")
BEFORE = {"sudo", "env", "exec", "!"}


HERE = re.compile(r"^(.*)<<-?\s*(['\"]?)(\w+)\2(.*)\n(?:.*\n)*?\3$", re.MULTILINE)


def statements(text):
    """The text with ` ; ` at the ends of lines, without comments and here-documents."""
    text = HERE.sub(r"\1\4", text)
    out, quote, index = [], None, 0
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            out.append(" " if text[index + 1:index + 2] == "\n" else text[index:index + 2])
            index += 2
            continue
        if quote:
            quote = None if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (not out or out[-1].isspace() or out[-1] == " ; "):
            index = text.find("\n", index)
            if index < 0:
                break
            continue
        elif char == "\n":
            char = " ; "
        out.append(char)
        index += 1
    return "".join(out)


def words_of(text):
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";<>|&")
    lexer.whitespace_split, lexer.commenters = True, ""
    return list(lexer)


def commands(text):
    """Every command as a list of words. What a variable or a substitution stands for is `1`, since nobody has run what sets it."""
    text, found = statements(text), []
    while SUBSTITUTION.search(text):
        found += [words for inner in SUBSTITUTION.findall(text) for words in commands(inner)]
        text = SUBSTITUTION.sub("1", text)
    command, skips = [], False
    for word in [*words_of(text), ";"]:
        if skips:
            skips = False
        elif word and not word.strip("<>&") and word.strip("&"):
            skips = True
        elif word and not word.strip(";|&"):
            found += [command] if command else []
            command = []
        elif command or not (ASSIGNMENT.match(word) or word in BEFORE):
            command.append(VARIABLE.sub("1", word))
    return found
