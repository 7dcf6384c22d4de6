#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Node `large`: the branch for a well-filled machine.
echo '{"verdict_large": "a well-filled machine: over 1 GiB of packages"}'
