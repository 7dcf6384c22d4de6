#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""core/ needs no clock, file, random number, thread, log or environment; and the check sees each of them."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import purity  # noqa: E402

IMPURE = ["open", "read", "write", "fopen", "printf", "time", "clock_gettime", "gettimeofday", "random", "rand",
          "getrandom", "getenv", "pthread_create", "pthread_mutex_lock", "fork", "localtime_r", "strftime", "g_log",
          "g_log_structured", "g_get_real_time", "g_get_monotonic_time", "g_random_int", "g_getenv", "g_thread_new",
          "g_mutex_lock", "g_file_get_contents", "g_uuid_string_random", "json_load_file", "json_dumpfd", "log_event",
          "sqlite3_open", "zone_now_ms", "zone_civil", "strerror"]
PURE = ["memcpy", "strlen", "g_free", "g_ptr_array_add", "g_hash_table_lookup", "json_object_get", "fault_set",
        "g_assertion_message_expr", "__stack_chk_fail", "__memcpy_chk", "qsort"]


def checkout():
    archive = os.path.join(tap.BUILD, "src/core")
    if not os.path.isdir(archive):
        raise tap.Skip("core/ is not built")
    with tempfile.TemporaryFile("w+") as out:
        result = subprocess.run([sys.executable, "-B", os.path.join(tap.SOURCE, "scripts/purity.py"), tap.BUILD],
                                stdout=out, check=False)
        out.seek(0)
        return out.read().splitlines() if result.returncode else []


def sees_an_archive():
    """End to end: an object that asks for the time is refused by name, one that does not passes."""
    with tap.tree({"a.c": "#include <time.h>\nlong f(void);\nlong f(void) { return time(0); }\n",
                   "src/core/x": ""}) as root:
        archive = os.path.join(root, "src/core/libcore.a")
        subprocess.run(["gcc", "-c", "a.c", "-o", "a.o"], cwd=root, check=True)
        subprocess.run(["ar", "rc", archive, os.path.join(root, "a.o")], check=True)
        found = purity.impure(purity.needed_symbols(archive))
    return [] if found == ["time"] else [f"found {found}"]


tap.run([("core/ is pure", checkout), ("an object that asks for the time is refused", sees_an_archive)] +
        [(f"{name} is refused", lambda n=name: [] if purity.impure([n]) else [f"{n} passes"]) for name in IMPURE] +
        [(f"{name} is allowed", lambda n=name: purity.impure([n])) for name in PURE])
