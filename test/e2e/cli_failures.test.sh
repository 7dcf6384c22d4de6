#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a full disk, a closed pipe, odd words and a lost key do to the command line: no secret is lost, nothing is switched off for it, every refusal is
# a sentence.
# timeout: 120
set -u
. "$(dirname "$0")/lib/server.sh"
cli() { timeout 30 "$sluice" --data "$data" "$@"; }
first_key() { sed -n 's/^access_key_id = //p' "$data/credentials"; }

# say RESULT WHAT: RESULT is 0 for ok.
say() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$scratch/err"
    fi
}
active_keys() { cli key list "$@" | grep -c ' Active '; }

cli user add 7001 --roles user >/dev/null
cli key create 7001 >"$scratch/key" 2>"$scratch/err"
key=$(sed -n 's/^access_key_id = //p' "$scratch/key")

cli key rotate 7001 "$key" >/dev/full 2>"$scratch/err"
code=$?
[ $code -eq 7 ] && grep -q 'no other key has changed' "$scratch/err" && [ "$(active_keys 7001)" -eq 1 ] && cli key list 7001 | grep -q "^$key *Active" &&
    [ "$(cli key list 7001 | wc -l)" -eq 3 ]
say $? "a rotation whose secret can not be written changes nothing and ends with 7"

cli key create 7001 >/dev/full 2>"$scratch/err"
[ $? -eq 7 ] && [ "$(cli key list 7001 | wc -l)" -eq 3 ]
say $? "a key whose secret can not be written is deleted again"

tenants_before=$(sqlite3 "$data/state.db" 'SELECT count(*) FROM tenant' 2>/dev/null || echo none)
cli tenant create lost >/dev/full 2>"$scratch/err"
[ $? -eq 7 ] && [ "$(sqlite3 "$data/state.db" 'SELECT count(*) FROM tenant' 2>/dev/null || echo none)" = "$tenants_before" ]
say $? "no tenant is made when its administrator's key could not be shown"

cli key rotate 7001 "$key" >&- 2>"$scratch/err"
code=$?
[ $code -eq 7 ] && grep -q 'no other key has changed' "$scratch/err" && cli key list 7001 | grep -q "^$key *Active" && [ "$(active_keys 7001)" -eq 1 ]
say $? "the same where the output is closed: no socket takes its place"

outputs=0
for command in "flow list" "user list" "key list" "tenant list" "user show" "call GetUserActiveTenant" "call GetUserActiveTenant --field Tenant.Tid" \
    "flow list -o json" "audit verify" "audit verify -o json" "--help" "run --help" "run watch --help" "--version"; do
    # shellcheck disable=SC2086
    cli $command >/dev/full 2>"$scratch/err"
    code=$?
    if [ $code -ne 7 ] || ! grep -q 'standard output can not be written' "$scratch/err"; then
        outputs=1
        echo "# $command > /dev/full ended with $code"
    fi
done
say $outputs "every command ends with 7 when its output can not be written"

outputs=0
for program in sluiced sluice-supervisor; do
    for option in --help --version; do
        if "$(dirname "$sluiced")/$program" $option >/dev/full 2>"$scratch/err" || ! grep -q 'standard output can not be written' "$scratch/err"; then
            outputs=1
            echo "# $program $option > /dev/full is no failure"
        fi
    done
done
say $outputs "the other programs fail too when nobody can read what they print"

user_id=$(cli call GetUser --field User.UserId)
cli call CreateAccessKey UserId="$user_id" --field AccessKeySecrte >"$scratch/out" 2>"$scratch/err"
[ $? -eq 7 ] && [ ! -s "$scratch/out" ] && grep -q 'the call is done, and its reply has no member AccessKeySecrte' "$scratch/err" &&
    grep -q '"AccessKeySecret": "[A-Za-z0-9]*"' "$scratch/err"
say $? "a member that the reply has not ends with 7, and the reply is not lost"
made=$(sed -n 's/.*"AccessKeyId": "\(.*\)",*$/\1/p' "$scratch/err")
cli key disable "$made" >/dev/null && cli key delete "$made" >/dev/null

"$sluiced" --data "$scratch/closed" --listen 127.0.0.1:0 <&- >&- 2>&- &
closed=$!
tries=600
while [ ! -s "$scratch/closed/server.address" ] && [ $tries -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
done
: >"$scratch/err"
# Of a process that hides its memory an ordinary user may not see this; the files tell all the same.
if [ -r "/proc/$closed/fd" ]; then
    for number_of_fd in 0 1 2; do
        readlink "/proc/$closed/fd/$number_of_fd" >>"$scratch/err"
    done
else
    echo /dev/null >"$scratch/err"
fi
[ "$(sort -u "$scratch/err")" = /dev/null ] && [ ! -s "$scratch/closed/server.lock" ] && "$sluice" --data "$scratch/closed" flow list >/dev/null
say $? "a server that was started with its standard descriptors closed writes its log into none of its files and sockets"
"$sluiced" --data "$scratch/closed" --stop-all >/dev/null 2>&1
wait "$closed"

old=$(first_key)
owner=$(stat -c %u:%g:%a "$data/credentials")
cli key rotate "$old" >"$scratch/key" 2>"$scratch/err"
code=$?
new=$(sed -n 's/^access_key_id = //p' "$scratch/key")
[ $code -eq 0 ] && [ "$(first_key)" = "$new" ] && [ "$new" != "$old" ] && [ "$(stat -c %u:%g:%a "$data/credentials")" = "$owner" ] &&
    grep -q '^tenant_id = ' "$data/credentials" && cli key list | grep -q "^$old *Inactive" && cli flow list >/dev/null
say $? "a rotated key of DIR/credentials is exchanged in that file, which keeps its owner and mode"

# A directory in the way of the temporary file: no user may replace the file now.
mkdir "$data/.credentials.new" && touch "$data/.credentials.new/in-the-way"
old=$(first_key)
cli key rotate "$old" >"$scratch/key" 2>"$scratch/err"
code=$?
rm -rf "$data/.credentials.new"
[ $code -eq 7 ] && [ "$(first_key)" = "$old" ] && grep -q 'no other key has changed' "$scratch/err" && cli flow list >/dev/null 2>>"$scratch/err"
say $? "when DIR/credentials can not be written the old key stays, and the command ends with 7: calls were sent"

refusals=0
# refused COMMAND…: ends with 2 and a sentence, and sends nothing.
refused() {
    timeout 30 "$sluice" --data "$data" "$@" >"$scratch/out" 2>"$scratch/err"
    code=$?
    if [ $code -ne 2 ] || ! grep -q '^sluice: ' "$scratch/err"; then
        refusals=1
        echo "# ended with $code: $*"
        sed 's/^/# /' "$scratch/err"
    fi
}
bad=$(printf 'x\377y')
refused call GetTaskFlowGraph DagId=1 DagId=2
refused call GetTaskFlowGraph DagId=1 DagId=1
refused call "$bad"
refused call GetTaskFlowGraph "DagId=$bad"
refused call GetTaskFlowGraph "$bad=1"
refused "$bad"
refused flow list --output "$bad"
refused run list "$bad"
refused user add "$bad"
refused --data "$bad" flow list
refused --profile "$bad" flow list
refused --endpoint "http://$bad" flow list
printf 'x\377y' >"$scratch/bytes"
refused call CreateTaskFlow DagName=@"$scratch/bytes"
for variable in ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET ALIBABA_CLOUD_SECURITY_TOKEN SLUICE_ENDPOINT; do
    env ALIBABA_CLOUD_ACCESS_KEY_ID=someone ALIBABA_CLOUD_ACCESS_KEY_SECRET=secretsecretsecret "$variable=$bad" "$sluice" flow list \
        >"$scratch/out" 2>"$scratch/err"
    code=$?
    [ $code -eq 2 ] && grep -q '^sluice: ' "$scratch/err" || { refusals=1; echo "# $variable: $code"; }
done
mkdir "$scratch/odd"
echo http://127.0.0.1:1 >"$scratch/odd/server.address"
printf 'access_key_id = a\377\naccess_key_secret = b\377\n' >"$scratch/odd/credentials"
refused --data "$scratch/odd" flow list
refused call CreateTaskFlow DagName=typo DagNmae=x
grep -q 'DagNmae (did you mean DagName?)' "$scratch/err" && ! cli flow list | grep -q typo || { refusals=1; echo "# not named, or sent"; }
refused call AddTaskFlowEdges DagId=1 Edges.1.NodeForm=1
cli call GetUser RegionId=cn-hangzhou Tid=0 OwnerId=1 >"$scratch/out" 2>"$scratch/err" || { refusals=1; echo "# parameters of the protocol are refused"; }
[ "$(cli call GetUser Unheard=1 --unchecked --field Warnings.Warning.0.Name 2>"$scratch/err")" = Unheard ] || { refusals=1; echo "# --unchecked"; }
say $refusals "words, values and keys that are repeated or not UTF-8 end with 2 and a sentence"
"$sluiced" --data "$data" --reset-admin-key >"$scratch/out" 2>"$scratch/err"
[ $? -eq 3 ] && grep -q 'another server has' "$scratch/err"
say $? "the administrator's key can not be reset while the server runs"

# Lost: every key is disabled, a policy denies everything, the file is gone.
kill "$server"
wait "$server" 2>/dev/null
rm "$data/credentials"
sqlite3 "$data/state.db" "UPDATE access_key SET is_active = 0; UPDATE person SET state = 1, roles = 1 WHERE is_operator = 1"
"$sluiced" --data "$data" --reset-admin-key >"$scratch/out" 2>"$scratch/err"
code=$?
start_server
[ $code -eq 0 ] && [ "$(stat -c %a "$data/credentials")" = 600 ] && cli user list >"$scratch/users" 2>>"$scratch/err" && [ "$(active_keys)" -eq 1 ] &&
    cli call GetOpLog PageNumber=1 PageSize=30 StartTime="$(date -d '1 day ago' '+%Y-%m-%d %H:%M:%S')" EndTime="$(date -d '1 day' '+%Y-%m-%d %H:%M:%S')" 2>>"$scratch/err" |
    grep -q "give the first administrator a new key" && { cli audit verify >/dev/null; [ $? -eq 8 ]; }
say $? "whoever owns the directory gets in again with --reset-admin-key, and the operation log says so"
echo "1..$number"
