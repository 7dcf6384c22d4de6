#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that core/ is pure, by the symbols its objects need from outside.

Usage: scripts/purity.py BUILD     prints one line per symbol that core/ has no business with; exit code 1 if any
What is not on the list is refused: a clock, a file, a random number, a thread, a log and the environment can only
come in through a symbol.
"""

import fnmatch
import glob
import os
import subprocess
import sys

ALLOWED = """
mem* str* __mem*_chk __str*_chk snprintf __snprintf_chk vsnprintf __vsnprintf_chk qsort qsort_r bsearch
isalpha isdigit isalnum isspace isxdigit toupper tolower __ctype_b_loc __ctype_toupper_loc __ctype_tolower_loc
__isoc99_sscanf __errno_location abort __assert_fail __stack_chk_fail labs llabs div ldiv lldiv
fabs floor ceil fmod round trunc pow isnan lround llround
g_malloc* g_new* g_realloc* g_try_* g_free* g_clear_* g_slice_* g_memdup* g_steal_*
g_str* g_ascii_* g_utf8_* g_unichar_* g_string_* g_array_* g_byte_array_* g_ptr_array_* g_bytes_* g_hash_table_*
g_list_* g_slist_* g_queue_* g_tree_* g_sequence_* g_int_* g_int64_* g_direct_* g_qsort_with_data g_date_*
g_error_* g_set_error* g_propagate_* g_prefix_error* g_quark_from_static_string g_snprintf g_vsnprintf
g_assertion_message* g_return_if_fail_warning g_markup_escape_text g_intern_static_string g_checksum_*
g_compute_checksum_* g_base64_* g_atomic_ref_count_* g_strv_*
json_* jsonp_*
fault_* civil_* nearest_*
_GLOBAL_OFFSET_TABLE_
""".split()
# Members of allowed families that reach outside all the same.
REFUSED = """
strftime strerror* strtok* strsignal g_strerror g_strsignal g_string_append_uri*
json_load_file json_load_callback json_loadf json_loadfd json_dump_file json_dumpf json_dumpfd json_object_seed
""".split()


def matches(symbol, patterns):
    return any(fnmatch.fnmatchcase(symbol, pattern) for pattern in patterns)


def impure(symbols):
    """Those of the symbols that a pure room must not need."""
    return sorted(symbol for symbol in symbols if not matches(symbol, ALLOWED) or matches(symbol, REFUSED))


def needed_symbols(archive):
    """Symbols that the archive's objects need and do not define."""
    def names(option):
        text = subprocess.run(["nm", option, "--format=posix", archive], check=True, capture_output=True,
                              text=True).stdout
        return {line.split()[0].split("@")[0] for line in text.splitlines() if line and not line.endswith(":")}
    return names("--undefined-only") - names("--defined-only")


def main():
    archives = glob.glob(os.path.join(sys.argv[1], "src/core/*.a"))
    if not archives:
        print(f"purity: no library of core/ in {sys.argv[1]}")
        return 1
    found = impure({symbol for archive in archives for symbol in needed_symbols(archive)})
    print("\n".join(f"core/ needs {symbol}, which is not on the list of scripts/purity.py" for symbol in found)
          or "in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
