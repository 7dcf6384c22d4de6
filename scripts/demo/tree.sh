#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Last nodes of the slow flow: work that never ends by itself, in a child, a grandchild and a daemon that has left its parent and its
# session. Each writes down its process id. Argument: the node's name.
echo "start $1" >>"$TF_VAR_folder/ledger"
cd "$TF_VAR_folder"
note() {
    # The shell's own id as /proc shows it, which is the one that holds outside of the node's pid namespace.
    read -r pid rest </proc/self/stat
    echo "$pid $1" >>pids
}
note "$1, the script itself"
(
    note "$1, a child"
    (
        note "$1, a grandchild"
        sleep 600
        :
    ) &
    sleep 600
    :
) &
setsid sh -c 'read -r pid rest </proc/self/stat; echo "$pid $0, a daemon in a session of its own" >>pids; sleep 600; :' "$1" \
    </dev/null >/dev/null 2>&1 &
echo "$1 works until it is stopped"
wait
echo "end $1" >>ledger
