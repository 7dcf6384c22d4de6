#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First nodes of the slow flow: work that goes on until the demo has suspended the run, however long that takes here. Argument: the node's name.
echo "start $1" >>"$TF_VAR_folder/ledger"
echo "$1 works until the run is suspended"
tries=1200
while [ ! -e "$TF_VAR_folder/suspended" ] && [ $tries -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
done
echo "end $1" >>"$TF_VAR_folder/ledger"
