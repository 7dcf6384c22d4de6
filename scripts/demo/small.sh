#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Node `small`: the branch for a slim machine.
echo '{"verdict_small": "a slim machine: less than 1 GiB of packages"}'
