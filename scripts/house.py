#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a script can keep: floors, doors, circles, sizes, banned functions, licence lines.

Usage: scripts/house.py [RULE...] [--root DIR]     prints one line per breach; exit code 1 when there is one
Each rule is a function from the checkout's root to a list of breaches; test/house/ runs them on the checkout, and on
small bad trees that each of them must refuse.
"""

import argparse
import os
import re
import sys

# Folders of one floor that lie above each other have a step behind the point.
FLOORS = {"base": 0, "core": 1, "sql": 1, "store": 2, "exec": 2, "supervisor": 2, "engine": 3, "api/wire": 4.0, "api": 4.1,
          "api/ops": 4.2, "web": 5, "cli": 6,
          "sqlrun": 6, "main": 6}
# What stands above what it needs, so that it can be linked and tested without the rest.
WIRE_MAY_USE = re.compile(r"^(base|core|api/wire)/")

# Rooms that the supervisor links use no GLib and bring their own memory.
FREE_OF_GLIB = re.compile(r"^(supervisor/|base/(frame|file|own|attempt_log)\.)")
SUPERVISOR_MAY_USE = re.compile(r"^(supervisor/|base/(frame|file|own|attempt_log)\.h$)")

# A foreign library enters by one door: the header's prefix, and the source files that may include it.
DOORS = [
    (r"openssl/", r"base/crypto\.c"),
    (r"sqlite3\.h", r"sql/sqlite\.c"),
    (r"libpq", r"sql/pgsql\.c"),
    (r"(mysql|mariadb)", r"sql/mysql\.c"),
    (r"(sql|sqlext|sqltypes|odbc)\w*\.h", r"sql/odbc\.c"),
    (r"gnutls/", r"web/tls\.c"),
    (r"curl/", r"cli/\w+\.c"),
    (r"seccomp\.h", r"supervisor/\w+\.c"),
    # GLib and JSON values are free, except where FREE_OF_GLIB says no.
    (r"(glib\.h|glib-unix\.h|glib/\w+\.h|gio/\w+\.h|jansson\.h)", r".*"),
]
ONE_FILE_ONLY = [r"curl/"]

LIBC = re.compile(
    r"^(assert|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|stdarg|stdatomic|"
    r"stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|threads|time|uchar|wchar|wctype|aio|cpio|dirent|"
    r"dlfcn|elf|endian|err|execinfo|fcntl|fnmatch|ftw|getopt|glob|grp|ifaddrs|langinfo|libgen|link|malloc|mntent|"
    r"netdb|paths|poll|pthread|pty|pwd|regex|sched|search|semaphore|spawn|syslog|termios|ucontext|unistd|utime|"
    r"byteswap|syscall)\.h$|^(sys|linux|asm|arpa|net|netinet|bits)/")

BANNED = {
    "strcpy": "g_strlcpy", "strcat": "g_strlcat", "strncpy": "g_strlcpy", "strncat": "g_strlcat",
    "sprintf": "snprintf", "vsprintf": "vsnprintf", "strtok": "g_strsplit", "atoi": "g_ascii_string_to_signed",
    "atol": "g_ascii_string_to_signed", "atoll": "g_ascii_string_to_signed", "atof": "g_ascii_strtod",
    "gets": "getline", "alloca": "g_malloc", "g_alloca": "g_malloc", "g_newa": "g_new", "localtime": "base/zone",
    "gmtime": "base/zone", "localtime_r": "base/zone", "system": "exec", "popen": "exec", "tmpnam": "mkstemp",
    "mktemp": "mkstemp", "pipe": "pipe2(O_CLOEXEC)", "accept": "accept4(SOCK_CLOEXEC)", "creat": "open(O_CLOEXEC)",
    "dup": "fcntl(F_DUPFD_CLOEXEC)",
}
# Who calls could choose keys that fall together in them.
KEYLESS_HASHES = {"g_str_hash": "", "g_string_hash": "", "g_bytes_hash": "", "g_variant_hash": "", "g_int64_hash": "api store"}
PLAIN_MEMORY = ["malloc", "calloc", "realloc", "reallocarray", "free", "strdup", "strndup", "asprintf"]
CLOEXEC_CALLS = ["open", "openat", "socket", "socketpair", "pipe2", "accept4", "memfd_create", "eventfd",
                 "timerfd_create", "signalfd", "epoll_create1", "inotify_init1"]

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 700
SKIPPED_FOLDERS = {".git", "node_modules", "__pycache__", "corpus"}


def walk(root, below, suffixes):
    """Paths relative to root, sorted, of the files below a folder that end in one of the suffixes."""
    found = []
    for folder, folders, names in os.walk(os.path.join(root, below)):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith("build")]
        for name in names:
            if name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def sources(root):
    """(path below src/, text) of every C file of the house."""
    for path in walk(root, "src", (".c", ".h")):
        yield os.path.relpath(path, "src"), read(root, path)


def strip(text):
    """The text with comments, string and character constants blanked; lines and columns stay."""
    pattern = re.compile(r'/\*.*?\*/|//(?:\\\n|[^\n])*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return pattern.sub(blank, text)


def includes(text):
    """(line, '<' or '"', target) of each include directive."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def own_target(path, target):
    """The path below src/ that a quoted include means."""
    return target if "/" in target else os.path.join(os.path.dirname(path), target)


def folder_of(path):
    """The folder of the house that a file below src/ is in: one with a floor, or the file's own."""
    folder = own = os.path.dirname(path)
    while folder not in FLOORS and folder:
        folder = os.path.dirname(folder)
    return folder or own


def rule_floors(root):
    """A room uses floors below its own and its own folder, never a neighbour and nothing above."""
    breaches = []
    for path, text in sources(root):
        folder = folder_of(path)
        if folder not in FLOORS:
            breaches.append(f"src/{path}: the folder {folder}/ has no floor")
            continue
        for number, kind, target in includes(text):
            if kind != '"':
                continue
            used = own_target(path, target)
            other = folder_of(used)
            if other not in FLOORS:
                breaches.append(f"src/{path}:{number}: \"{target}\" names no folder of the house")
            elif other != folder and FLOORS[other] >= FLOORS[folder]:
                breaches.append(f"src/{path}:{number}: {folder}/ (floor {FLOORS[folder]}) uses \"{target}\" "
                                f"(floor {FLOORS[other]})")
            elif folder == "api/wire" and not WIRE_MAY_USE.match(used):
                breaches.append(f"src/{path}:{number}: the wire uses \"{target}\"; it may use only base/ and core/")
            elif path.startswith("supervisor/") and not SUPERVISOR_MAY_USE.match(used):
                breaches.append(f"src/{path}:{number}: the supervisor uses \"{target}\"; it may use only base/frame, "
                                "base/file, base/own and base/attempt_log")
            elif path.startswith("base/") and FREE_OF_GLIB.match(path) and not FREE_OF_GLIB.match(used):
                breaches.append(f"src/{path}:{number}: a room without GLib uses \"{target}\", which may use it")
    return breaches


def rule_doors(root):
    """A foreign library's header is included by its door alone; GLib not at all below the supervisor."""
    breaches = []
    users = {}
    for path, text in sources(root):
        for number, kind, target in includes(text):
            if kind != "<" or LIBC.match(target):
                continue
            door = next((door for prefix, door in DOORS if re.match(prefix, target)), None)
            if door is None:
                breaches.append(f"src/{path}:{number}: <{target}> has no door; scripts/house.py lists them")
            elif not re.fullmatch(door, path):
                breaches.append(f"src/{path}:{number}: <{target}> may be included only by src/{door}")
            elif door == ".*" and FREE_OF_GLIB.match(path):
                breaches.append(f"src/{path}:{number}: <{target}> in a room that must do without GLib")
            for prefix in ONE_FILE_ONLY:
                if re.match(prefix, target):
                    users.setdefault(prefix, set()).add(path)
    for prefix, paths in users.items():
        if len(paths) > 1:
            breaches.append(f"<{prefix}> has {len(paths)} doors: {', '.join(sorted(paths))}")
    return breaches


def room_graph(root):
    """Room (path without suffix) -> rooms it includes; a .c file and its .h are one room."""
    graph = {}
    for path, text in sources(root):
        room = re.sub(r"\.[ch]$", "", path)
        used = graph.setdefault(room, set())
        for _, kind, target in includes(text):
            if kind == '"':
                other = re.sub(r"\.[ch]$", "", own_target(path, target))
                if other != room:
                    used.add(other)
    return graph


def rule_circles(root):
    """Rooms can be put in one order: none reaches itself through what it includes."""
    graph = room_graph(root)
    breaches, done = [], set()

    def visit(room, trail):
        if room in trail:
            breaches.append("circle: " + " -> ".join(trail[trail.index(room):] + [room]))
            return
        if room in done:
            return
        for other in sorted(graph.get(room, ())):
            visit(other, trail + [room])
        done.add(room)

    for room in sorted(graph):
        visit(room, [])
    return breaches


def blank_directives(text):
    """The text without preprocessor directives; lines stay."""
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.MULTILINE)


def functions(text):
    """(name, first line, last line) of every function definition, by counting braces."""
    code = blank_directives(strip(text))
    depth, start, line, head, found, inside = 0, 1, 1, "", [], None
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            if depth == 0:
                match = re.search(r"(\w+)\s*\([^;=]*\)\s*(?:G_GNUC_\w+(?:\s*\([^)]*\))?\s*)*$", head, re.DOTALL)
                inside = (match.group(1), start) if match and "=" not in head else None
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                if inside:
                    found.append((inside[0], inside[1], line))
                inside, head = None, ""
        elif depth == 0:
            if char == ";":
                head = ""
            elif head.strip() == "" and not char.isspace():
                head, start = char, line
            else:
                head += char
    return found


def is_generated(text):
    return "generated" in text[:400].lower() and "do not edit" in text[:400].lower()


def rule_sizes(root):
    """Functions of at most 70 lines, files of at most 700; generated files excepted."""
    breaches = []
    for path in walk(root, "src", (".c", ".h")) + walk(root, "test", (".c", ".h")):
        text = read(root, path)
        if is_generated(text):
            continue
        lines = text.count("\n")
        if lines > FILE_LINES_MAX:
            breaches.append(f"{path}: {lines} lines; {FILE_LINES_MAX} is the end")
        for name, first, last in functions(text):
            if last - first + 1 > FUNCTION_LINES_MAX:
                breaches.append(f"{path}:{first}: {name}() has {last - first + 1} lines; {FUNCTION_LINES_MAX} is the "
                                "end")
    return breaches


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def rule_banned(root):
    """No dangerous function, no hash without a key, no plain memory outside the supervisor, no descriptor that a child inherits."""
    breaches = []
    for path, text in sources(root):
        code = strip(text)
        for name, instead in BANNED.items():
            for match in re.finditer(rf"(?<![\w.>]){name}\s*\(", code):
                breaches.append(f"src/{path}:{line_of(code, match.start())}: {name}() is banned; use {instead}")
        for name, folders in KEYLESS_HASHES.items():
            for match in re.finditer(rf"\b{name}\b", code):
                if not folders or path.split("/")[0] in folders.split():
                    breaches.append(f"src/{path}:{line_of(code, match.start())}: {name} has no key; use base/keyed_hash, "
                                    "in core/ a GTree")
        if not FREE_OF_GLIB.match(path):
            # What json_dumps() hands out was made by malloc(), and free() is the way its manual names.
            has_dumps = re.search(r"\bjson_dumps\s*\(", code)
            for name in (name for name in PLAIN_MEMORY if not (has_dumps and name == "free")):
                for match in re.finditer(rf"(?<![\w.>]){name}\s*\(", code):
                    breaches.append(f"src/{path}:{line_of(code, match.start())}: {name}() outside the supervisor")
        for name in CLOEXEC_CALLS:
            for match in re.finditer(rf"(?<![\w.>]){name}\s*\(", code):
                statement = code[match.start():code.find(";", match.start())]
                # A prototype or a call that takes its flags from a variable is for the reader to judge.
                if "CLOEXEC" not in statement and "flags" not in statement:
                    breaches.append(f"src/{path}:{line_of(code, match.start())}: {name}() without close-on-exec")
        for match in re.finditer(r'(?<![\w.>])fopen\s*\([^;]*?,\s*"([^"]*)"', text):
            if "e" not in match.group(1):
                breaches.append(f"src/{path}:{line_of(text, match.start())}: fopen() without \"e\"")
    return breaches


KINDS_TABLE = "core/database_kind.c"
MAY_NAME_KINDS = re.compile(r"^(core/(database_kind|dialect)\.[ch]|sql/.*)$")
NO_DATABASES = re.compile(r"^(web|cli|base|supervisor|main)/")  # "main" is a part of the log here


def kind_facts(root):
    """The words and ports that the table of database kinds has."""
    path = os.path.join("src", KINDS_TABLE)
    text = read(root, path) if os.path.exists(os.path.join(root, path)) else ""
    kinds = re.findall(r'\.(?:word|alias) = "([^"]+)"', text)
    inside = re.findall(r'\.(?:only_database|default_schema) = "([^"]+)"', text)
    return kinds, inside, re.findall(r"\.default_port = (\d+)", text)


def rule_kinds(root):
    """Only the table of database kinds and the drivers name a kind, its port, its database or its schema."""
    kinds, inside, ports = kind_facts(root)
    breaches = []
    named = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, kinds)) + r")(?![\w-])", re.IGNORECASE)
    for path, text in sources(root):
        if MAY_NAME_KINDS.match(path):
            continue
        literals = r'/\*.*?\*/|//[^\n]*|"((?:\\.|[^"\\\n])*)"'
        for match in re.finditer(literals, blank_directives(text), re.DOTALL):
            literal = match.group(1) or ""
            if kinds and named.search(literal) or literal in inside and not NO_DATABASES.match(path):
                breaches.append(f"src/{path}:{line_of(text, match.start())}: \"{literal}\" names what "
                                f"{KINDS_TABLE} alone knows; ask for the property that is meant")
        code = strip(text)
        for match in re.finditer(r"(?<![\w.])(\d+)(?![\w.])", code):
            if match.group(1) in ports:
                breaches.append(f"src/{path}:{line_of(code, match.start())}: the port {match.group(1)} is known to "
                                f"{KINDS_TABLE} alone")
    return breaches


def rule_licence(root):
    """The first line of every source file (the second after a #!) names the licence."""
    breaches = []
    suffixes = (".c", ".h", ".py", ".sh", ".mjs", ".js", ".css", "meson.build", "meson_options.txt", "Makefile")
    paths = [path for below in ("src", "test", "scripts", "console", "packaging") for path in
             walk(root, below, suffixes)]
    paths += [name for name in ("meson.build", "meson_options.txt", "Makefile", ".ci/run")
              if os.path.exists(os.path.join(root, name))]
    for path in paths:
        head = read(root, path).splitlines()[:2]
        line = head[1] if len(head) == 2 and head[0].startswith("#!") else (head or [""])[0]
        if "SPDX-License-Identifier: Apache-2.0" not in line:
            breaches.append(f"{path}: no licence line")
    return breaches


def rule_notes(root):
    """Nothing is left for later in the text: no marks of unfinished work."""
    words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "not " + "implemented"]
    pattern = re.compile(r"\b(" + "|".join(words) + r")\b")
    breaches = []
    for below in ("src", "test", "scripts", "docs", "schema", "console", "packaging"):
        for path in walk(root, below, (".c", ".h", ".py", ".sh", ".mjs", ".js", ".md", ".sql", "meson.build")):
            for number, line in enumerate(read(root, path).splitlines(), 1):
                if pattern.search(line):
                    breaches.append(f"{path}:{number}: {line.strip()[:80]}")
    return breaches


def rule_docs(root):
    """docs/ARCHITECTURE.md names every folder of src/, and the lock file of the wire tests no download address."""
    breaches = []
    path = os.path.join(root, "docs/ARCHITECTURE.md")
    text = read(root, "docs/ARCHITECTURE.md") if os.path.exists(path) else ""
    if not text:
        breaches.append("docs/ARCHITECTURE.md is missing")
    folders = os.path.join(root, "src")
    for folder in sorted(os.listdir(folders)):
        if text and os.path.isdir(os.path.join(folders, folder)) and not re.search(rf"\b{folder}/", text):
            breaches.append(f"docs/ARCHITECTURE.md does not mention {folder}/")
    lock = os.path.join(root, "test/wire/package-lock.json")
    if os.path.exists(lock) and '"resolved"' in read(root, "test/wire/package-lock.json"):
        breaches.append("test/wire/package-lock.json names download addresses (omit-lockfile-registry-resolved)")
    return breaches


RULES = {name[5:]: rule for name, rule in sorted(globals().items()) if name.startswith("rule_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rules", nargs="*", choices=[[], *RULES], help="default: all")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    arguments = parser.parse_args()
    breaches = [breach for name in arguments.rules or RULES for breach in RULES[name](arguments.root)]
    print("\n".join(breaches) or "in order")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
