#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First nodes of the slow flow: two seconds of work. Argument: the node's name.
echo "start $1" >>"$TF_VAR_folder/ledger"
echo "$1 works for two seconds"
sleep 2
echo "end $1" >>"$TF_VAR_folder/ledger"
