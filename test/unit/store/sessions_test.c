// SPDX-License-Identifier: Apache-2.0
//
// Temporary keys and policies as they are stored, and what the search for a key finds of both.
#include "kit.h"

#include "base/crypto.h"
#include "core/policy.h"
#include "store/payload.h"
#include "store/policies.h"
#include "store/sessions.h"

enum { HOUR_MS = 3600 * 1000 };

#define LISTS                                                                                      \
    "{\"Version\":\"1\",\"Statement\":"                                                            \
    "{\"Effect\":\"Allow\",\"Action\":\"dms:List*\",\"Resource\":\"*\"}}"

static struct change *session_change(const struct caller *caller, int64_t seconds) {
    struct change *change = change_new(CHANGE_SESSION_CREATE, caller);
    change->number = seconds;
    return change;
}

// Makes one at the given time, takes the result.
static struct change_result make_session(struct kit *kit, int64_t seconds, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    struct change *change = session_change(&kit->admin, seconds);
    kit_begin(kit);
    (void)store_change(kit->store, change, now_ms, &result, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    change_free(change);
    return result;
}

static struct key_row *find_key(struct kit *kit, const char *id) {
    g_autoptr(GError) error = NULL;
    struct key_row *key = NULL;
    if (!store_key_find(store_as_reader(kit->store), id, &key, &error)) {
        g_assert_true(fault_is(error, FAULT_USER_NOT_EXIST));
        return NULL;
    }
    return key;
}

static int64_t register_user(struct kit *kit, const char *uid, unsigned roles) {
    struct change *change = change_new(CHANGE_PERSON_REGISTER, &kit->admin);
    change->person = g_new0(struct person_fields, 1);
    *change->person = (struct person_fields){
        .uid = g_strdup(uid), .roles = roles, .max_execute_count = -1, .max_result_count = -1
    };
    return kit_apply(kit, change);
}

// A key of the user; the caller frees its id.
static char *give_key(struct kit *kit, int64_t user_id) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    struct change *change = change_new(CHANGE_KEY_CREATE, &kit->admin);
    change->user_id = user_id;
    kit_begin(kit);
    (void)store_change(kit->store, change, KIT_NOW_MS, &result, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    change_free(change);
    char *id = g_strdup(result.text[0]);
    change_result_done(&result);
    return id;
}

static struct change *policy_change(const struct caller *caller, int64_t user_id,
                                    const char *document) {
    struct change *change = change_new(CHANGE_POLICY_PUT, caller);
    change->user_id = user_id;
    change->document = g_strdup(document);
    return change;
}

static struct change *key_change(const struct caller *caller, enum change_kind kind,
                                 const char *id) {
    struct change *change = change_new(kind, caller);
    change->name = g_strdup(id);
    return change;
}

static bool has_policy(struct kit *kit, const struct caller *caller, int64_t user_id,
                       const char *document) {
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;
    int64_t found_id = 0;
    (void)store_policy_get(store_as_reader(kit->store), caller, user_id, &found_id, &found, &error);
    g_assert_no_error(error);
    g_assert_cmpint(found_id, ==, user_id == 0 ? caller->user_id : user_id);
    return g_strcmp0(found, document) == 0;
}

static void a_temporary_key_is_found_with_the_hash_of_its_token(void) {
    struct kit *kit = kit_new();
    struct change_result made = make_session(kit, 900, KIT_NOW_MS + 999);
    g_assert_cmpint(made.id, ==, (int64_t)KIT_NOW_MS + 900 * 1000); // whole seconds, never later
    g_assert_true(g_str_has_prefix(made.text[0], "STS."));
    g_assert_cmpuint(strlen(made.text[2]), ==, SESSION_TOKEN_LENGTH);
    struct key_row *key = find_key(kit, made.text[0]);
    g_assert_nonnull(key);
    g_assert_cmpstr(key->secret, ==, made.text[1]);
    g_assert_true(key->caller.is_temporary);
    g_assert_cmpstr(key->caller.access_key_id, ==, made.text[0]);
    g_assert_cmpint(key->caller.user_id, ==, kit->admin.user_id);
    g_assert_cmpint(key->caller.tenant_id, ==, kit->admin.tenant_id);
    g_assert_cmpuint(key->caller.roles, ==, kit->admin.roles);
    g_assert_cmpint(key->expires_ms, ==, made.id);
    g_assert_true(key->is_active);
    g_assert_true(key->is_tenant_active);
    g_assert_cmpint(key->person_state, ==, PERSON_NORMAL);
    g_assert_null(key->policy);
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(made.text[2], strlen(made.text[2]), hash);
    g_assert_cmpmem(hash, sizeof hash, key->token_hash, sizeof key->token_hash);
    key_row_free(key);
    change_result_done(&made);
    kit_free(kit);
}

static bool holds(struct kit *kit, const char *name, const char *text) {
    g_autofree char *path = g_build_filename(kit->dir, name, NULL);
    g_autofree char *bytes = NULL;
    size_t len = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void neither_secret_nor_token_is_in_the_files(void) {
    struct kit *kit = kit_new();
    struct change_result made = make_session(kit, 900, KIT_NOW_MS);
    g_assert_true(holds(kit, "state.db-wal", made.text[0]));
    g_assert_false(holds(kit, "state.db-wal", made.text[1]));
    g_assert_false(holds(kit, "state.db-wal", made.text[2]));
    change_result_done(&made);
    kit_free(kit);
}

static void only_a_permanent_key_of_the_caller_makes_one(void) {
    struct kit *kit = kit_new();
    kit_refuse(kit, session_change(&kit->admin, 899), FAULT_INVALID_FIELD, "900 to 43200");
    kit_refuse(kit, session_change(&kit->admin, 43201), FAULT_INVALID_FIELD, "900 to 43200");
    struct caller temporary = kit->admin;
    temporary.is_temporary = true;
    kit_refuse(kit, session_change(&temporary, 900), FAULT_NO_PERMISSION, "permanent");
    // With somebody else's key, or one that is gone.
    struct caller other = kit->user;
    (void)g_strlcpy(other.access_key_id, "admin-key", sizeof other.access_key_id);
    kit_refuse(kit, session_change(&other, 900), FAULT_KEY_STATE, "admin-key");
    kit_free(kit);
}

static void a_user_has_a_limited_number_and_ended_ones_do_not_count(void) {
    struct kit *kit = kit_new();
    char *first = NULL;
    for (int i = 0; i < SESSIONS_PER_USER_MAX; i++) {
        struct change_result made = make_session(kit, 900, KIT_NOW_MS);
        if (i == 0) {
            first = g_strdup(made.text[0]);
        }
        change_result_done(&made);
    }
    kit_refuse(kit, session_change(&kit->admin, 900), FAULT_LIMIT_EXCEEDED, "100 temporary keys");
    int64_t end_ms = (int64_t)KIT_NOW_MS + 900 * 1000;
    struct change_result made = make_session(kit, 900, end_ms);
    change_result_done(&made);
    struct key_row *key = find_key(kit, first); // its caller hears that it expired
    g_assert_nonnull(key);
    key_row_free(key);
    made = make_session(kit, 900, end_ms + HOUR_MS + 1);
    change_result_done(&made);
    g_assert_null(find_key(kit, first));
    g_free(first);
    kit_free(kit);
}

static void it_is_bound_to_the_key_that_made_it(void) {
    struct kit *kit = kit_new();
    g_autofree char *parent = give_key(kit, kit->admin.user_id);
    struct caller caller = kit->admin;
    (void)g_strlcpy(kit->admin.access_key_id, parent, sizeof kit->admin.access_key_id);
    struct change_result made = make_session(kit, 900, KIT_NOW_MS);
    kit->admin = caller;
    kit_apply(kit, key_change(&kit->admin, CHANGE_KEY_UPDATE, parent)); // flag: not active
    struct key_row *key = find_key(kit, made.text[0]);
    g_assert_true(key == NULL || !key->is_active);
    key_row_free(key);
    kit_apply(kit, key_change(&kit->admin, CHANGE_KEY_DELETE, parent));
    g_assert_null(find_key(kit, made.text[0]));
    change_result_done(&made);
    kit_free(kit);
}

static void a_key_comes_with_its_users_state_and_policy(void) {
    struct kit *kit = kit_new();
    int64_t user_id = register_user(kit, "700", ROLE_USER | ROLE_SECURITY_ADMIN);
    g_autofree char *id = give_key(kit, user_id);
    kit_apply(kit, policy_change(&kit->admin, user_id, LISTS));
    kit_apply(kit, key_change(&kit->admin, CHANGE_PERSON_DISABLE, "700"));
    struct key_row *key = find_key(kit, id);
    g_assert_true(key->is_active);
    g_assert_cmpint(key->person_state, ==, PERSON_DISABLED);
    g_assert_cmpstr(key->policy, ==, LISTS);
    g_assert_cmpuint(key->caller.roles, ==, ROLE_USER | ROLE_SECURITY_ADMIN);
    g_assert_false(key->caller.is_temporary);
    g_assert_false(key->caller.is_operator);
    key_row_free(key);
    kit_apply(kit, key_change(&kit->admin, CHANGE_PERSON_DELETE, "700"));
    key = find_key(kit, id);
    g_assert_true(key == NULL || key->person_state == PERSON_DELETED);
    key_row_free(key);
    kit_free(kit);
}

static void a_policy_is_put_replaced_and_removed(void) {
    struct kit *kit = kit_new();
    int64_t user_id = register_user(kit, "700", ROLE_USER);
    struct caller user = kit->user;
    user.user_id = user_id;
    g_assert_true(has_policy(kit, &user, 0, NULL));
    kit_apply(kit, policy_change(&kit->admin, user_id, LISTS));
    g_assert_true(has_policy(kit, &user, 0, LISTS));
    g_assert_true(has_policy(kit, &kit->admin, user_id, LISTS));
    g_assert_true(has_policy(kit, &kit->admin, 0, NULL));
    // What is refused leaves the old one.
    kit_refuse(kit, policy_change(&kit->admin, user_id, "{\"Version\":\"1\"}"), FAULT_INVALID_FIELD,
               "Statement");
    g_assert_true(has_policy(kit, &user, 0, LISTS));
    kit_apply(kit, policy_change(&kit->admin, user_id, LISTS " "));
    g_assert_true(has_policy(kit, &user, 0, LISTS " "));
    kit_apply(kit, policy_change(&kit->admin, user_id, ""));
    g_assert_true(has_policy(kit, &user, 0, NULL));
    kit_apply(kit, policy_change(&kit->admin, user_id, ""));
    kit_free(kit);
}

static void policies_are_put_by_other_administrators_of_the_tenant(void) {
    struct kit *kit = kit_new();
    int64_t user_id = register_user(kit, "700", ROLE_USER);
    int64_t boss_id = register_user(kit, "701", ROLE_ADMIN);
    struct caller boss = kit->admin;
    boss.user_id = boss_id;
    boss.roles = ROLE_ADMIN;
    boss.is_operator = false;
    struct caller dba = boss;
    dba.roles = ROLE_DBA;
    kit_refuse(kit, policy_change(&dba, user_id, LISTS), FAULT_NO_PERMISSION, "administrators");
    kit_refuse(kit, policy_change(&boss, boss_id, LISTS), FAULT_NO_PERMISSION, "own");
    kit_refuse(kit, policy_change(&kit->admin, kit->admin.user_id, ""), FAULT_NO_PERMISSION, "own");
    kit_refuse(kit, policy_change(&boss, kit->admin.user_id, LISTS), FAULT_NO_PERMISSION, "");
    kit_refuse(kit, policy_change(&kit->admin, 0, LISTS), FAULT_INVALID_FIELD, "UserId");
    kit_refuse(kit, policy_change(&kit->admin, 99999, LISTS), FAULT_USER_NOT_EXIST, "99999");
    // A foreign tenant's user is one that does not exist.
    kit_refuse(kit, policy_change(&kit->stranger, user_id, LISTS), FAULT_USER_NOT_EXIST, "no user");
    kit_apply(kit, policy_change(&boss, user_id, LISTS));
    kit_apply(kit, policy_change(&kit->admin, boss_id, LISTS));
    struct caller user = dba;
    user.user_id = user_id;
    user.roles = ROLE_USER;
    g_autoptr(GError) error = NULL;
    char *document = NULL;
    int64_t id = 0;
    g_assert_false(
        store_policy_get(store_as_reader(kit->store), &user, boss_id, &id, &document, &error));
    g_assert_true(fault_is(error, FAULT_NO_PERMISSION));
    g_clear_error(&error);
    g_assert_false(store_policy_get(store_as_reader(kit->store), &kit->stranger, user_id, &id,
                                    &document, &error));
    g_assert_true(fault_is(error, FAULT_USER_NOT_EXIST));
    kit_free(kit);
}

static void the_search_for_a_key_walks_over_no_table(void) {
    struct kit *kit = kit_new();
    struct change_result made = make_session(kit, 900, KIT_NOW_MS);
    struct store_reader *reader = NULL;
    g_assert_true(store_reader_open(kit->dir, &reader, NULL));
    store_reader_use_master(reader, kit->store);
    struct key_row *key = NULL;
    g_assert_true(store_key_find(reader, "admin-key", &key, NULL));
    key_row_free(key);
    g_assert_true(store_key_find(reader, made.text[0], &key, NULL));
    key_row_free(key);
    g_assert_cmpint(store_reader_scan_steps(reader), ==, 0);
    store_reader_close(reader);
    change_result_done(&made);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sessions/a_temporary_key_is_found_with_the_hash_of_its_token",
                    a_temporary_key_is_found_with_the_hash_of_its_token);
    g_test_add_func("/sessions/neither_secret_nor_token_is_in_the_files",
                    neither_secret_nor_token_is_in_the_files);
    g_test_add_func("/sessions/only_a_permanent_key_of_the_caller_makes_one",
                    only_a_permanent_key_of_the_caller_makes_one);
    g_test_add_func("/sessions/a_user_has_a_limited_number_and_ended_ones_do_not_count",
                    a_user_has_a_limited_number_and_ended_ones_do_not_count);
    g_test_add_func("/sessions/it_is_bound_to_the_key_that_made_it",
                    it_is_bound_to_the_key_that_made_it);
    g_test_add_func("/sessions/a_key_comes_with_its_users_state_and_policy",
                    a_key_comes_with_its_users_state_and_policy);
    g_test_add_func("/policies/a_policy_is_put_replaced_and_removed",
                    a_policy_is_put_replaced_and_removed);
    g_test_add_func("/policies/policies_are_put_by_other_administrators_of_the_tenant",
                    policies_are_put_by_other_administrators_of_the_tenant);
    g_test_add_func("/sessions/the_search_for_a_key_walks_over_no_table",
                    the_search_for_a_key_walks_over_no_table);
    return g_test_run();
}
