#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line against a running server: exit codes, watching, logs, names of any script.
# timeout: 120
set -u
. "$(dirname "$0")/lib/server.sh"
cli() { "$sluice" --data "$data" "$@"; }

flow=$(cli call CreateTaskFlow DagName=每日报表 --field DagId)
cli call CreateTask DagId="$flow" NodeName=抽取 NodeType=AZKABAN_COMMAND_REMOTE 'NodeContent={"script": "echo one; echo two"}' \
    >/dev/null
bad=$(cli call CreateTaskFlow DagName=fails --field DagId)
cli call CreateTask DagId="$bad" NodeName=n NodeType=AZKABAN_COMMAND_REMOTE 'NodeContent={"script": "exit 3"}' >/dev/null
run=$(cli run start 每日报表)
bad_run=$(cli run start fails)

expect "a successful run is watched to its end with 0" 0 "run $run is SUCCESS" "$sluice" --data "$data" run watch 每日报表 "$run"
expect "a failed run is watched to its end with 1" 1 "exit code 3" "$sluice" --data "$data" run watch "$bad_run"
expect "each change is a JSON object with -o json" 0 '"StateName":"SUCCESS"' "$sluice" --data "$data" run watch "$run" -o json
expect "a log can be read bare" 0 '^two$' "$sluice" --data "$data" run log "$run" --node 抽取 --bare
expect "a followed log ends with the node" 0 '^status SUCCEEDED$' "$sluice" --data "$data" run log "$run" --node 抽取 -f
expect "flows are listed with their names" 0 '每日报表 *admin' "$sluice" --data "$data" flow list
expect "runs are filtered by status" 0 "^$bad_run *fails *FAILED" "$sluice" --data "$data" run list fails --status failed
expect "wrong usage ends with 2" 2 'there is no option' "$sluice" --data "$data" flow list --nonsense
expect "an unknown flow name ends with 5" 5 'no flow named' "$sluice" --data "$data" run list nobody
expect "a server that is not there ends with 3" 3 'no answer' "$sluice" --data "$data" --endpoint http://127.0.0.1:1 flow list
expect "a refusal ends with 4 and says why" 4 'only SUSPENDED runs can be resumed' "$sluice" --data "$data" run resume "$run"
expect "help shows examples" 0 'Examples:' "$sluice" run watch --help
printf '{"script": "# %s"}' "$(head -c 200000 /dev/zero | tr '\0' x)" >"$scratch/content"
node=$(cli call GetTaskFlowGraph DagId="$bad" --field TaskFlowGraph.Nodes.Node.0.NodeId)
expect "large content travels from a file" 0 'RequestId' "$sluice" --data "$data" call UpdateTaskContentV2 NodeId="$node" \
    NodeContent=@"$scratch/content"

echo "1..$number"
