#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make demo`: a task flow over this machine's own package database, through the public API and the command line: run, watched, reported;
# then a slow one: suspended, resumed and stopped. Ends with 0 only when everything is as it should be.
# Usage: scripts/demo.sh [BUILD DIRECTORY]     SLUICE_DEMO_KEEP=1 keeps the scratch directory
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-build} in
/*) build=$1 ;;
*) build=$root/${1:-build} ;;
esac
parts=$root/scripts/demo
scratch=
server_pid=

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') green=$(printf '\033[32m') red=$(printf '\033[31m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold= green= red= dim= plain=
fi

title() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '  %s\n' "$1"; }
good() { printf '  %sok%s  %s\n' "$green" "$plain" "$1"; }
fail() {
    printf '  %sNOT AS EXPECTED%s  %s\n' "$red" "$plain" "$1" >&2
    exit 1
}

program() {
    for candidate in "$build/$1" "$build/src/main/$1"; do
        [ ! -x "$candidate" ] || { echo "$candidate"; return; }
    done
    echo "demo: $build has no $1; run make first" >&2
    exit 1
}

stop_server() {
    [ -n "$server_pid" ] || return 0
    "$sluiced" --data "$data" --stop-all >>"$scratch/server.log" 2>&1
    code=$?
    # It has ended already when --stop-all worked; otherwise this makes sure.
    kill "$server_pid" 2>/dev/null && [ $code -eq 0 ] || :
    wait "$server_pid" 2>/dev/null || :
    server_pid=
    return $code
}
clean_up() {
    code=$?
    trap - EXIT INT TERM HUP
    set +e
    if [ "$code" -ne 0 ] && [ -s "$scratch/server.log" ]; then
        printf '%s--- the last lines of the server log:%s\n' "$dim" "$plain" >&2
        tail -n 20 "$scratch/server.log" >&2
    fi
    stop_server
    if [ -n "$scratch" ] && [ -z "${SLUICE_DEMO_KEEP:-}" ]; then
        rm -rf "$scratch"
    fi
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

sluice=$(program sluice)
sluiced=$(program sluiced)
[ -s /var/lib/dpkg/status ] || fail "/var/lib/dpkg/status is missing; the demo reads the package database of a Debian system"

# --- the API, by way of the command line --------------------------------------------------------------------------------------------

cli() { "$sluice" --data "$data" "$@"; }
call() { cli call "$@"; }

# JSON of a node's content or of a list of outputs. Python only writes the JSON; it takes no part in the flow.
script_content() {
    python3 -c 'import json, sys; print(json.dumps({"script": open(sys.argv[1], encoding="utf-8").read(), "args": sys.argv[2:]}))' \
        "$parts/$1" $2
}
sql_content() {
    python3 -c 'import json, sys; print(json.dumps({"dbId": int(sys.argv[2]), "dbType": "sqlite",
        "sql": open(sys.argv[1], encoding="utf-8").read().replace("@N@", sys.argv[3])}))' "$parts/$1" "$database" "${2:-}"
}
cell() {
    printf '{"variableName": "%s", "extractMethod": "{\\"row\\":%s,\\"column\\":%s,\\"combiner\\":\\",\\"}"}' "$1" "$2" "$3"
}
word() { printf '{"variableName": "%s", "extractMethod": "json"}' "$1"; }

# node NAME TYPE CONTENT [OUTPUTS]: creates the node in $flow and remembers its id in id_NAME.
node() {
    if [ -n "${4:-}" ]; then
        made=$(call CreateTask DagId="$flow" NodeName="$1" NodeType="$2" NodeContent="$3" \
            NodeOutput="{\"outputs\": [$4]}" --field NodeId)
    else
        made=$(call CreateTask DagId="$flow" NodeName="$1" NodeType="$2" NodeContent="$3" --field NodeId)
    fi
    eval "id_$1=\$made"
}
edges=
edge() {
    eval "edges=\"\$edges\${edges:+,}{\\\"NodeFrom\\\": \$id_$1, \\\"NodeEnd\\\": \$id_$2}\""
}
add_edges() {
    call AddTaskFlowEdges DagId="$flow" Edges="[$edges]" >"$scratch/reply"
    edges=
}
new_flow() {
    flow=$(call CreateTaskFlow DagName="$1" Description="$2" --field DagId)
    call UpdateTaskFlowConstants DagId="$flow" DagConstants="[{\"Key\": \"folder\", \"Value\": \"$folder\"}]" >"$scratch/reply"
}

run_state() { call GetTaskInstanceRelation DagId="$flow" DagInstanceId="$run" --field StateName; }
# The states of the named nodes, in the order of the names, as the API reports them.
node_states() {
    call GetTaskInstanceRelation DagId="$flow" DagInstanceId="$run" >"$scratch/relation"
    python3 -c 'import json, sys
states = {node["NodeName"]: node["StateName"] for node in json.load(open(sys.argv[1]))["NodeList"]["Node"]}
print(" ".join(states[name] for name in sys.argv[2:]))' "$scratch/relation" "$@"
}
# wait_until SECONDS WHAT COMMAND…: until the command succeeds.
wait_until() {
    tries=$(($1 * 10))
    what=$2
    shift 2
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain: $what"
        sleep 0.1
    done
}
run_is() { [ "$(run_state)" = "$1" ]; }
nodes_are() { # STATES NAME…
    wanted=$1
    shift
    [ "$(node_states "$@")" = "$wanted" ]
}
# How many processes belong to the demo's nodes: they, and whatever they left behind, have the folder in their environment.
process_count() { grep -lzxF "TF_VAR_folder=$folder" /proc/[0-9]*/environ 2>/dev/null | wc -l; }
has_pids() { [ "$(wc -l <"$folder/pids" 2>/dev/null || echo 0)" -eq "$1" ]; }

# --- the acts -----------------------------------------------------------------------------------------------------------------------

start_server() {
    title "A server of its own, on a scratch directory and a free port"
    scratch=$(mktemp -d /var/tmp/sluice-demo.XXXXXX)
    chmod 0711 "$scratch"
    data=$scratch/server folder=$scratch/data
    mkdir -m 0755 "$folder"
    # Started as root, the server runs as one account of its own and the tasks as another, which must be able to write here.
    [ "$(id -u)" -ne 0 ] || chown 62801:62801 "$folder"
    "$sluiced" --data "$data" --listen 127.0.0.1:0 --attempt-room 0 >"$scratch/ready" 2>"$scratch/server.log" &
    server_pid=$!
    is_ready() {
        kill -0 "$server_pid" 2>/dev/null || fail "the server has ended"
        grep -qs ready "$scratch/ready"
    }
    wait_until 15 "the server's ready line" is_ready
    good "$(cat "$scratch/ready")"
    say "tenant $(call GetUserActiveTenant --field Tenant.TenantName 2>/dev/null || echo 1), data in $data"
}

register_source() {
    title "A SQLite file becomes a data source"
    uid=$(sed -n 's/^uid *= *//p' "$data/credentials")
    call RegisterInstance InstanceType=sqlite Host="$folder/packages.db" Port=0 InstanceAlias=packages InstanceSource=PUBLIC_OWN \
        NetworkType=CLASSIC EnvType=dev DatabaseUser=none DatabasePassword=none DbaUid="$uid" ExportTimeout=600 QueryTimeout=60 \
        SafeRule=default >"$scratch/reply"
    instance=$(call GetInstance Host="$folder/packages.db" Port=0 --field Instance.InstanceId)
    database=$(call ListDatabases InstanceId="$instance" --field DatabaseList.Database.0.DatabaseId)
    good "instance $instance with database $database, opened only by the SQL runner: $folder/packages.db"
}

build_flow() {
    title "A task flow over /var/lib/dpkg/status"
    expected=$(grep -c '^Status: .* installed$' /var/lib/dpkg/status)
    rows=400
    slices=$(((expected + rows - 1) / rows))
    new_flow "packages of this machine" "extracts, loads and reports the machine's own packages"
    node schema NORMAL_SQL "$(sql_content schema.sql)"
    node extract AZKABAN_COMMAND_REMOTE "$(script_content extract.sh '')" "$(word packages)"
    before=schema
    number=1
    while [ "$number" -le "$slices" ]; do
        node "slice_$number" AZKABAN_COMMAND_REMOTE "$(script_content slice.sh "$number $rows")" "$(word "rows$number")"
        node "load_$number" NORMAL_SQL "$(sql_content load.sql "$number")"
        edge extract "slice_$number"
        edge "slice_$number" "load_$number"
        # SQLite takes one writer at a time, so the loads form a chain.
        edge "$before" "load_$number"
        before=load_$number
        number=$((number + 1))
    done
    node aggregate NORMAL_SQL "$(sql_content aggregate.sql)"
    node figures SQL_ASSIGNMENT "$(sql_content figures.sql)" \
        "$(cell total 0 0),$(cell mib 0 1),$(cell busiest 0 2),$(cell largest 0 3)"
    node sections SQL_ASSIGNMENT "$(sql_content sections.sql)" \
        "$(cell section_names -1 0),$(cell section_packages -1 1),$(cell section_mib -1 2)"
    node is_large CONDITION '{"conditions": [{"variable": "mib", "operator": ">=", "value": "1024"}]}'
    node is_small CONDITION '{"conditions": [{"variable": "mib", "operator": "<", "value": "1024"}]}'
    node large AZKABAN_COMMAND_REMOTE "$(script_content large.sh '')" "$(word verdict_large)"
    node small AZKABAN_COMMAND_REMOTE "$(script_content small.sh '')" "$(word verdict_small)"
    node either CONDITION '{"conditions": [{"state": "one_success"}]}'
    node report AZKABAN_COMMAND_REMOTE "$(script_content report.sh '')"
    edge "$before" aggregate
    edge aggregate figures
    edge aggregate sections
    edge figures is_large
    edge figures is_small
    edge is_large large
    edge is_small small
    edge large either
    edge small either
    edge either report
    edge sections report
    add_edges
    good "flow $flow, created through the public API: scripts, SQL in a database, assignments, a condition with two branches"
}

run_flow() {
    title "Run it"
    run=$(call TryRunTaskFlow DagId="$flow" --field InstanceId)
    say "${dim}sluice run watch $flow $run${plain}"
    cli run watch "$flow" "$run" || fail "the run did not end SUCCESS"
    title "The report, as the last node printed it"
    say "${dim}sluice run log $flow $run --node report --bare${plain}"
    cli run log "$flow" "$run" --node report --bare | tee "$scratch/report"
    grep -q "packages: *$expected\$" "$scratch/report" ||
        fail "the report does not name the $expected packages that the package database holds"
    skipped=$(node_states large small)
    case $skipped in
    'SUCCESS SKIPPED' | 'SKIPPED SUCCESS') good "all $expected packages came through; of the two branches one ran (large, small: $skipped)" ;;
    *) fail "exactly one branch should have run; large, small: $skipped" ;;
    esac
}

slow_flow() {
    title "A slow flow, to suspend, resume and stop"
    new_flow "slow work" "two steps on each of two sides"
    for side in left right; do
        node "${side}_first" AZKABAN_COMMAND_REMOTE "$(script_content step.sh "${side}_first")"
        node "${side}_second" AZKABAN_COMMAND_REMOTE "$(script_content tree.sh "${side}_second")"
        edge "${side}_first" "${side}_second"
    done
    add_edges
    run=$(call TryRunTaskFlow DagId="$flow" --field InstanceId)
    wait_until 60 "both first nodes run" nodes_are "RUNNING RUNNING" left_first right_first
    good "run $run is $(run_state): left_first and right_first run"
}

suspend_act() {
    title "Suspend: running nodes finish, nothing new starts"
    cli run suspend "$flow" "$run"
    say "the API now reports: $(run_state)"
    : >"$folder/suspended" # now the running nodes may finish
    wait_until 60 "both first nodes finish" nodes_are "SUCCESS SUCCESS" left_first right_first
    # A second in which something could go wrong.
    sleep 1
    run_is SUSPENDED || fail "the run is $(run_state)"
    cli run show "$flow" "$run"
    starts=$(grep -c ^start "$folder/ledger")
    [ "$starts" -eq 2 ] || fail "$starts nodes have started, two were expected"
    nodes_are "WAITING WAITING" left_second right_second || fail "second nodes: $(node_states left_second right_second)"
    good "both running nodes have finished; the ledger that the scripts write shows no further start"
}

resume_act() {
    title "Resume"
    cli run resume "$flow" "$run"
    wait_until 60 "both second nodes run" nodes_are "RUNNING RUNNING" left_second right_second
    wait_until 60 "eight processes have written their ids" has_pids 8
    say "the API now reports: $(run_state)"
    sort -k2 "$folder/pids" | sed 's/^/  process /'
    alive=$(process_count)
    [ "$alive" -ge 8 ] || fail "only $alive processes are alive"
    good "$alive processes are alive, daemons included"
}

stop_act() {
    title "Stop: the process tree is gone"
    cli run stop "$flow" "$run"
    say "the API now reports: $(run_state)"
    wait_until 60 "the run ends STOPPED" run_is STOPPED
    alive=$(process_count)
    [ "$alive" -eq 0 ] || fail "$alive processes are still alive"
    cli run show "$flow" "$run"
    ! grep -q '^end .*_second' "$folder/ledger" || fail "a stopped node claims to have ended by itself"
    good "the run is $(run_state) and no process of it is left, not even the daemons"
}

farewell() {
    title "Everything the server knows"
    cli flow list
    stop_server || fail "the server did not stop cleanly"
    [ "$(process_count)" -eq 0 ] || fail "processes are left"
    good "the server and its supervisor have stopped"
    title "How to look further"
    server_path=${sluiced#"$root"/} client_path=${sluice#"$root"/}
    # What a server that was started as root turns into may not enter root's home.
    own=~/sluice
    [ "$(id -u)" -ne 0 ] || own=/var/lib/sluice
    hint() { printf '  %-67s %s%s%s\n' "$1" "$dim" "$2" "$plain"; }
    hint "$server_path --data $own --listen 127.0.0.1:8080" "a server of your own; Ctrl-C ends it, running nodes go on"
    hint "$client_path --data $own flow list" "the command line; --help behind any command"
    hint "$client_path --data $own call GetUserActiveTenant" "any operation of the API"
    hint "scripts/demo/" "the scripts and SQL texts of this flow"
    hint "docs/README.md" "what to read for which question"
    hint "make check, make bench" "the tests; the figures against this machine's floors"
    [ -z "${SLUICE_DEMO_KEEP:-}" ] || say "kept: $scratch (remove it with rm -rf)"
}

start_server
register_source
build_flow
run_flow
slow_flow
suspend_act
resume_act
stop_act
farewell
printf '\n%sThe demo ended as it should.%s\n' "$green" "$plain"
