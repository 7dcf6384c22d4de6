#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Users, keys and tenants from the command line: one key signs until another has taken its place.
# timeout: 120
set -u
. "$(dirname "$0")/lib/server.sh"
SLUICE_ENDPOINT=http://$(sed -n 's/^sluiced ready on http:\/\///p' "$scratch/ready")
export SLUICE_ENDPOINT
# by FILE COMMAND…: with the key in a file of the form of DIR/credentials.
by() {
    key_file=$1
    shift
    ALIBABA_CLOUD_ACCESS_KEY_ID=$(sed -n 's/^access_key_id = //p' "$key_file") \
        ALIBABA_CLOUD_ACCESS_KEY_SECRET=$(sed -n 's/^access_key_secret = //p' "$key_file") \
        HOME=$scratch "$sluice" "$@"
}
key_of() { sed -n 's/^access_key_id = //p' "$1"; }
cli() { "$sluice" --data "$data" "$@"; }

operator=$data/credentials
uid=$(sed -n 's/^uid = //p' "$operator")
expect "a user is added" 0 'user ada@example.com added' cli user add ada@example.com --name Ada --roles dba,user
expect "a second time is refused with 4" 4 'UserExisted' cli user add ada@example.com
expect "a wrong role is refused with 4" 4 'InvalidRoleNames' cli user add bob --roles king
expect "users are listed with their roles" 0 'ada@example.com *Ada *USER,DBA *normal' cli user list
expect "users are filtered by role" 0 "^$uid *admin *DBA,ADMIN *normal" cli user list --role admin
expect "users are found by their name" 0 '"TotalCount": 1' cli user list --search ADA -o json
expect "a wrong state ends with 2" 2 'normal, disabled or deleted' cli user list --state gone
expect "a user is changed" 0 'changed' cli user update ada@example.com --name 'Ada L' --roles security_admin --mobile 110
expect "the change is shown" 0 '^roles: SECURITY_ADMIN$' cli user show ada@example.com
expect "an update of nothing ends with 2" 2 'nothing to change' cli user update ada@example.com
expect "without a uid one sees oneself" 0 "^uid: $uid$" cli user show

cli key create ada@example.com >"$scratch/ada"
expect "a key is printed in the form of the credentials" 0 '^access_key_secret = [A-Za-z0-9]\{30,\}$' cat "$scratch/ada"
expect "the key signs" 0 '^name: Ada L$' by "$scratch/ada" user show
expect "keys are listed without a secret" 0 "^$(key_of "$scratch/ada") *Active" cli key list ada@example.com
expect "who is no administrator adds nobody" 4 'NoPermission' by "$scratch/ada" user add eve

# The server's times are those of Asia/Shanghai, eight hours ahead of UTC all year.
# seconds FILE: the first time in a file, as a number.
seconds() { date -u -d "$(grep -o '20[0-9-]* [0-9:]*' "$1" | head -n 1)" +%s; }
for command in "key list ada@example.com" "user list" "user show"; do
    # shellcheck disable=SC2086
    cli $command --zone Etc/UTC >"$scratch/utc"
    # shellcheck disable=SC2086
    expect "times of '$command' are shown in the zone asked for" 0 'Pacific/Kiritimati)$' cli $command --zone Pacific/Kiritimati
    expect "which is another than the server's" 0 '^yes$' sh -c "[ $(($(seconds "$scratch/out") - $(seconds "$scratch/utc"))) -ge 50400 ] && echo yes"
    expect "and named" 0 'Etc/UTC)$' cat "$scratch/utc"
done
expect "a zone that nobody knows ends with 2" 2 'not a time zone' cli user list --zone Mars/Olympus

by "$scratch/ada" key rotate "$(key_of "$scratch/ada")" >"$scratch/ada2" 2>"$scratch/hint"
expect "a rotated key is pointed out when it was the caller's" 0 'put the new key in its place' cat "$scratch/hint"
expect "the old key is refused" 4 'InvalidAccessKeyId.Inactive' by "$scratch/ada" user show
expect "the new key signs" 0 '^uid: ada@example.com$' by "$scratch/ada2" user show
expect "a key of nobody is not found" 5 'no access key of this user' cli key rotate ada@example.com nonsense
expect "another user's key is rotated by name" 0 '^access_key_id' cli key rotate ada@example.com "$(key_of "$scratch/ada2")"
cp "$scratch/out" "$scratch/ada3"
expect "an active key is not deleted" 4 'InvalidAccessKeyStatus' cli key delete "$(key_of "$scratch/ada3")"
expect "a disabled key is deleted" 0 'deleted' cli key delete "$(key_of "$scratch/ada")"
expect "a key is disabled" 0 'disabled' cli key disable "$(key_of "$scratch/ada3")"
expect "a key is enabled" 0 'enabled' cli key enable "$(key_of "$scratch/ada3")"
expect "the last key of the last administrator stays" 4 'InvalidAccessKeyStatus' cli key disable "$(key_of "$operator")"

expect "a user is disabled" 0 'disabled' cli user disable ada@example.com
expect "its keys do not work" 4 'UserStatusIllegal' by "$scratch/ada3" user show
expect "a user is enabled" 0 'enabled' cli user enable ada@example.com
expect "its keys work again" 0 'Ada L' by "$scratch/ada3" user show
expect "a user is deleted" 0 'deleted' cli user delete ada@example.com
expect "deleted users are listed when asked for" 0 'ada@example.com .* deleted' cli user list --state deleted

cli tenant create branch >"$scratch/branch"
expect "a tenant has a number and an administrator" 0 '^uid = [0-9]' grep -A1 '^tenant_id = [0-9]' "$scratch/branch"
expect "the new administrator sees its tenant" 0 ' branch *ACTIVE' by "$scratch/branch" tenant list
expect "and nobody of the first" 5 'UserNotExist' by "$scratch/branch" user show "$uid"
expect "and makes no tenant" 4 'NoPermission' by "$scratch/branch" tenant create leaf
expect "a name is taken once" 4 'NameExisted' cli tenant create branch
expect "help shows examples" 0 'sluice key rotate 100023' "$sluice" key rotate --help
expect "an unknown command names those there are" 2 'user, key, tenant' "$sluice" users
echo "1..$number"
