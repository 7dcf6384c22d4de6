#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Node `report`: prints the figures of the nodes before it. They come as environment variables, so nothing in them is ever run by the shell.
set -e
echo "Packages of $(uname -n)"
echo
echo "  packages:        $TF_VAR_total"
echo "  installed size:  $TF_VAR_mib MiB"
echo "  busiest section: $TF_VAR_busiest"
echo "  largest package: $TF_VAR_largest"
# Of the two branches one ran; the other's variable is not there.
echo "  verdict:         $TF_VAR_verdict_large$TF_VAR_verdict_small"
echo
awk 'BEGIN {
    count = split(ENVIRON["TF_VAR_section_names"], names, ",")
    split(ENVIRON["TF_VAR_section_packages"], packages, ",")
    split(ENVIRON["TF_VAR_section_mib"], mib, ",")
    printf "  %-16s %9s %7s\n", "section", "packages", "MiB"
    for (i = 1; i <= count; i++) {
        bar = ""
        for (j = 0; j < 30 * mib[i] / (mib[1] > 0 ? mib[1] : 1); j++)
            bar = bar "#"
        printf "  %-16s %9d %7d  %s\n", names[i], packages[i], mib[i], bar
    }
}'
