#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Node `extract`: from the machine's package database to one CSV line for each installed package:
# name, architecture, section, installed size in KiB. None of these fields can hold a comma or a quote.
set -eu
csv=$TF_VAR_folder/packages.csv
awk -F': ' '
    function flush() {
        if (name != "" && state ~ / installed$/)
            print name "," arch "," (section == "" ? "unknown" : section) "," size + 0
        name = arch = section = size = state = ""
    }
    /^Package: /        { flush(); name = $2 }
    /^Status: /         { state = $2 }
    /^Architecture: /   { arch = $2 }
    /^Section: /        { section = $2 }
    /^Installed-Size: / { size = $2 }
    END                 { flush() }
' /var/lib/dpkg/status | LC_ALL=C sort >"$csv"
count=$(wc -l <"$csv")
echo "$csv holds $count packages; the first ones:"
head -n 3 "$csv"
# The last line of standard output, a JSON object of texts, becomes variables for the nodes behind this one.
printf '{"packages": "%s"}\n' "$count"
