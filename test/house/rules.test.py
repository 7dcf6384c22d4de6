#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house keeps its rules; and each rule refuses a small tree that breaks it, else it would guard nothing."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import house  # noqa: E402

HEAD = "// SPDX-License-Identifier: Apache-2.0\n"
LONG = HEAD + "int long_one(int a) {\n" + "    a++;\n" * 70 + "}\n"
EXACT = HEAD + "int exact_one(int a) {\n" + "    a++;\n" * 68 + "}\n"

KINDS = {"src/core/database_kind.c": '{ .word = "sqlite", .alias = "lite", .only_database = "main" }, { .default_port = 5432 }\n'}

# (rule, what it is about, the tree, a word that the breach must contain)
BAD = [
    ("floors", "a lower floor that uses a higher one", {"src/core/a.c": '#include "store/b.h"\n'}, "floor 2"),
    ("floors", "a neighbour on the same floor", {"src/exec/a.c": '#include "store/b.h"\n'}, "floor 2"),
    ("floors", "a folder without a floor", {"src/misc/a.c": "int a;\n"}, "no floor"),
    ("floors", "a folder in a lower one that uses a higher one", {"src/core/kinds/a.c": '#include "store/b.h"\n'}, "floor 2"),
    ("floors", "a wire that knows operations", {"src/api/wire/a.c": '#include "api/ops/b.h"\n'}, "floor 4.2"),
    ("floors", "a path of requests that knows operations", {"src/api/a.c": '#include "api/ops/b.h"\n'}, "floor 4.2"),
    ("floors", "a wire that uses the store", {"src/api/wire/a.c": '#include "store/b.h"\n'}, "only base/ and core/"),
    ("floors", "a supervisor that uses the log", {"src/supervisor/a.c": '#include "base/log.h"\n'}, "supervisor"),
    ("floors", "a frame that uses a room with GLib", {"src/base/frame.c": '#include "base/fault.h"\n'}, "GLib"),
    ("doors", "OpenSSL by a second door", {"src/api/wire/sign.c": "#include <openssl/hmac.h>\n"}, "crypto"),
    ("doors", "SQLite by a second door", {"src/store/store.c": "#include <sqlite3.h>\n"}, "sqlite"),
    ("doors", "GnuTLS by a second door", {"src/web/stream.c": "#include <gnutls/gnutls.h>\n"}, "web"),
    ("doors", "curl by a second door", {"src/engine/notify.c": "#include <curl/curl.h>\n"}, "cli"),
    ("doors", "curl by two doors", {"src/cli/a.c": "#include <curl/curl.h>\n",
                                    "src/cli/b.c": "#include <curl/curl.h>\n"}, "2 doors"),
    ("doors", "a library without a door", {"src/base/a.c": "#include <zstd.h>\n"}, "no door"),
    ("doors", "GLib in the supervisor", {"src/supervisor/a.c": "#include <glib.h>\n"}, "without GLib"),
    ("doors", "JSON in the file room", {"src/base/file.c": "#include <jansson.h>\n"}, "without GLib"),
    ("circles", "a circle of two rooms", {"src/core/a.h": '#include "core/b.h"\n', "src/core/b.h": "",
                                          "src/core/b.c": '#include "core/a.h"\n'}, "core/a -> core/b"),
    ("circles", "a circle of three rooms", {"src/core/a.h": '#include "b.h"\n', "src/core/b.h": '#include "c.h"\n',
                                            "src/core/c.c": '#include "a.h"\n'}, "circle"),
    ("sizes", "a function of 72 lines", {"src/core/a.c": LONG}, "long_one() has 72"),
    ("sizes", "a file of 701 lines", {"src/core/a.c": HEAD + "int a;\n" * 700}, "701 lines"),
    ("banned", "sprintf", {"src/core/a.c": "void f(void) {\n    sprintf(a, b);\n}\n"}, "a.c:2: sprintf"),
    ("banned", "gmtime", {"src/core/a.c": "int a = gmtime (b);\n"}, "gmtime"),
    ("banned", "system", {"src/main/a.c": 'int a = system("ls");\n'}, "system"),
    ("banned", "a hash of texts without a key", {"src/core/a.c": "void *a = g_hash_table_new(g_str_hash, b);\n"}, "g_str_hash"),
    ("banned", "a hash of a caller's numbers without a key", {"src/store/a.c": "void *a = f(g_int64_hash);\n"},
     "g_int64_hash"),
    ("banned", "plain memory", {"src/core/a.c": "char *a = malloc(1);\n"}, "malloc"),
    ("banned", "a descriptor that children inherit", {"src/store/a.c": "int a = open(b, O_RDONLY);\n"},
     "close-on-exec"),
    ("banned", "a stream that children inherit", {"src/store/a.c": 'FILE *a = fopen(b, "r");\n'}, "fopen"),
    ("kinds", "a kind of database by its word", {**KINDS, "src/store/a.c": 'int a = is("sqlite");\n'}, "a.c:1"),
    ("kinds", "a kind of database by its older word", {**KINDS, "src/api/a.c": 'char *a = "lite";\n'}, '"lite"'),
    ("kinds", "the name of a kind's only database", {**KINDS, "src/exec/a.c": 'char *a = "main";\n'}, '"main"'),
    ("kinds", "a kind's port", {**KINDS, "src/api/a.c": "// 5432\nint a = 5432;\n"}, "a.c:2: the port 5432"),
    ("licence", "a source without licence", {"src/core/a.c": "int a;\n"}, "no licence"),
    ("licence", "a script without licence", {"src/core/a.c": HEAD, "scripts/a.sh": "#!/bin/sh\necho\n"}, "a.sh"),
    ("notes", "a mark of unfinished work", {"src/core/a.c": "// TO" + "DO: later\n"}, "a.c:1"),
    ("docs", "a folder that the map does not show", {"docs/ARCHITECTURE.md": "base/\n", "src/base/a.c": "",
                                                     "src/core/a.c": ""}, "core/"),
    ("docs", "a missing map", {"src/base/a.c": ""}, "missing"),
    ("docs", "download addresses in the lock file", {"docs/ARCHITECTURE.md": "base/\n", "src/base/a.c": "",
                                                     "test/wire/package-lock.json": '{"resolved": "x"}'}, "download"),
]

GOOD = {
    "docs/ARCHITECTURE.md": "base/ core/ supervisor/\n",
    "src/base/frame.h": HEAD + "#include <stdint.h>\n",
    "src/base/crypto.c": HEAD + "#include <openssl/hmac.h>\n#include <glib.h>\n",
    "src/core/a.h": HEAD + '#include <jansson.h>\n#include "core/b.h"\n',
    "src/core/b.h": HEAD + '// sprintf(a) and "core/a.h" in words\n',
    "src/core/a.c": EXACT + 'static const char *text = "malloc(1) {";\nstatic int table[] = {\n' + "    1,\n" * 80 +
                    "};\n",
    "src/core/table.c": HEAD + "// Generated by a script; do not edit.\n" + "int a;\n" * 800,
    "src/supervisor/a.c": HEAD + '#include <sys/wait.h>\n#include "base/frame.h"\nchar *f(void) {\n    return '
                                 "malloc(1);\n}\nint g(void) {\n    return open(a,\n                O_RDONLY | "
                                 "O_CLOEXEC);\n}\n",
}


def refuses(rule, files, word):
    with tap.tree(files) as root:
        breaches = house.RULES[rule](root)
    return [] if any(word in breach for breach in breaches) else [f"{rule} found {breaches}, without '{word}'"]


def accepts(rule):
    with tap.tree(GOOD) as root:
        return house.RULES[rule](root)


TESTS = [(f"the checkout keeps the rule: {name}", lambda rule=rule: rule(tap.SOURCE))
         for name, rule in house.RULES.items()]
TESTS += [(f"{rule} refuses {about}", lambda r=rule, f=files, w=word: refuses(r, f, w))
          for rule, about, files, word in BAD]
TESTS += [(f"{name} accepts a tree in order", lambda n=name: accepts(n)) for name in house.RULES]
tap.run(TESTS)
