#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nodes `slice_N`: one slice of the CSV file as a JSON array in the variable rowsN, which an SQL node can load. A variable holds at most
# 64 KiB, so the file travels in slices. Arguments: the slice's number, rows in a slice.
set -eu
awk -F, -v number="$1" -v rows="$2" '
    NR > (number - 1) * rows && NR <= number * rows {
        # The value stands between single quotes in the SQL text, so single quotes are doubled.
        gsub(/\047/, "\047\047")
        list = list (list == "" ? "" : ",") "[\\\"" $1 "\\\",\\\"" $2 "\\\",\\\"" $3 "\\\"," $4 "]"
        count++
    }
    END {
        printf "slice %d: %d rows\n", number, count
        printf "{\"rows%d\": \"[%s]\"}\n", number, list
    }
' "$TF_VAR_folder/packages.csv"
